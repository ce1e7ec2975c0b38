"""Sockets: which ports, which TLS, and how connections end."""

import asyncio
import errno
import logging
import socket
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

from aiohttp import web

from gateway.app import Gateway
from gateway.config import Listen
from gateway.errors import ConfigurationError, OperatorMistake
from gateway.front.access_log import AccessLog
from gateway.front.connection import Front

GRACE_SECONDS = 30.0
"""How long a stopping process waits for requests that it has begun to answer."""

_KEEP_ALIVE_SECONDS = 75.0
_BACKLOG = 1024
_DYING_SECONDS = 2.0


@contextmanager
def reserved_ports(listen: Listen) -> Iterator[Listen]:
    """`listen` with every port 0 replaced by a free one, which stays ours until the block ends.

    The sockets are bound with SO_REUSEPORT and never listen, so that any number of processes of
    this user can serve the ports meanwhile. Raises OperatorMistake when a port is taken.
    """
    bound: list[socket.socket] = []
    try:
        ports: dict[str, int] = {}
        for field, host in (
            ("port", listen.host),
            ("plain_http_port", listen.host),
            ("metrics_port", listen.metrics_host),
        ):
            wanted = getattr(listen, field)
            if wanted is not None:
                bound.append(_bind(host, wanted, field))
                ports[field] = bound[-1].getsockname()[1]
        yield listen.model_copy(update=ports)
    finally:
        for each in bound:
            each.close()


@asynccontextmanager
async def serving(gateway: Gateway) -> AsyncIterator["Serving"]:
    """Serves the three applications on their ports, which must not be 0 any more.

    At the end of the block no new connection is taken, and requests under way are answered.
    """
    listen = gateway.services.settings.listen
    tls = tls_context(listen)
    async with AsyncExitStack() as stack:
        for app, host, port in (
            (gateway.metrics, listen.metrics_host, listen.metrics_port),
            (gateway.plain, listen.host, listen.plain_http_port),
        ):
            if port is not None:
                await stack.enter_async_context(_served(app, host, port))
        await stack.enter_async_context(_public(gateway, listen, tls))
        yield Serving(listen, tls)


class Serving:
    """What can be changed while connections are open."""

    def __init__(self, listen: Listen, tls: ssl.SSLContext | None) -> None:
        self._listen = listen
        self._tls = tls

    def reload_certificate(self) -> None:
        """New connections get the certificate that is in the files now."""
        if self._tls is not None:
            _load_certificate(self._tls, self._listen)


def tls_context(listen: Listen) -> ssl.SSLContext | None:
    """None behind a proxy that ends TLS; raises ConfigurationError when there is none either."""
    if listen.tls_certificate is None or listen.tls_key is None:
        if listen.trusted_proxies:
            return None
        raise ConfigurationError(
            "set listen.tls_certificate and listen.tls_key,"
            " or listen.trusted_proxies if a proxy in front ends TLS"
        )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    _load_certificate(context, listen)
    return context


def _load_certificate(context: ssl.SSLContext, listen: Listen) -> None:
    assert listen.tls_certificate is not None
    try:
        context.load_cert_chain(listen.tls_certificate, listen.tls_key)
    except OSError as error:  # ssl.SSLError is one
        raise ConfigurationError(
            f"listen.tls_certificate {listen.tls_certificate} and listen.tls_key"
            f" {listen.tls_key} cannot be used: {error.strerror or error}"
        ) from error


@asynccontextmanager
async def _served(app: web.Application, host: str, port: int) -> AsyncIterator[None]:
    async with _running(app) as runner:
        await web.TCPSite(runner, host, port, reuse_port=True, backlog=_BACKLOG).start()
        yield


@asynccontextmanager
async def _public(
    gateway: Gateway, listen: Listen, tls: ssl.SSLContext | None
) -> AsyncIterator[None]:
    """ACME clients are answered by the front, all others by the application."""
    async with _running(gateway.public) as runner:
        assert runner.server is not None
        others = _first_parts(gateway.public)
        front = Front(gateway.acme.answer, others, runner.server, _KEEP_ALIVE_SECONDS)
        server = await asyncio.get_running_loop().create_server(
            front, listen.host, listen.port, ssl=tls, reuse_port=True, backlog=_BACKLOG
        )
        watch = asyncio.create_task(front.look_after())
        try:
            yield
        finally:
            watch.cancel()
            server.close()
            await front.close(GRACE_SECONDS)


@asynccontextmanager
async def _running(app: web.Application) -> AsyncIterator[web.AppRunner]:
    runner = web.AppRunner(
        app,
        access_log_class=AccessLog,
        access_log=logging.getLogger("gateway.access"),
        keepalive_timeout=_KEEP_ALIVE_SECONDS,
        shutdown_timeout=GRACE_SECONDS,
    )
    await runner.setup()
    try:
        yield runner
    finally:
        await runner.cleanup()


def _first_parts(app: web.Application) -> frozenset[str]:
    """Of the paths of all doors but the ACME servers', which have none of their own."""
    paths = [resource.canonical for resource in app.router.resources()]
    return frozenset(path.split("/")[1] for path in paths if not path.startswith("/{"))


def _bind(host: str, port: int, field: str) -> socket.socket:
    """Waits a moment for a port that a dying process of ours still holds."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    deadline = time.monotonic() + _DYING_SECONDS
    while True:
        try:
            _refuse_sharing(host, port, family)
            return _shareable(host, port, family)
        except OSError as error:
            if error.errno == errno.EADDRINUSE and time.monotonic() < deadline:
                time.sleep(0.1)
                continue
            raise OperatorMistake(
                f"listen.{field}: cannot use {host}:{port}: {error.strerror}"
            ) from error


def _refuse_sharing(host: str, port: int, family: socket.AddressFamily) -> None:
    """SO_REUSEPORT alone would silently share the port with another gateway of this user."""
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        probe.listen()


def _shareable(host: str, port: int, family: socket.AddressFamily) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        # For connections of a former server that linger. A free port has none, and would with it
        # be taken by whoever asks for that very port before we listen.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, port != 0)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound
