"""Reads an HTTP/1.1 response as its bytes come (RFC 9112).

A stranger sends them, so every number here is limited: bytes, pieces, lines, chunks and interim
responses. Small responders end lines with LF alone, fold them, or write some without a colon; such
lines are accepted, as RFC 9112 §2.2 and §5.2 allow.

The functions that read are generators: they yield when more bytes must come first.
"""

import re
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

LONGEST_BODY = 4096
"""The most bytes of a body that are read; a key authorization has about 90."""
MOST_BYTES = 48 * 1024
"""The most bytes that are read from one connection, framing included."""
_LONGEST_HEAD = 16 * 1024
_LONGEST_CHUNK_LINE = 1024  # bytes, extensions included
_MOST_LINES = 256  # of one head
_MOST_INTERIM = 8  # responses before the last one (RFC 9110 §15.2)
_MOST_CHUNKS = 256
_MOST_PIECES = 2048
"""How many pieces the bytes may come in, because each piece costs the same, however small."""

_STATUS_LINE = re.compile(r"HTTP/1\.[0-9] ([1-9][0-9]{2})(?: .*)?")
_WITHOUT_BODY = (204, 304)  # RFC 9112 §6.3
_SWITCHING_PROTOCOLS = 101  # this one is no interim response
_END_OF_HEAD = re.compile(rb"\n\r?\n")
_END_OF_LINE = re.compile(rb"\n")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;.*)?\r?\n", re.DOTALL)
_LENGTH = re.compile(r"[0-9]{1,18}")

Reading = Generator[None, None, T]


class BadResponse(Exception):
    """The response is no HTTP, or too short or too long; the text completes "the response …"."""


@dataclass(frozen=True, slots=True)
class TargetResponse:
    """A response; `body` has at most LONGEST_BODY + 1 bytes."""

    status: int
    location: str | None
    body: bytes


@dataclass(frozen=True, slots=True)
class _Head:
    status: int
    fields: dict[str, str]


class Incoming:
    """Bytes that have come and were not read yet; no more are kept than are ever looked at."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._room = MOST_BYTES
        self._pieces = 0
        self._ended = False

    def add(self, piece: bytes) -> None:
        self._pieces += 1
        self._data += piece[: self._room]
        self._room -= min(len(piece), self._room)

    def end(self) -> None:
        """Notes that no more bytes will come."""
        self._ended = True

    def until(self, end: re.Pattern[bytes], longest: int, what: str) -> Reading[bytes]:
        """Reads up to and including `end`, which matches at most 3 bytes."""
        searched = 0
        while (found := end.search(self._data, searched, longest)) is None:
            if len(self._data) >= longest:
                raise BadResponse(f"has {what}")
            searched = max(0, len(self._data) - 2)
            yield from self._more()
        return self._taken(found.end())

    def exactly(self, number: int) -> Reading[bytes]:
        while len(self._data) < number:
            yield from self._more()
        return self._taken(number)

    def at_most(self, number: int) -> Reading[bytes]:
        """Reads until the end, but at most `number` bytes."""
        while len(self._data) < number and not self._ended:
            yield from self._more()
        return self._taken(number)

    def _more(self) -> Reading[None]:
        if not self._room:
            raise BadResponse(f"is not complete after {MOST_BYTES} bytes")
        if self._ended:
            raise BadResponse("ends before it is complete")
        if self._pieces >= _MOST_PIECES:
            raise BadResponse(f"is not complete after {_MOST_PIECES} pieces")
        yield

    def _taken(self, number: int) -> bytes:
        part = bytes(self._data[:number])
        del self._data[:number]
        return part


def read(incoming: Incoming) -> Reading[TargetResponse]:
    """Reads a response, its body only if the status is 200; raises BadResponse."""
    head = yield from _last_head(incoming)
    body = (yield from _body(incoming, head)) if head.status == 200 else b""
    return TargetResponse(head.status, head.fields.get("location"), body)


def read_any(incoming: Incoming, on_head: Callable[[int], None]) -> Reading[TargetResponse]:
    """Reads a response with its body, whatever the status; raises BadResponse.

    `on_head` is given the status before the body is read, which may never come.
    """
    head = yield from _last_head(incoming)
    on_head(head.status)
    body = b"" if head.status in _WITHOUT_BODY else (yield from _body(incoming, head))
    return TargetResponse(head.status, head.fields.get("location"), body)


def _last_head(incoming: Incoming) -> Reading[_Head]:
    for _ in range(_MOST_INTERIM + 1):
        head = yield from _head(incoming)
        if head.status >= 200 or head.status == _SWITCHING_PROTOCOLS:
            return head
    raise BadResponse(f"comes after more than {_MOST_INTERIM} interim responses")


def _head(incoming: Incoming) -> Reading[_Head]:
    text = yield from incoming.until(
        _END_OF_HEAD, _LONGEST_HEAD + len("\r\n\r\n"), f"a head of more than {_LONGEST_HEAD} bytes"
    )
    status_line, *lines = text.decode("latin-1").split("\n", _MOST_LINES + 2)
    status = _STATUS_LINE.fullmatch(status_line.rstrip("\r"))
    if status is None:
        raise BadResponse("is not HTTP")
    if len(lines) > _MOST_LINES + 1:
        raise BadResponse(f"has more than {_MOST_LINES} header lines")
    return _Head(int(status[1]), _fields(lines))


def _fields(lines: list[str]) -> dict[str, str]:
    """The header fields by name in lower case; the last one counts where a name is repeated."""
    fields: dict[str, str] = {}
    name = ""
    for line in lines:
        if line[:1] in (" ", "\t"):  # RFC 9112 §5.2: goes on with the line before
            fields[name] = f"{fields.get(name, '')} {line.strip()}".strip()
            continue
        name, colon, value = line.partition(":")
        name = name.strip().lower() if colon else ""
        fields[name] = value.strip()
    return fields


def _body(incoming: Incoming, head: _Head) -> Reading[bytes]:
    """Reads the body: at most LONGEST_BODY bytes, and one more if it is longer."""
    if "chunked" in head.fields.get("transfer-encoding", "").lower():
        return (yield from _chunks(incoming))
    if "content-length" in head.fields:
        length = head.fields["content-length"]
        if not _LENGTH.fullmatch(length):
            raise BadResponse("is not HTTP: its Content-Length is no number")
        return (yield from incoming.exactly(min(int(length), LONGEST_BODY + 1)))
    return (yield from incoming.at_most(LONGEST_BODY + 1))


def _chunks(incoming: Incoming) -> Reading[bytes]:
    """Reads a chunked body; trailers after the last chunk are not read."""
    body = b""
    for _ in range(_MOST_CHUNKS + 1):
        size = _CHUNK_SIZE.fullmatch((yield from _line(incoming)))
        if size is None:
            raise BadResponse("is not HTTP: it has a chunk without a size")
        length = int(size[1], 16)
        if length == 0:
            return body
        body += yield from incoming.exactly(min(length, LONGEST_BODY + 1 - len(body)))
        if len(body) > LONGEST_BODY:
            return body
        if (yield from _line(incoming)).strip():
            raise BadResponse("is not HTTP: it has a chunk of another size than it says")
    raise BadResponse(f"has more than {_MOST_CHUNKS} chunks")


def _line(incoming: Incoming) -> Reading[bytes]:
    return (
        yield from incoming.until(
            _END_OF_LINE,
            _LONGEST_CHUNK_LINE,
            f"a chunk with a line of more than {_LONGEST_CHUNK_LINE} bytes",
        )
    )
