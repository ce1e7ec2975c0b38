"""Recognises plain requests, the usual ones of ACME clients, in few steps.

A plain request is one whole HTTP/1.1 request without transfer coding, expectation or upgrade, in
printable ASCII, that keeps its connection open. Everything else is left to aiohttp's parser, valid
or not, so that two parsers never disagree about where one request ends.
"""

import re
from dataclasses import dataclass

from gateway.web.body import MAXIMUM_BYTES

_LONGEST_HEAD = 8 * 1024

_HEAD = re.compile(
    rb"(GET|HEAD|POST) (/[!\"$&-~]*) HTTP/1\.1\r\n"  # no escapes: two spellings of one path
    rb"((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t -~]*\r\n)+)\r\n"
)
_LENGTH = re.compile("[0-9]{1,5}")
_UNUSUAL = frozenset({"transfer-encoding", "content-encoding", "expect", "upgrade", "trailer"})
_KEEPS_OPEN = "keep-alive"
_REPEATABLE = "x-forwarded-for"


@dataclass(slots=True)
class PlainRequest:
    """A plain request; `headers` have lower-case names, and lists in one line (RFC 9110 §5.3)."""

    method: str
    target: str
    headers: dict[str, str]
    peer: str | None
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


@dataclass(slots=True)
class Unfinished:
    """A plain request that is not complete yet, and the number of bytes it will have."""

    size: int


def recognise(data: bytes, peer: str | None) -> PlainRequest | Unfinished | None:
    """Reads `data` as one plain request; None = it is not plain, or more than one."""
    end = data.find(b"\r\n\r\n", 0, _LONGEST_HEAD) + 4
    matched = _HEAD.fullmatch(data, 0, end)
    if matched is None:
        return None
    method, target, lines = matched.groups()
    headers = _headers(lines)
    if headers is None:
        return None
    length = _length(headers)
    if length is None or (length and method != b"POST"):
        return None
    size = matched.end() + length
    if len(data) < size:
        return Unfinished(size)
    if len(data) > size:
        return None
    return PlainRequest(method.decode(), target.decode(), headers, peer, data[matched.end() :])


def _headers(lines: bytes) -> dict[str, str] | None:
    headers: dict[str, str] = {}
    for line in lines[:-2].decode().split("\r\n"):
        name, _, value = line.partition(":")
        name, value = name.lower(), value.strip()
        if name in headers:
            if name != _REPEATABLE:
                return None
            value = f"{headers[name]}, {value}"
        headers[name] = value
    if not _UNUSUAL.isdisjoint(headers) or "host" not in headers:
        return None
    if headers.get("connection", _KEEPS_OPEN).lower() != _KEEPS_OPEN:
        return None
    return headers


def _length(headers: dict[str, str]) -> int | None:
    text = headers.get("content-length", "0")
    if not _LENGTH.fullmatch(text):
        return None
    length = int(text)
    return length if length <= MAXIMUM_BYTES else None
