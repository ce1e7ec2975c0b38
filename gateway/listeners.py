"""Sockets: which ports, which TLS, and how connections end."""

import logging
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

from aiohttp import web

from gateway.app import Gateway
from gateway.config import Listen
from gateway.errors import ConfigurationError, OperatorMistake
from gateway.logging import AccessLog

GRACE_SECONDS = 30.0
"""How long a stopping process waits for requests that it has begun to answer."""

_KEEP_ALIVE_SECONDS = 75.0
_BACKLOG = 1024


@contextmanager
def reserved_ports(listen: Listen) -> Iterator[Listen]:
    """`listen` with every port 0 replaced by a free one, which stays ours until the block ends.

    The sockets are bound with SO_REUSEPORT and never listen, so that any number of processes of
    this user can serve the ports meanwhile. Raises OperatorMistake when a port is taken.
    """
    bound: list[socket.socket] = []
    try:
        ports: dict[str, int] = {}
        for field in ("port", "plain_http_port", "metrics_port"):
            wanted = getattr(listen, field)
            if wanted is not None:
                bound.append(_bind(listen.host, wanted, field))
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
        for app, port, context in (
            (gateway.metrics, listen.metrics_port, None),
            (gateway.plain, listen.plain_http_port, None),
            (gateway.public, listen.port, tls),
        ):
            if port is not None:
                await stack.enter_async_context(_served(app, listen.host, port, context))
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
async def _served(
    app: web.Application, host: str, port: int, tls: ssl.SSLContext | None
) -> AsyncIterator[None]:
    runner = web.AppRunner(
        app,
        access_log_class=AccessLog,
        access_log=logging.getLogger("gateway.access"),
        keepalive_timeout=_KEEP_ALIVE_SECONDS,
        shutdown_timeout=GRACE_SECONDS,
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port, ssl_context=tls, reuse_port=True, backlog=_BACKLOG)
        await site.start()
        yield
    finally:
        await runner.cleanup()


def _bind(host: str, port: int, field: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        if port and _is_served(host, port, family):
            raise OSError("something else listens there")
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        reason = error.strerror or str(error)
        raise OperatorMistake(f"listen.{field}: cannot use {host}:{port}: {reason}") from error
    return bound


def _is_served(host: str, port: int, family: socket.AddressFamily) -> bool:
    """Without this a second gateway of the same user would silently share the port."""
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen()
        except OSError:
            return True
    return False
