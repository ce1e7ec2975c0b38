"""Puts the gateway together: services, background work, and what each listener serves."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from urllib.parse import urlsplit

from gateway.ca.key_store import read_passphrase
from gateway.ca.local import LocalCa
from gateway.ca.urls import plain_url
from gateway.clock import SystemClock
from gateway.config import Settings
from gateway.db.migrate import require_current_schema
from gateway.db.pool import close_pool, open_pool, transaction
from gateway.doors import open_doors
from gateway.doors.acme import unusual
from gateway.doors.acme.door import open_door
from gateway.doors.acme.routes import Routes
from gateway.doors.jobs.registry import all_work
from gateway.doors.jobs.runner import JobRunner
from gateway.doors.jobs.work import Work
from gateway.process.background import at_the_end, background
from gateway.sandbox import clock_door
from gateway.sandbox.clock import choose_clock
from gateway.services import Services
from gateway.store.ca import issuers
from gateway.usecases.acme.activity import ActivityLog
from gateway.usecases.acme.issuance_runner import IssuanceRunner
from gateway.usecases.acme.perspective import check_validation
from gateway.usecases.acme.validation import Validator
from gateway.usecases.ca import linting
from gateway.usecases.ca.linting import LintedIssuer, LintSampler
from gateway.usecases.notice.delivery import NoticeRunner
from gateway.usecases.notice.notices import keep_making
from gateway.usecases.operation import stored_secrets
from gateway.usecases.operation.dnssec_watch import DnssecWatch
from gateway.usecases.ssl.runner import CertificateOrderRunner
from gateway.validation.dns import DnsResolver, FixedResolver, Resolver
from gateway.vault import Vault
from gateway.web import door, downloads, health, metrics
from gateway.web.door import Door
from gateway.web.site import Site, new_app

_ANY_HOST = "pki.example.com"
_SANDBOX_CA_VALID = (
    datetime(2000, 1, 1, tzinfo=UTC),
    datetime(2099, 12, 31, 23, 59, 59, tzinfo=UTC),
)


@dataclass(frozen=True, slots=True)
class Gateway:
    """One process's gateway; its applications are not served yet."""

    services: Services
    ca: LocalCa
    acme: Routes
    doors: Mapping[str, Door]
    """The HTTP doors beside ACME's, by folder."""
    public: Site
    plain: Site
    metrics: Site


async def prepare(settings: Settings) -> None:
    """What must be right once before any process serves: schema, secrets, CA and its row.

    Raises OperatorMistake when the schema is older than the program, ConfigurationError when the
    settings contradict each other or do not open what is stored, and what `open_pool` raises.
    """
    check_validation(settings)
    # What these refuse is told here once, and not by every worker.
    vault = _vault(settings)
    _resolver(settings)
    pool = await open_pool(settings.database, min_size=1)
    try:
        async with pool.acquire() as connection:
            await require_current_schema(connection)
        async with transaction(pool) as connection:
            now = await choose_clock(settings, pool).now()
            await stored_secrets.check(connection, vault, now)
        await issuers.register(pool, await load_ca(settings))
    finally:
        await pool.close()


@asynccontextmanager
async def open_gateway(settings: Settings) -> AsyncIterator[Gateway]:
    """The gateway with its background work running. The database may be away meanwhile."""
    check_validation(settings)
    async with AsyncExitStack() as stack:
        services, ca = await stack.enter_async_context(_services(settings))
        validator, runner = Validator(services), IssuanceRunner(services)
        activity, dnssec = ActivityLog(services), DnssecWatch(services)
        # What a sandbox issues names addresses of this machine, which are never in order.
        sampler = LintSampler(services, 0 if settings.sandbox else settings.ca.lint_sample)
        ca.on_issued = sampler.offer
        jobs = all_work(ca)
        stack.push_async_callback(at_the_end, activity.flush)
        stack.push_async_callback(at_the_end, services.refusals.flush)
        stack.push_async_callback(validator.close)
        stack.push_async_callback(runner.close)
        notices = NoticeRunner(services)
        stack.push_async_callback(notices.close)
        for name, work in (
            ("validator", validator.run_forever),
            ("issuance", runner.run_forever),
            ("certificate_orders", CertificateOrderRunner(services).run_forever),
            ("activity", activity.run_forever),
            ("refusals", services.refusals.run_forever),
            ("dnssec", dnssec.run_forever),
            ("lint", sampler.run_forever),
            ("jobs", JobRunner(services, jobs).run_forever),
            ("notices", partial(keep_making, services)),
            ("notice_delivery", notices.run_forever),
        ):
            await stack.enter_async_context(background(name, work))
        acme = Routes(open_door(services, validator, runner, activity))
        doors = open_doors(services)
        yield Gateway(
            services,
            ca,
            acme,
            doors=doors,
            public=_public_site(services, ca, jobs, doors, acme, dnssec),
            plain=_plain_site(services, ca, doors),
            metrics=metrics.site(),
        )


