"""Puts the gateway together: services, background work and the three HTTP applications."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler
from msgspec.structs import replace

from gateway import metrics
from gateway.ca.addresses import plain_url
from gateway.ca.issuers import open_issuers
from gateway.config import Settings
from gateway.db.migrate import require_current_schema
from gateway.db.pool import Pool, is_outage, open_pool, transaction
from gateway.doors.acme import unusual
from gateway.doors.acme.door import open_door
from gateway.doors.acme.routes import Routes
from gateway.doors.jobs.registry import all_work
from gateway.doors.jobs.runner import JobRunner
from gateway.doors.jobs.work import Work
from gateway.doors.reseller import endpoint, envelope, refusal
from gateway.doors.sitelock import endpoint as products
from gateway.doors.ssl import routes as scm
from gateway.errors import ConfigurationError, HttpsRequired
from gateway.logging import describe
from gateway.sandbox import clock_door
from gateway.sandbox.clock import choose_clock
from gateway.services import Services
from gateway.usecases.acme.activity import ActivityLog
from gateway.usecases.acme.issuance_runner import IssuanceRunner
from gateway.usecases.acme.perspective import methods_of
from gateway.usecases.acme.validation import Validator
from gateway.usecases.ca import issuers, linting
from gateway.usecases.ca.linting import LintSampler, lint_before_signing
from gateway.usecases.notice.delivery import NoticeRunner
from gateway.usecases.notice.notices import keep_making
from gateway.usecases.operation import stored_secrets
from gateway.usecases.operation.dnssec_watch import DnssecWatch
from gateway.usecases.ssl.runner import CertificateOrderRunner
from gateway.validation.dns import DnsResolver, FixedResolver, Resolver
from gateway.vault import Vault
from gateway.web import downloads, health

_LARGEST_BODY = 128 * 1024
_RESTART_SECONDS = 1.0
_RETRY_AFTER_SECONDS = "5"
_ANY_HOST = "pki.example.com"
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Site:
    """An application, and who answers what it has no path for."""

    app: web.Application
    elsewhere: Handler


@dataclass(frozen=True, slots=True)
class Gateway:
    """One process's gateway; its applications are not served yet."""

    services: Services
    acme: Routes
    public: Site
    plain: Site
    metrics: Site


async def prepare(settings: Settings) -> None:
    """What must be right once before any process serves: schema, secrets, issuers and their rows.

    Raises OperatorMistake when the schema is older than the program, ConfigurationError when the
    settings contradict each other or do not open what is stored, and what `open_pool` raises.
    """
    _check(settings)
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
        await issuers.register(pool, await open_issuers(settings), settings)
    finally:
        await pool.close()


@asynccontextmanager
async def open_gateway(settings: Settings) -> AsyncIterator[Gateway]:
    """The gateway with its background work running. The database may be away meanwhile."""
    _check(settings)
    async with AsyncExitStack() as stack:
        services = await stack.enter_async_context(_services(settings))
        validator, runner = Validator(services), IssuanceRunner(services)
        activity, dnssec = ActivityLog(services), DnssecWatch(services)
        # What a sandbox issues names addresses of this machine, which are never in order.
        sampler = LintSampler(services, 0 if settings.sandbox else settings.ca.lint_sample)
        sampler.listen(services.issuers)
        jobs = all_work()
        stack.push_async_callback(_last_flush, activity.flush)
        stack.push_async_callback(_last_flush, services.refusals.flush)
        stack.push_async_callback(validator.close)
        stack.push_async_callback(runner.close)
        notices = NoticeRunner(services)
        door = open_door(services, validator, runner, activity)
        stack.push_async_callback(notices.close)
        for name, work in (
            ("servers", door.servers.follow),
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
        acme = Routes(door)
        yield Gateway(
            services,
            acme,
            public=_public_app(services, jobs, acme, dnssec),
            plain=_plain_app(services),
            metrics=_metrics_app(),
        )


async def check_profiles(settings: Settings) -> None:
    """Raises ConfigurationError when a profile gives certificates that are not in order.

    Where the URLs in them lead to does not matter: an internal name will do for an internal CA.
    """
    url = urlsplit(plain_url(settings))._replace(netloc=_ANY_HOST).geturl()
    elsewhere = replace(settings.ca, crl_url=url)
    opened = await open_issuers(replace(settings, ca=elsewhere))
    await linting.check_profiles(*opened)


async def run_jobs(settings: Settings) -> None:
    """Only the background work that the queue carries, until cancelled; beside other processes."""
    _check(settings)
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
            vault=_vault(settings),
            issuers=await open_issuers(settings),
            resolver=_resolver(settings),
        )
        if not settings.ca.lint_every_certificate:
            yield services
            return
        async with lint_before_signing(services):
            yield services
    finally:
        await _close_pool(pool)


