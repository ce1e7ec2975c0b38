"""Decides on requests that come through aiohttp, before its router sees the path."""

from collections.abc import Awaitable, Callable
from typing import cast

from aiohttp import HttpVersion11, web
from aiohttp.typedefs import Handler

Routing = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

_DEEPEST = 16
"""The most parts of a path: aiohttp's router tries each prefix, and ours have less than half."""
_CONTINUE = "100-continue"


def first_parts(app: web.Application) -> frozenset[str]:
    """The first parts of the paths that `app` has routes for."""
    paths = [resource.canonical for resource in app.router.resources()]
    return frozenset(first_part(path) for path in paths if not path.startswith("/{"))


def first_part(path: str) -> str:
    return path[1:].partition("/")[0]


def before_routing(route: Routing, parts: frozenset[str], elsewhere: Handler) -> Routing:
    """Sends paths that begin with one of `parts` to `route`, all others to `elsewhere`."""

    async def decide(request: web.BaseRequest) -> web.StreamResponse:
        expected = _expectation(request)
        if expected not in ("", _CONTINUE):
            return _refused(417, f"only the expectation {_CONTINUE} can be met")
        if request.method == "OPTIONS" and request.raw_path == "*":  # RFC 9110 §9.3.7
            return web.Response(status=204, headers={"Allow": "GET, HEAD, POST, OPTIONS"})
        path = request.rel_url.raw_path
        if first_part(path) in parts and path.count("/") <= _DEEPEST:
            return await route(request)
        if expected:
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0  # the final response has not begun
        return await elsewhere(cast(web.Request, request))

    return decide


def _expectation(request: web.BaseRequest) -> str:
    """The request's Expect field; empty for HTTP/1.0, which has none (RFC 9110 §10.1.1)."""
    if request.version < HttpVersion11:
        return ""
    return ",".join(request.headers.getall("Expect", [])).strip().lower()


def _refused(status: int, detail: str) -> web.Response:
    """A problem document (RFC 9457)."""
    problem = {"type": "about:blank", "status": status, "detail": detail}
    response = web.json_response(problem, status=status, content_type="application/problem+json")
    response.force_close()  # the body may still come, and is not read
    return response
