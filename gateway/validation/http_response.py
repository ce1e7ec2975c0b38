"""An HTTP/1.1 response, read as its bytes come (RFC 9112).

The functions that read are generators: they yield when more bytes must come first.
"""

from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

LONGEST_BODY = 4096
"""Bytes; a key authorization has about 90."""
_LONGEST_HEAD = 16 * 1024

Reading = Generator[None, None, T]


class BadResponse(Exception):
    """What came back is no HTTP, or ends too early; the text completes "the response …"."""


@dataclass(frozen=True, slots=True)
class Response:
    """`body` is read only of a 200, and holds at most LONGEST_BODY bytes and one more."""

    status: int
    location: str | None
    body: bytes


@dataclass(frozen=True, slots=True)
class _Head:
    status: int
    fields: dict[str, str]


class Incoming:
    """What has come and was not read yet; `ended` = no more will come."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.ended = False

    def until(self, end: bytes) -> Reading[bytes]:
        searched, longest = 0, _LONGEST_HEAD + len(end)
        while (found := self.data.find(end, searched, longest)) < 0:
            if len(self.data) >= longest:
                raise BadResponse(f"has a head of more than {_LONGEST_HEAD} bytes")
            searched = max(0, len(self.data) - len(end) + 1)
            yield from self._more()
        return self._taken(found + len(end))

    def exactly(self, number: int) -> Reading[bytes]:
        if number < 0:
            raise ValueError(number)
        while len(self.data) < number:
            yield from self._more()
        return self._taken(number)

    def at_most(self, number: int) -> Reading[bytes]:
        """All until the end, if that is not too much."""
        while len(self.data) < number and not self.ended:
            yield
        return self._taken(number)

    def _more(self) -> Reading[None]:
        if self.ended:
            raise BadResponse("ends before it is complete")
        yield

    def _taken(self, number: int) -> bytes:
        part = bytes(self.data[:number])
        del self.data[:number]
        return part


def read(incoming: Incoming) -> Reading[Response]:
    """Raises BadResponse."""
    try:
        head = yield from _head(incoming)
        while head.status < 200:
            head = yield from _head(incoming)
        body = (yield from _body(incoming, head)) if head.status == 200 else b""
    except ValueError as error:
        raise BadResponse("is not HTTP") from error
    return Response(head.status, head.fields.get("location"), body)


def _head(incoming: Incoming) -> Reading[_Head]:
    """Raises ValueError when it is not HTTP."""
    text = yield from incoming.until(b"\r\n\r\n")
    status_line, *lines = text.decode("latin-1").split("\r\n")
    version, status, *_ = status_line.split(" ", 2)
    if not version.startswith("HTTP/1.") or len(status) != 3:
        raise ValueError(status_line)
    fields = {}
    for line in filter(None, lines):
        name, colon, value = line.partition(":")
        if not colon:
            raise ValueError(line)
        fields[name.lower()] = value.strip()
    return _Head(int(status), fields)


def _body(incoming: Incoming, head: _Head) -> Reading[bytes]:
    """At most LONGEST_BODY bytes, and one more if there are more."""
    if "chunked" in head.fields.get("transfer-encoding", "").lower():
        return (yield from _chunks(incoming))
    if "content-length" in head.fields:
        length = int(head.fields["content-length"])
        return (yield from incoming.exactly(min(length, LONGEST_BODY + 1)))
    return (yield from incoming.at_most(LONGEST_BODY + 1))


def _chunks(incoming: Incoming) -> Reading[bytes]:
    body = b""
    while len(body) <= LONGEST_BODY:
        size = int((yield from incoming.until(b"\r\n")).partition(b";")[0], 16)
        if size == 0:
            break
        body += yield from incoming.exactly(min(size, LONGEST_BODY + 1 - len(body)))
        if len(body) <= LONGEST_BODY:
            yield from incoming.exactly(len(b"\r\n"))
    return body
