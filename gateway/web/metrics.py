"""Serves metrics for Prometheus, on a listener of their own."""

from aiohttp import web

from gateway import metrics
from gateway.web.site import Site, new_app


def site() -> Site:
    """The application that serves /metrics, and nothing else."""

    async def expose(request: web.Request) -> web.Response:
        return web.Response(
            body=metrics.exposition(),
            headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"},
        )

    async def nowhere(request: web.Request) -> web.Response:
        raise web.HTTPNotFound

    app = new_app()
    app.router.add_get("/metrics", expose)
    return Site(app, nowhere)
