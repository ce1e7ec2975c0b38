"""Sends one HTTP/1.1 request to an address that was checked, and reads a bounded response.

No client library does it: the connection must go to exactly that address, nothing may be followed,
decompressed or kept, and this takes a third of the CPU.
"""

import asyncio
import ssl
from collections.abc import Callable
from ipaddress import ip_address
from typing import cast

from gateway.validation import tls
from gateway.validation.http_response import BadResponse, Incoming, Reading, TargetResponse
from gateway.validation.target import Target

USER_AGENT = "acme-subscription-gateway"


class TargetConnection(asyncio.Protocol):
    """An open connection for one request; `read` decides how much of the response is read."""

    def __init__(self, read: Callable[[Incoming], Reading[TargetResponse]]) -> None:
        self._incoming = Incoming()
        self._reading = read(self._incoming)
        self._response: asyncio.Future[TargetResponse] = asyncio.get_running_loop().create_future()

    async def exchange(self, request: bytes) -> TargetResponse:
        """Sends a request, gives the response; raises BadResponse, or OSError if it breaks off."""
        self._transport.write(request)
        return await self._response

    def close(self) -> None:
        if self._response.done() and not self._response.cancelled():
            self._response.exception()  # marks it as retrieved: maybe nobody waits for it
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
    address: str,
    port: int,
    source_address: str | None,
    connection: TargetConnection,
    secure: tuple[ssl.SSLContext, str] | None,
) -> TargetConnection:
    """Connects to `address`; `secure` = the context and server name of TLS.

    Raises OSError, whose subclass ssl.SSLError is for TLS.
    """
    if secure is not None:
        context, name = secure
        await tls.connect(address, port, source_address, context, name, connection)
        return connection
    await asyncio.get_running_loop().create_connection(
        lambda: connection,
        address,
        port,
        local_addr=(source_address, 0) if source_address else None,
    )
    return connection


def get_request(target: Target) -> bytes:
    return (
        f"GET {target.path} HTTP/1.1\r\n"
        f"Host: {target.authority}\r\n"
        f"User-Agent: {USER_AGENT}\r\n"
        "Accept: */*\r\n"
        "TargetConnection: close\r\n\r\n"
    ).encode("ascii")


def server_name(host: str) -> str:
    """The server name to indicate in TLS: names only (RFC 6066 §3); empty = none."""
    try:
        ip_address(host)
    except ValueError:
        return host
    return ""
