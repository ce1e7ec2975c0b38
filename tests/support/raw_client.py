"""An HTTP client that sends any bytes, over TLS or not."""

import asyncio
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True)
class RawAnswer:
    """A response; `headers` have names in lower case, repeated ones joined."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)


@dataclass
class RawClient:
    """Keeps a connection to `url`'s host, and makes a new one when the server ends it."""

    url: str
    root_pem: Path
    _open: list[Connection] = field(default_factory=list)

    async def ask(self, request: bytes) -> RawAnswer:
        """Sends one request, which may be malformed, and reads the response."""
        is_head = request.startswith(b"HEAD ")
        if self._open:
            with suppress(asyncio.IncompleteReadError, ConnectionError):  # it ended meanwhile
                return await self._asked(self._open.pop(), request, is_head=is_head)
        return await self._asked(await self.connect(), request, is_head=is_head)

    async def connect(self) -> Connection:
        place = urlsplit(self.url)
        tls = None
        if place.scheme == "https":
            tls = ssl.create_default_context(cafile=str(self.root_pem))
        return await asyncio.open_connection(place.hostname, place.port, ssl=tls)

    def close(self) -> None:
        for _, writer in self._open:
            writer.close()

    async def _asked(self, connection: Connection, request: bytes, *, is_head: bool) -> RawAnswer:
        reader, writer = connection
        writer.write(request)
        async with asyncio.timeout(30):
            answer = await self._answer(reader, is_head=is_head)
        if answer.headers.get("connection") == "close":
            writer.close()
        else:
            self._open.append(connection)
        return answer

    async def _answer(self, reader: asyncio.StreamReader, *, is_head: bool) -> RawAnswer:
        head = await reader.readuntil(b"\r\n\r\n")
        status_line, *lines = head.decode("latin-1").split("\r\n")[:-2]
        headers: dict[str, str] = {}
        for line in lines:
            name, _, value = line.partition(":")
            name, value = name.lower(), value.strip()
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        status = int(status_line.split(" ")[1])
        if status == 100:
            return await self._answer(reader, is_head=is_head)
        has_body = not is_head and status not in (204, 304)
        length = int(headers.get("content-length", 0)) if has_body else 0
        return RawAnswer(status, headers, await reader.readexactly(length))
