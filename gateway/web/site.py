"""An application of aiohttp as every listener has it: no exception of it reaches a client."""

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web
from aiohttp.typedefs import Handler

from gateway.logging import log_fault

_LARGEST_BODY = 128 * 1024
_RETRY_AFTER_SECONDS = "5"


@dataclass(frozen=True, slots=True)
class Site:
    """An application, and who answers what it has no path for."""

    app: web.Application
    elsewhere: Handler


def new_app() -> web.Application:
    """An application without routes; doors answer for themselves, the rest as RFC 9457 says."""
    return web.Application(middlewares=[_answer_faults], client_max_size=_LARGEST_BODY)


@web.middleware
async def _answer_faults(request: web.Request, handler: Handler) -> web.StreamResponse:
    """An outage is a 503 worth a retry, what was not foreseen a bare 500."""
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
    """RFC 9457."""
    problem = {"type": "about:blank", "status": status, "detail": detail}
    return web.json_response(
        problem, status=status, headers=headers, content_type="application/problem+json"
    )
