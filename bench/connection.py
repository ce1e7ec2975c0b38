"""A kept-alive HTTP/1.1 connection with TLS: only what a load tool needs, and cheap."""

import asyncio
import ssl
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Answer:
    """A response; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class Connection:
    """A connection to one server, which carries one request at a time."""

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)
        self._is_open = False

    @classmethod
    async def open(cls, url: str) -> Self:
        opened = cls(url)
        await opened._connect()
        return opened

    async def _connect(self) -> None:
        """The server's certificate is not checked: that would be the client's CPU only."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self._reader, self._writer = await asyncio.open_connection(
            self._url.hostname, self._url.port, ssl=context
        )
        self._is_open = True

    async def send(
        self, method: str, url: str, body: bytes = b"", kind: str = "", cookie: str = ""
    ) -> Answer:
        """Raises OSError or asyncio.IncompleteReadError when the server goes away."""
        if not self._is_open:
            await self._connect()
        path = url[url.index("/", 8) :]
        head = f"{method} {path} HTTP/1.1\r\nHost: {self._url.netloc}\r\nUser-Agent: bench\r\n"
        if cookie:
            head += f"Cookie: {cookie}\r\n"
        if method == "POST":
            head += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        self._writer.write(head.encode() + b"\r\n" + body)
        return await self._answer(has_body=method != "HEAD")

    def close(self) -> None:
        self._writer.transport.abort()

    async def _answer(self, *, has_body: bool) -> Answer:
        status, *lines = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {}
        for line in lines:
            name, colon, value = line.partition(":")
            if colon:
                headers[name.lower()] = value.strip()
        body = await self._body(headers) if has_body else b""
        if headers.get("connection") == "close":
            self._is_open = False
            self._writer.close()
        return Answer(int(status[9:12]), headers, body)

    async def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding") != "chunked":
            return await self._reader.readexactly(int(headers.get("content-length", 0)))
        body = b""
        while size := int(await self._reader.readuntil(b"\r\n"), 16):
            body += (await self._reader.readexactly(size + 2))[:-2]
        await self._reader.readuntil(b"\r\n")
        return body