async def check_profiles(settings: Settings) -> None:
    """Raises ConfigurationError when a profile gives certificates that are not in order.

    Where the URLs in them lead to does not matter: an internal name will do for an internal CA.
    """
    url = urlsplit(plain_url(settings))._replace(netloc=_ANY_HOST).geturl()
    await linting.check_profiles(await _local_ca(settings, url))


async def run_jobs(settings: Settings) -> None:
    """Only the background work that the queue carries, until cancelled; beside other processes."""
    check_validation(settings)
    async with (
        _services(settings) as (services, ca),
        background("jobs", JobRunner(services, all_work(ca)).run_forever),
    ):
        await asyncio.Event().wait()


@asynccontextmanager
async def _services(settings: Settings) -> AsyncIterator[tuple[Services, LocalCa]]:
    pool = await open_pool(settings.database, min_size=0)
    try:
        ca = await load_ca(settings)
        services = Services(
            settings=settings,
            pool=pool,
            clock=choose_clock(settings, pool),
            vault=_vault(settings),
            issuer=ca,
            resolver=_resolver(settings),
        )
        if not settings.ca.lint_every_certificate:
            yield services, ca
            return
        issuer = LintedIssuer(ca, services)
        try:
            yield replace(services, issuer=issuer), ca
        finally:
            await issuer.close()
    finally:
        await close_pool(pool)


async def load_ca(settings: Settings) -> LocalCa:
    """The local CA, made on first use. Its own validity is real time, except in the sandbox."""
    return await _local_ca(settings, plain_url(settings))


async def _local_ca(settings: Settings, base_url: str) -> LocalCa:
    passphrase = None
    if settings.ca.passphrase_file is not None:
        passphrase = read_passphrase(settings.ca.passphrase_file)
    return LocalCa.create_or_load(
        settings.ca.directory,
        await SystemClock().now(),
        passphrase=passphrase,
        base_url=base_url,
        crl_partitions=settings.ca.crl_partitions,
        valid=_SANDBOX_CA_VALID if settings.sandbox else None,
    )


def _vault(settings: Settings) -> Vault:
    return Vault([key.get_secret_value() for key in settings.secrets.keys])


def _resolver(settings: Settings) -> Resolver:
    if settings.validation.resolve_to is not None:
        return FixedResolver(settings.validation.resolve_to)
    # So that a look-up ends, and is known to be at fault, before the attempt that needs it.
    chosen = settings.validation
    return DnsResolver(chosen.resolvers, chosen.timeout_seconds / 2, chosen.probed_zone)


def _public_site(
    services: Services,
    ca: LocalCa,
    jobs: Work,
    doors: Mapping[str, Door],
    acme: Routes,
    dnssec: DnssecWatch,
) -> Site:
    app = new_app()
    health.add_routes(app, services, dnssec)
    downloads.add_routes(app, services, ca)
    for each in doors.values():
        door.add_routes(app, services, each)
    if services.settings.sandbox:
        clock_door.add_routes(app, services, jobs)
    return Site(app, unusual.serving(acme))


def _plain_site(services: Services, ca: LocalCa, doors: Mapping[str, Door]) -> Site:
    """CRLs and CA certificates; whatever else is asked for needs HTTPS (E6)."""
    app = new_app()
    downloads.add_routes(app, services, ca)
    for each in doors.values():
        door.add_refusals(app, services, each)
    actions = doors["reseller"]
    refuse = door.refusing(services, actions, actions.routes[0])
    app.router.add_route("*", "/{anything:(?s:.*)}", refuse)
    return Site(app, refuse)
