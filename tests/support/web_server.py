"""Web servers of customers, good and bad ones, on real loopback sockets."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

Page = Callable[[asyncio.StreamWriter], Awaitable[None]]
"""Writes a whole response; the connection is closed afterwards."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request as received."""

    path: str
    headers: dict[str, str]


@dataclass
class WebServer:
    """A web server with `pages` by path; other paths are 404."""

    host: str
    port: int = 0
    greeting: bytes = b""
    """Bytes sent before any request, as servers of other protocols do."""
    pages: dict[str, Page] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    clients: list[str] = field(default_factory=list)
    """Addresses that connected."""
    server_names: list[str | None] = field(default_factory=list)
    """Server names that clients indicated in TLS."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.clients.append(writer.get_extra_info("peername")[0])
        writer.write(self.greeting)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            path = lines[0].split(" ")[1]
            headers = dict(line.split(": ", 1) for line in lines[1:] if line)
            self.requests.append(Request(path, headers))
            await self.pages.get(path, status(404))(writer)
            await writer.drain()
        writer.close()


def body(content: bytes, code: int = 200) -> Page:
    """A plain answer."""
    return raw(
        f"HTTP/1.1 {code} Whatever\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content
    )


def status(code: int) -> Page:
    return body(b"", code)


def redirect(location: str, code: int = 302) -> Page:
    return raw(f"HTTP/1.1 {code} There\r\nLocation: {location}\r\n\r\n".encode("latin-1"))


def chunked(*chunks: bytes) -> Page:
    """A body in pieces of unknown total length."""
    framed = b"".join(f"{len(chunk):x};a=b\r\n".encode() + chunk + b"\r\n" for chunk in chunks)
    return raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + framed + b"0\r\n\r\n")


def until_closed(content: bytes) -> Page:
    """A body that ends with the connection, as HTTP/1.0 has it."""
    return raw(b"HTTP/1.0 200 OK\r\n\r\n" + content)


def raw(content: bytes) -> Page:
    """A page that writes these bytes as they are."""

    async def write(writer: asyncio.StreamWriter) -> None:
        writer.write(content)

    return write


def drip(content: bytes, pause: float) -> Page:
    """A response sent byte by byte, with pauses of `pause` seconds."""

    async def write(writer: asyncio.StreamWriter) -> None:
        for byte in content:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(pause)

    return write


async def silence(writer: asyncio.StreamWriter) -> None:
    """Never answers."""
    await asyncio.Event().wait()


@asynccontextmanager
async def web_server(
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    tls: tuple[Path, Path] | None = None,
    greeting: bytes = b"",
) -> AsyncIterator[WebServer]:
    """Listens until the end of the block; `tls` = certificate and key file."""
    server = WebServer(host, greeting=greeting)
    context = None
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
        context.sni_callback = lambda _, name, __: server.server_names.append(name)
    listener = await asyncio.start_server(server.serve, host, port, ssl=context)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
