"""Requests that came by way of aiohttp because something about them is unusual."""

from aiohttp import web
from multidict import CIMultiDict

from gateway.acme.problem import Problem, malformed
from gateway.acme.routes import Routes
from gateway.front.plain_request import PlainRequest
from gateway.request_body import BodyBroken, BodyTooLarge, BodyTooSlow, read_body


def add_route(app: web.Application, routes: Routes) -> None:
    """Serves every path that no other route of `app` takes."""

    async def serve(request: web.Request) -> web.Response:
        body, broken = await _body(request)
        plain = PlainRequest(
            request.method, request.raw_path, _headers(request), request.remote, body
        )
        answer = await routes.answer(plain, broken)
        headers = CIMultiDict(answer.headers)
        return web.Response(status=answer.status, body=answer.body or None, headers=headers)

    app.router.add_route("*", "/{path:.*}", serve)


def _headers(request: web.Request) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        name = name.lower()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


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
