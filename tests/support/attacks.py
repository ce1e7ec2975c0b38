"""Requests that cost much or break a parser unless they are bounded first; and every route."""

import json
import re
from collections.abc import Iterator
from uuid import UUID

from gateway.doors.acme.resources import RESOURCES
from gateway.web.site import Site
from tests.support.acme_client import base64url

FORM = b"application/x-www-form-urlencoded"
JSON = b"application/json"
JOSE = b"application/jose+json"
DEEP = b"[" * 1200 + b"]" * 1200
ODD = b"\xff\x80\xe9\xed\xa0\x80"

_IN_PATHS = (
    *("!ACMEAdmin", "!AutoApplyOrder", "!AutoRefund", "!modifyThirdPartyDetails"),
    *("!WebHostReport", "scs1234567890123", "local", "1"),
)
"""Values for `{…}` in a route: the first that fits is used."""

_NO_BUSINESS_OF_OURS = (
    *(b"Accept", b"Accept-Language", b"Accept-Encoding", b"Authorization", b"Content-Encoding"),
    *(b"Cookie", b"Forwarded", b"If-Match", b"If-Modified-Since", b"If-None-Match", b"Origin"),
    *(b"Range", b"Upgrade", b"User-Agent", b"Via", b"X-Forwarded-For", b"X-Forwarded-Proto"),
    *(b"Access-Control-Request-Method", b"Idempotency-Key"),
)
"""Header fields whose values change no status of an answer to a stranger."""

_VALUES = {
    "empty": b"",
    "odd": ODD,
    "nested": b"(" * 4_000,
    "a list": b'"a",' * 1_900,
    "parameters": b"a/b" + b";a=b" * 1_900,
}


def paths_of(site: Site) -> Iterator[str]:
    """One path for each route of a listener."""
    for resource in site.app.router.resources():
        info = resource.get_info()
        if "path" in info:
            yield info["path"]
        elif not info["formatter"].startswith("/{"):
            made = [re.sub(r"\{\w+\}", text, info["formatter"]) for text in _IN_PATHS]
            yield next(path for path in made if info["pattern"].fullmatch(path))


def acme_paths(server: str) -> Iterator[str]:
    """One path for each resource of a server."""
    for pattern in RESOURCES:
        yield f"{server}/{pattern.replace('*', str(UUID(int=7)))}".rstrip("/")


def request(
    method: bytes, target: bytes, *headers: bytes, body: bytes = b"", kind: bytes = b""
) -> bytes:
    """The bytes of one HTTP/1.1 request."""
    lines = [method + b" " + target + b" HTTP/1.1", b"Host: gateway", *headers]
    if kind:
        lines.append(b"Content-Type: " + kind)
    if body:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def large_forms(path: bytes) -> Iterator[tuple[str, bytes]]:
    for name, body in (
        ("empty fields", b"&" * 64_000),
        ("fields", b"a&" * 32_000),
        ("a field again and again", b"loginName=&" * 5_000),
        ("escapes", b"a=" + b"%" * 65_000),
        ("escapes among others", b"a=" + "é%41".encode() * 12_000),
    ):
        yield name, request(b"POST", path, kind=FORM, body=body)


def bad_json(path: bytes, kind: bytes) -> Iterator[tuple[str, bytes]]:
    flattened = b'{"protected": "", "payload": "", "signature": "", "header": '
    for name, body in (
        ("deep", DEEP),
        ("deeper", b"[" * 60_000),
        ("objects", b'{"a":' * 10_000),
        ("an unknown member", b'{"x": ' + DEEP + b"}"),
        ("a known member", flattened + DEEP + b"}"),
        ("odd bytes", b'"' + ODD + b'"'),
        ("half a pair", b'{"protected": "\\ud800"}'),
        ("none", b"a=b"),
    ):
        yield name, request(b"POST", path, kind=kind, body=body)


def bad_jws(path: bytes) -> Iterator[tuple[str, bytes]]:
    for name, protected in (
        ("deep header", DEEP),
        ("deep jwk", b'{"alg": "ES256", "jwk": {"kty": ' + DEEP + b"}}"),
        ("deep crit", b'{"alg": "ES256", "crit": ' + DEEP + b"}"),
        ("unknown deep member", b'{"alg": "ES256", "x": ' + DEEP + b"}"),
        ("odd header", ODD),
    ):
        parts = {"protected": base64url(protected), "payload": "", "signature": ""}
        yield name, request(b"POST", path, kind=JOSE, body=json.dumps(parts).encode())


def long_paths(path: bytes) -> Iterator[tuple[str, bytes]]:
    """Requests for long paths that have no resource."""
    yield "slashes", request(b"GET", path + b"/" * 7_900)
    yield "slashes by POST", request(b"POST", path + b"/" * 7_900, kind=JOSE, body=b"{}")
    yield "escaped slashes", request(b"GET", path + b"/%2f" * 1_900)
    yield "dots", request(b"GET", path + b"/.." * 2_000)


def odd_headers(method: bytes, path: bytes) -> Iterator[tuple[str, bytes]]:
    """Headers that change no status."""
    for name, value in _VALUES.items():
        lines = [header + b": " + value for header in _NO_BUSINESS_OF_OURS]
        for each in range(0, len(lines), 7):  # in a head that is not too large
            yield f"{name} headers {each}", request(method, path, *lines[each : each + 7])


def values_of(header: bytes, method: bytes, path: bytes) -> Iterator[tuple[str, bytes]]:
    for name, value in _VALUES.items():
        yield name, request(method, path, header + b": " + value)
