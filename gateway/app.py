"""Puts the gateway together: services, background work and the three HTTP applications."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from gateway import metrics
from gateway.ca.local import LocalCa
from gateway.clock import SystemClock
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
from gateway.store.ca import issuers
from gateway.usecases.acme.activity import ActivityLog
from gateway.usecases.acme.issuance_runner import IssuanceRunner
from gateway.usecases.acme.perspective import methods_of
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
from gateway.web import downloads, health

_LARGEST_BODY = 128 * 1024
_RESTART_SECONDS = 1.0
_RETRY_AFTER_SECONDS = "5"
_ANY_HOST = "pki.example.com"
_SANDBOX_CA_VALID = (
    datetime(2000, 1, 1, tzinfo=UTC),
    datetime(2099, 12, 31, 23, 59, 59, tzinfo=UTC),
)

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
    ca: LocalCa
    acme: Routes
    public: Site
    plain: Site
    metrics: Site


async def prepare(settings: Settings) -> None:
    """What must be right once before any process serves: schema, secrets, CA and its row.

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
        await issuers.register(pool, await load_ca(settings))
    finally:
        await pool.close()


@asynccontextmanager
async def open_gateway(settings: Settings) -> AsyncIterator[Gateway]:
    """The gateway with its background work running. The database may be away meanwhile."""
    _check(settings)
    async with AsyncExitStack() as stack:
        services, ca = await stack.enter_async_context(_services(settings))
        validator, runner = Validator(services), IssuanceRunner(services)
        activity, dnssec = ActivityLog(services), DnssecWatch(services)
        # What a sandbox issues names addresses of this machine, which are never in order.
        sampler = LintSampler(services, 0 if settings.sandbox else settings.ca.lint_sample)
        ca.on_issued = sampler.offer
        jobs = all_work(ca)
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
            ca,
            acme,
            public=_public_app(services, ca, jobs, acme, dnssec),
            plain=_plain_app(services, ca),
            metrics=_metrics_app(),
        )


async def check_profiles(settings: Settings) -> None:
    """Raises ConfigurationError when a profile gives certificates that are not in order.

    Where the URLs in them lead to does not matter: an internal name will do for an internal CA.
    """
    url = urlsplit(plain_url(settings))._replace(netloc=_ANY_HOST).geturl()
    await linting.check_profiles(await _local_ca(settings, url))


async def run_jobs(settings: Settings) -> None:
    """Only the background work that the queue carries, until cancelled; beside other processes."""
    _check(settings)
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
        await _close_pool(pool)


async def load_ca(settings: Settings) -> LocalCa:
    """The local CA, made on first use. Its own validity is real time, except in the sandbox."""
    return await _local_ca(settings, plain_url(settings))


async def _local_ca(settings: Settings, base_url: str) -> LocalCa:
    passphrase = None
    if settings.ca.passphrase_file is not None:
        passphrase = _read_passphrase(settings.ca.passphrase_file)
    return LocalCa.create_or_load(
        settings.ca.directory,
        await SystemClock().now(),
        passphrase=passphrase,
        base_url=base_url,
        crl_partitions=settings.ca.crl_partitions,
        valid=_SANDBOX_CA_VALID if settings.sandbox else None,
    )


def plain_url(settings: Settings) -> str:
    """Base of the CRL and AIA URLs written into certificates, without a trailing slash."""
    if settings.ca.crl_url is not None:
        return settings.ca.crl_url.rstrip("/")
    port = settings.listen.plain_http_port
    if port is None:
        raise ConfigurationError(
            "certificates need a CRL address: set listen.plain_http_port, or ca.crl_url"
        )
    host = urlsplit(settings.public_url).hostname or ""
    host = f"[{host}]" if ":" in host else host
    return f"http://{host}" if port == 80 else f"http://{host}:{port}"


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


def _read_passphrase(file: Path) -> bytes:
    try:
        return file.read_bytes().removesuffix(b"\n")
    except OSError as error:
        raise ConfigurationError(f"ca.passphrase_file cannot be read: {error.strerror}") from error


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
    ca: LocalCa,
    jobs: Work,
    acme: Routes,
    dnssec: DnssecWatch,
) -> Site:
    app = web.Application(middlewares=[_answer_faults], client_max_size=_LARGEST_BODY)
    health.add_routes(app, services, dnssec)
    downloads.add_routes(app, services, ca)
    endpoint.add_routes(app, services)
    products.add_routes(app, services)
    scm.add_routes(app, services)
    if services.settings.sandbox:
        clock_door.add_routes(app, services, jobs)
    return Site(app, unusual.serving(acme))


def _plain_app(services: Services, ca: LocalCa) -> Site:
    """CRLs and CA certificates; whatever else is asked for needs HTTPS (E6)."""

    async def refuse(request: web.Request) -> web.Response:
        answer = envelope.refusal(HttpsRequired())
        refusal.note(services, "plain", request, HttpsRequired(), envelope.told(answer))
        return answer

    app = web.Application(middlewares=[_answer_faults], client_max_size=_LARGEST_BODY)
    downloads.add_routes(app, services, ca)
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
