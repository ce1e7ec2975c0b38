"""For load balancers: does the process live, and can it work?"""

from aiohttp import web

from gateway.db.pool import answers
from gateway.services import Services

_RETRY_AFTER_SECONDS = "5"


def add_routes(app: web.Application, services: Services) -> None:
    """/health/live and /health/ready."""

    async def live(request: web.Request) -> web.Response:
        return web.json_response({"status": "live"})

    async def ready(request: web.Request) -> web.Response:
        if await answers(services.pool):
            return web.json_response({"status": "ready"})
        return web.json_response(
            {"status": "database away"},
            status=503,
            headers={"Retry-After": _RETRY_AFTER_SECONDS},
        )

    app.router.add_get("/health/live", live)
    app.router.add_get("/health/ready", ready)
