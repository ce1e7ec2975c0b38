"""HTTP as bytes, for requests that no client library would send, and for many requests."""

import asyncio
import ssl
from contextlib import suppress
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """A response with a Content-Length; names of fields in `head` are in lower case."""

    status: int
    head: bytes
    body: bytes

    def header(self, name: str) -> str:
        """The first field of that name, given in lower case; empty if there is none."""
        found = self.head.partition(f"\r\n{name}: ".encode())[2].partition(b"\r\n")[0]
        return found.decode("latin-1")


@dataclass
class RawConnection:
    """A connection to a port of the loopback, opened when needed, and again when it has ended."""

    port: int
    trust: ssl.SSLContext | None = None
    """None = without TLS."""
    _streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: bytes) -> RawAnswer:
        """Sends a request; a connection that was kept may have ended: a new one is tried once."""
        if self._streams is not None:
            try:
                return await self._ask(request)
            except (OSError, asyncio.IncompleteReadError):
                await self.close()
        return await self._ask(request)

    async def _ask(self, request: bytes) -> RawAnswer:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self.port, ssl=self.trust)
        reader, writer = self._streams
        writer.write(request)
        # Nonces are case-sensitive: only names of fields may be put in lower case.
        head = _with_lower_names(await reader.readuntil(b"\r\n\r\n"))
        answer = RawAnswer(int(head.split(None, 2)[1]), head, b"")
        if length := int(answer.header("content-length") or 0):
            answer = RawAnswer(answer.status, head, await reader.readexactly(length))
        if answer.header("connection").lower() == "close":
            await self.close()
        return answer

    async def close(self) -> None:
        if self._streams is not None:
            _, writer = self._streams
            self._streams = None
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


def _with_lower_names(head: bytes) -> bytes:
    lines = []
    for line in head.split(b"\r\n"):
        name, colon, value = line.partition(b":")
        lines.append(name.lower() + colon + value)
    return b"\r\n".join(lines)


def post(path: str, content_type: str, body: bytes, *fields: str) -> bytes:
    """A POST; `fields` are further header lines."""
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: a",
        f"Content-Type: {content_type}",
        f"Content-Length: {len(body)}",
        *fields,
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode("latin-1")
