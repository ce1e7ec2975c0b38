"""Serves the applications on their sockets: which on which, with which TLS, and until when."""

import asyncio
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from aiohttp import web

from gateway.app import Gateway
from gateway.config import Listen
from gateway.process import descriptors
from gateway.process.background import background
from gateway.process.place import GRACE_SECONDS
from gateway.process.tls import load_certificate, tls_context
from gateway.web.front.acceptor import Acceptor
from gateway.web.front.access_log import AccessLog
from gateway.web.front.aiohttp_connections import AiohttpConnections
from gateway.web.front.before_routing import before_routing, first_parts
from gateway.web.front.connection import Front
from gateway.web.front.fault_log import FAULT_LOG
from gateway.web.front.turn import Slot, Turn
from gateway.web.site import Site

_KEEP_ALIVE_SECONDS = 75.0
_SHARE_OF_SIDE_DOORS = 8
"""The plain-HTTP and the metrics listener each get one part in so many of all connections."""


@asynccontextmanager
async def serving(
    gateway: Gateway, sockets: Mapping[str, socket.socket], slot: Slot | None = None
) -> AsyncIterator["Serving"]:
    """Serves the applications; the keys of `sockets` are field names of Listen.

    At the end of the block no new connection is accepted, and requests under way are answered.
    """
    listen = gateway.services.settings.listen
    tls = tls_context(listen)
    async with AsyncExitStack() as stack:
        most = descriptors.divided().connections
        beside = -(-most // _SHARE_OF_SIDE_DOORS)
        for site, field in ((gateway.metrics, "metrics_port"), (gateway.plain, "plain_http_port")):
            if field in sockets:
                most -= beside
                await stack.enter_async_context(_served(site, sockets[field], beside))
        most = max(most, 1)
        await stack.enter_async_context(_public(gateway, sockets["port"], tls, slot, most))
        yield Serving(listen, tls)


class Serving:
    """A running server, with what can be changed while connections are open."""

    def __init__(self, listen: Listen, tls: ssl.SSLContext | None) -> None:
        self._listen = listen
        self._tls = tls

    def reload_certificate(self) -> None:
        """Reads the certificate files again, for new connections."""
        if self._tls is not None:
            load_certificate(self._tls, self._listen)


@asynccontextmanager
async def _served(site: Site, listening: socket.socket, most: int) -> AsyncIterator[None]:
    async with (
        _running(site) as aiohttp_connections,
        _entered(Acceptor(aiohttp_connections, listening, None, most)),
    ):
        yield


@asynccontextmanager
async def _public(
    gateway: Gateway,
    listening: socket.socket,
    tls: ssl.SSLContext | None,
    slot: Slot | None,
    most: int,
) -> AsyncIterator[None]:
    """Serves the public port: the front answers ACME requests, aiohttp all others."""
    spread = gateway.services.settings.listen.spread
    async with _running(gateway.public) as aiohttp_connections:
        others = first_parts(gateway.public.app)
        front = Front(gateway.acme.answer, others, aiohttp_connections, _KEEP_ALIVE_SECONDS)
        turn = None if slot is None else Turn(slot, front, spread=spread)
        acceptor = Acceptor(front, listening, tls, most, turn, spread=spread)
        async with background("connections", front.look_after):
            try:
                async with _entered(acceptor):
                    yield
            finally:
                await front.close(GRACE_SECONDS)


@asynccontextmanager
async def _entered(acceptor: Acceptor) -> AsyncIterator[None]:
    async with background("acceptor", acceptor.look_after):
        await asyncio.sleep(0)  # now the socket listens
        try:
            yield
        finally:
            await acceptor.close()


@asynccontextmanager
async def _running(site: Site) -> AsyncIterator[AiohttpConnections]:
    runner = web.AppRunner(
        site.app,
        access_log_class=AccessLog,
        access_log=logging.getLogger("gateway.access"),
        logger=FAULT_LOG,
        keepalive_timeout=_KEEP_ALIVE_SECONDS,
        shutdown_timeout=GRACE_SECONDS,
    )
    await runner.setup()
    server = runner.server
    assert server is not None
    server.request_handler = before_routing(
        server.request_handler, first_parts(site.app), site.elsewhere
    )
    aiohttp_connections = AiohttpConnections(server)
    try:
        async with background("newcomers", aiohttp_connections.look_after):
            yield aiohttp_connections
    finally:
        await runner.cleanup()
