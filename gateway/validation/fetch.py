"""One HTTP/1.1 GET to one address that was checked before.

Written out rather than left to a client library: the connection must go to exactly that address,
nothing may be followed, decompressed or kept, and it is a third of the CPU.
"""

import asyncio
from ipaddress import ip_address
from typing import cast

from gateway.validation import http_response, tls
from gateway.validation.http_response import BadResponse, Incoming, TargetResponse
from gateway.validation.target import Target

_USER_AGENT = "acme-subscription-gateway"


class TargetConnection(asyncio.Protocol):
    """Open, for one GET."""

    def __init__(self) -> None:
        self._incoming = Incoming()
        self._reading = http_response.read(self._incoming)
        self._response: asyncio.Future[TargetResponse] = asyncio.get_running_loop().create_future()

    async def get(self, target: Target) -> TargetResponse:
        """Raises BadResponse, or OSError when the connection breaks."""
        self._transport.write(_request(target))
        return await self._response

    def close(self) -> None:
        if self._response.done() and not self._response.cancelled():
            self._response.exception()  # nobody may have asked for it yet
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._incoming.add(data)
        self._read_on()

    def eof_received(self) -> None:
        self._incoming.end()
        self._read_on()

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is None:
            self.eof_received()
        elif not self._response.done():
            self._response.set_exception(exc)

    def _read_on(self) -> None:
        if self._response.done():
            return
        try:
            next(self._reading)
            return
        except StopIteration as complete:
            self._response.set_result(complete.value)
        except BadResponse as error:
            self._response.set_exception(error)
        self._transport.abort()  # whatever else is sent is not read


async def connect(
    address: str, port: int, target: Target, source_address: str | None
) -> TargetConnection:
    """Connects to `address`, with TLS for https; raises OSError, of which ssl.SSLError for TLS."""
    if target.secure:
        connection = TargetConnection()
        name = _server_name(target.host)
        # Whoever redirects to https has no valid certificate yet: that is why they ask.
        await tls.connect(address, port, source_address, tls.unverified(), name, connection)
        return connection
    _, connection = await asyncio.get_running_loop().create_connection(
        TargetConnection,
        address,
        port,
        local_addr=(source_address, 0) if source_address else None,
    )
    return connection


def _request(target: Target) -> bytes:
    return (
        f"GET {target.path} HTTP/1.1\r\n"
        f"Host: {target.authority}\r\n"
        f"User-Agent: {_USER_AGENT}\r\n"
        "Accept: */*\r\n"
        "Connection: close\r\n\r\n"
    ).encode("ascii")


def _server_name(host: str) -> str:
    """Server name indication carries names only (RFC 6066 §3)."""
    try:
        ip_address(host)
    except ValueError:
        return host
    return ""
