"""What is served where, with which TLS, and how connections end."""

import asyncio
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from aiohttp import web

from gateway.app import Gateway, background
from gateway.config import Listen
from gateway.errors import ConfigurationError
from gateway.front.access_log import AccessLog
from gateway.front.connection import Front
from gateway.front.entrance import BACKLOG, Entrance, Seat

GRACE_SECONDS = 30.0
"""How long a stopping process waits for requests that it has begun to answer."""

_KEEP_ALIVE_SECONDS = 75.0


@asynccontextmanager
async def serving(
    gateway: Gateway, sockets: Mapping[str, socket.socket], seat: Seat | None = None
) -> AsyncIterator["Serving"]:
    """Serves the applications on their sockets, which go by the fields of Listen.

    At the end of the block no new connection is taken, and requests under way are answered.
    """
    listen = gateway.services.settings.listen
    tls = tls_context(listen)
    async with AsyncExitStack() as stack:
        for app, field in ((gateway.metrics, "metrics_port"), (gateway.plain, "plain_http_port")):
            if field in sockets:
                await stack.enter_async_context(_served(app, sockets[field]))
        await stack.enter_async_context(_public(gateway, sockets["port"], tls, seat))
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
async def _served(app: web.Application, listening: socket.socket) -> AsyncIterator[None]:
    async with _running(app) as runner:
        await web.SockSite(runner, listening, backlog=BACKLOG).start()
        yield


@asynccontextmanager
async def _public(
    gateway: Gateway, listening: socket.socket, tls: ssl.SSLContext | None, seat: Seat | None
) -> AsyncIterator[None]:
    """ACME clients are answered by the front, all others by the application."""
    spread = gateway.services.settings.listen.spread
    async with _running(gateway.public) as runner:
        assert runner.server is not None
        others = _first_parts(gateway.public)
        front = Front(gateway.acme.answer, others, runner.server, _KEEP_ALIVE_SECONDS)
        entrance = Entrance(front, listening, tls, seat, spread=spread)
        async with (
            background("connections", front.look_after),
            background("entrance", entrance.look_after),
        ):
            await asyncio.sleep(0)  # now the socket listens
            try:
                yield
            finally:
                await entrance.close()
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
