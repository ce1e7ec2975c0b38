"""The aiohttp application that every listener serves: no exception of it reaches a client."""

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web
from aiohttp.typedefs import Handler

from gateway.logging import log_fault

_LARGEST_BODY = 128 * 1024
_RETRY_AFTER_SECONDS = "5"


@dataclass(frozen=True, slots=True)
class Site:
    """An application, and the handler of paths that it has no route for."""

    app: web.Application
    elsewhere: Handler


def new_app() -> web.Application:
    """Makes an application without routes; errors outside the doors are answered as in RFC 9457."""
    return web.Application(middlewares=[_answer_faults], client_max_size=_LARGEST_BODY)


@web.middleware
async def _answer_faults(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answers exceptions: 503, worth a retry, for an outage of the database, else a bare 500."""
    try:
        return await handler(request)
    except web.HTTPNotFound:
        return _fault(404, "there is no such resource here")
    except web.HTTPMethodNotAllowed as refused:
        allow = refused.headers["Allow"]
        return _fault(405, f"this resource has the methods {allow} only", {"Allow": allow})
    except Exception as error:
        if log_fault("http", error, path=request.rel_url.raw_path):
            wait = {"Retry-After": _RETRY_AFTER_SECONDS}
            return _fault(503, "the database is away, please try again", wait)
        return _fault(500, "an internal error occurred")


def _fault(status: int, detail: str, headers: Mapping[str, str] | None = None) -> web.Response:
    """A problem document (RFC 9457)."""
    problem = {"type": "about:blank", "status": status, "detail": detail}
    return web.json_response(
        problem, status=status, headers=headers, content_type="application/problem+json"
    )
