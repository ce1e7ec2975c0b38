"""Health checks for load balancers: does the process live, and can it work?"""

from aiohttp import web

from gateway.db.pool import answers
from gateway.services import Services
from gateway.usecases.operation.dnssec_watch import DnssecWatch

_RETRY_AFTER_SECONDS = "5"


def add_routes(app: web.Application, services: Services, dnssec: DnssecWatch) -> None:
    """Adds /health/live and /health/ready."""

    async def live(request: web.Request) -> web.Response:
        return web.json_response({"status": "live"})

    async def ready(request: web.Request) -> web.Response:
        if not await answers(services.pool):
            return _not_ready({"status": "database away"})
        if dnssec.complaint:
            return _not_ready({"status": "DNSSEC not validated", "reason": dnssec.complaint})
        return web.json_response({"status": "ready"})

    app.router.add_get("/health/live", live)
    app.router.add_get("/health/ready", ready)


def _not_ready(why: dict[str, str]) -> web.Response:
    return web.json_response(why, status=503, headers={"Retry-After": _RETRY_AFTER_SECONDS})