def _check(settings: Settings) -> None:
    methods_of(settings)
    if settings.sandbox:
        return
    if settings.validation.resolve_to is not None:
        raise ConfigurationError("validation.resolve_to is for the sandbox only; remove it")
    if settings.validation.allow_private_addresses:
        raise ConfigurationError(
            "validation.allow_private_addresses is for the sandbox only; remove it"
        )


def _vault(settings: Settings) -> Vault:
    return Vault([key.get_secret_value() for key in settings.secrets.keys])


def _resolver(settings: Settings) -> Resolver:
    if settings.validation.resolve_to is not None:
        return FixedResolver(settings.validation.resolve_to)
    # So that a look-up ends, and is known to be at fault, before the attempt that needs it.
    chosen = settings.validation
    return DnsResolver(chosen.resolvers, chosen.timeout_seconds / 2, chosen.probed_zone)


async def _last_flush(flush: Callable[[], Awaitable[None]]) -> None:
    with suppress(Exception):  # a convenience, not worth holding a stop up for
        async with asyncio.timeout(2):
            await flush()


async def _close_pool(pool: Pool) -> None:
    try:
        async with asyncio.timeout(5):
            await pool.close()
    except TimeoutError:
        pool.terminate()


@asynccontextmanager
async def background(name: str, work: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """`work` runs until the block ends; a fault of it is logged, and it starts again."""

    async def keep_running() -> None:
        while True:
            try:
                return await work()
            except Exception as error:
                if is_outage(error):
                    _log.warning("background.database_away", work=name, error=type(error).__name__)
                else:
                    _log.error("background.failed", work=name, **describe(error))
                await asyncio.sleep(_RESTART_SECONDS)

    task = asyncio.create_task(keep_running(), name=name)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _public_app(
    services: Services,
    jobs: Work,
    acme: Routes,
    dnssec: DnssecWatch,
) -> Site:
    app = web.Application(middlewares=[_answer_faults], client_max_size=_LARGEST_BODY)
    health.add_routes(app, services, dnssec)
    downloads.add_routes(app, services)
    endpoint.add_routes(app, services)
    products.add_routes(app, services)
    scm.add_routes(app, services)
    if services.settings.sandbox:
        clock_door.add_routes(app, services, jobs)
    return Site(app, unusual.serving(acme))


def _plain_app(services: Services) -> Site:
    """CRLs and CA certificates; whatever else is asked for needs HTTPS (E6)."""

    async def refuse(request: web.Request) -> web.Response:
        answer = envelope.refusal(HttpsRequired())
        refusal.note(services, "plain", request, HttpsRequired(), envelope.told(answer))
        return answer

    app = web.Application(middlewares=[_answer_faults], client_max_size=_LARGEST_BODY)
    downloads.add_routes(app, services)
    products.add_refusals(app, services)
    scm.add_refusals(app, services)
    app.router.add_route("*", "/{anything:(?s:.*)}", refuse)
    return Site(app, refuse)


def _metrics_app() -> Site:
    async def expose(request: web.Request) -> web.Response:
        return web.Response(
            body=metrics.exposition(),
            headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"},
        )

    async def nowhere(request: web.Request) -> web.Response:
        raise web.HTTPNotFound

    app = web.Application(middlewares=[_answer_faults])
    app.router.add_get("/metrics", expose)
    return Site(app, nowhere)


@web.middleware
async def _answer_faults(request: web.Request, handler: Handler) -> web.StreamResponse:
    """No exception reaches a client: an outage is a 503 worth a retry, the rest a bare 500."""
    try:
        return await handler(request)
    except web.HTTPNotFound:
        return _fault(404, "there is no such resource here")
    except web.HTTPMethodNotAllowed as refused:
        allow = refused.headers["Allow"]
        return _fault(405, f"this resource has the methods {allow} only", {"Allow": allow})
    except Exception as error:
        if is_outage(error):
            _log.warning("http.database_away", error=type(error).__name__)
            wait = {"Retry-After": _RETRY_AFTER_SECONDS}
        return _fault(503, "the database is away, please try again", wait)
        _log.error("http.failed", path=request.rel_url.raw_path, **describe(error))
        return _fault(500, "an internal error occurred")


def _fault(status: int, detail: str, headers: Mapping[str, str] | None = None) -> web.Response:
    """RFC 9457."""
    problem = {"type": "about:blank", "status": status, "detail": detail}
    return web.json_response(
        problem, status=status, headers=headers, content_type="application/problem+json"
    )
