"""Assembles the gateway: services, background work, and the sites of the listeners."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from gateway.ca.issuers import open_issuers
from gateway.config import Settings
from gateway.db.pool import close_pool, open_pool
from gateway.doors import open_doors
from gateway.doors.acme import unusual
from gateway.doors.acme.door import open_door
from gateway.doors.acme.routes import Routes
from gateway.doors.jobs.registry import all_work
from gateway.doors.jobs.runner import JobRunner
from gateway.doors.jobs.work import BackgroundWork
from gateway.process.background import at_the_end, background
from gateway.process.preparation import resolver_of, vault_of
from gateway.sandbox import clock_door
from gateway.sandbox.clock import choose_clock
from gateway.services import Services
from gateway.usecases.acme.activity import ActivityLog
from gateway.usecases.acme.issuance_runner import IssuanceRunner
from gateway.usecases.acme.perspective import check_validation
from gateway.usecases.acme.validation import Validator
from gateway.usecases.ca.linting import LintSampler, lint_before_signing
from gateway.usecases.notice.delivery import NoticeRunner
from gateway.usecases.notice.notices import keep_making
from gateway.usecases.operation.dnssec_watch import DnssecWatch
from gateway.usecases.ssl.runner import SslOrderRunner
from gateway.web import downloads, health, metrics, serving
from gateway.web.door import Door
from gateway.web.site import Site, new_app


@dataclass(frozen=True, slots=True)
class Gateway:
    """The gateway of one process; its applications are not served yet."""

    services: Services
    acme: Routes
    doors: Mapping[str, Door]
    """The HTTP doors beside ACME's, by folder."""
    public: Site
    plain: Site
    metrics: Site


@asynccontextmanager
async def open_gateway(settings: Settings) -> AsyncIterator[Gateway]:
    """Opens the gateway with its background work. The database may be unavailable meanwhile."""
    check_validation(settings)
    async with AsyncExitStack() as stack:
        services = await stack.enter_async_context(_services(settings))
        validator, runner = Validator(services), IssuanceRunner(services)
        activity, dnssec = ActivityLog(services), DnssecWatch(services)
        # Certificates of a sandbox contain addresses of this machine, which linting never accepts.
        sampler = LintSampler(services, 0 if settings.sandbox else settings.ca.lint_sample)
        sampler.listen(services.issuers)
        jobs = all_work()
        stack.push_async_callback(at_the_end, activity.flush)
        stack.push_async_callback(at_the_end, services.refusals.flush)
        stack.push_async_callback(validator.close)
        stack.push_async_callback(runner.close)
        notices = NoticeRunner(services)
        acme_door = open_door(services, validator, runner, activity)
        stack.push_async_callback(notices.close)
        for name, work in (
            ("servers", acme_door.servers.follow),
            ("validator", validator.run_forever),
            ("issuance", runner.run_forever),
            ("ssl_orders", SslOrderRunner(services).run_forever),
            ("activity", activity.run_forever),
            ("refusals", services.refusals.run_forever),
            ("dnssec", dnssec.run_forever),
            ("lint", sampler.run_forever),
            ("jobs", JobRunner(services, jobs).run_forever),
            ("notices", partial(keep_making, services)),
            ("notice_delivery", notices.run_forever),
        ):
            await stack.enter_async_context(background(name, work))
        acme = Routes(acme_door)
        doors = open_doors(services)
        yield Gateway(
            services,
            acme,
            doors=doors,
            public=_public_site(services, jobs, doors, acme, dnssec),
            plain=_plain_site(services, doors),
            metrics=metrics.site(),
        )


async def run_jobs(settings: Settings) -> None:
    """Runs only the background work of the queue, until cancelled; beside other processes."""
    check_validation(settings)
    async with (
        _services(settings) as services,
        background("jobs", JobRunner(services, all_work()).run_forever),
    ):
        await asyncio.Event().wait()


@asynccontextmanager
async def _services(settings: Settings) -> AsyncIterator[Services]:
    pool = await open_pool(settings.database, min_size=0)
    try:
        services = Services(
            settings=settings,
            pool=pool,
            clock=choose_clock(settings, pool),
            vault=vault_of(settings),
            issuers=await open_issuers(settings),
            resolver=resolver_of(settings),
        )
        if not settings.ca.lint_every_certificate:
            yield services
            return
        async with lint_before_signing(services):
            yield services
    finally:
        await close_pool(pool)


def _public_site(
    services: Services,
    jobs: BackgroundWork,
    doors: Mapping[str, Door],
    acme: Routes,
    dnssec: DnssecWatch,
) -> Site:
    app = new_app()
    health.add_routes(app, services, dnssec)
    downloads.add_routes(app, services)
    for each in doors.values():
        serving.add_routes(app, services, each)
    if services.settings.sandbox:
        clock_door.add_routes(app, services, jobs)
    return Site(app, unusual.serving(acme))


def _plain_site(services: Services, doors: Mapping[str, Door]) -> Site:
    """The site for CRLs and CA certificates; other paths are refused, as they need HTTPS (E6)."""
    app = new_app()
    downloads.add_routes(app, services)
    for each in doors.values():
        serving.add_refusals(app, services, each)
    actions = doors["reseller"]
    refuse = serving.refusing(services, actions, actions.routes[0])
    app.router.add_route("*", "/{anything:(?s:.*)}", refuse)
    return Site(app, refuse)
