"""Encodes responses as bytes (RFC 9112 §4)."""

import time
from collections.abc import Sequence
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus

from msgspec import Struct

_NO_BODY = (204, 304)


class PlainAnswer(Struct, frozen=True):
    """A whole response; `headers` are without length, date and connection."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes


def encode(answer: PlainAnswer, *, method: str, closes: bool) -> bytes:
    """The bytes of a response to `method`; `closes` = the connection ends after it.

    Raises ValueError when a header's value has a line break.
    """
    lines = [_status_line(answer.status)]
    for name, value in answer.headers:
        if "\n" in value or "\r" in value:
            raise ValueError(f"line break in the header {name}")
        lines.append(f"{name}: {value}")
    if answer.status not in _NO_BODY:
        lines.append(f"Content-Length: {len(answer.body)}")
    if closes:
        lines.append("Connection: close")
    lines.append(_date_line(int(time.time())))
    head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
    return head if method == "HEAD" else head + answer.body


@lru_cache(maxsize=64)
def _status_line(status: int) -> str:
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"


@lru_cache(maxsize=1)
def _date_line(seconds: int) -> str:
    """The Date field, which an origin server with a clock must send (RFC 9110 §6.6.1)."""
    return f"Date: {formatdate(seconds, usegmt=True)}"
