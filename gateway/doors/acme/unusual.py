"""Serves ACME requests that come through aiohttp because something about them is unusual."""

import re

from aiohttp import web
from aiohttp.typedefs import Handler
from multidict import CIMultiDict

from gateway.doors.acme.problem import Problem, malformed
from gateway.doors.acme.routes import Routes
from gateway.web.body import read_body
from gateway.web.front.plain_request import PlainRequest
from gateway.web.unserved import BodyBroken, BodyTooLarge, BodyTooSlow

_ABSOLUTE = re.compile("https?://[^/?]*", re.IGNORECASE)


def serving(routes: Routes) -> Handler:
    """Makes the handler of all paths that no other door has."""

    async def serve(request: web.Request) -> web.Response:
        body, broken = await _body(request)
        plain = PlainRequest(
            request.method, _target(request.raw_path), _headers(request), request.remote, body
        )
        answer = await routes.answer(plain, broken)
        headers = CIMultiDict(answer.headers)
        return web.Response(status=answer.status, body=answer.body or None, headers=headers)

    return serve


def _target(sent: str) -> str:
    """Path and query of a request target, which may be absolute (RFC 9112 §3.2.2), in ASCII."""
    if not sent.startswith("/") and (authority := _ABSOLUTE.match(sent)):
        sent = sent[authority.end() :]
        sent = sent if sent.startswith("/") else f"/{sent}"
    return sent if sent.isascii() else sent.encode("ascii", "backslashreplace").decode()


def _headers(request: web.Request) -> dict[str, str]:
    lists: dict[str, list[str]] = {}
    for name, value in request.headers.items():
        lists.setdefault(name.lower(), []).append(value)
    return {name: ", ".join(values) for name, values in lists.items()}


async def _body(request: web.Request) -> tuple[bytes, Problem | None]:
    if request.method != "POST":
        return b"", None
    try:
        return await read_body(request), None
    except BodyTooLarge:
        return b"", malformed("The request body is larger than 64 KiB.", 413)
    except BodyTooSlow:
        return b"", malformed("The request body took too long to arrive.", 408)
    except BodyBroken:
        return b"", malformed("The request body did not arrive whole.")
