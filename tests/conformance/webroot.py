"""The customer's web server, for clients that put their http-01 answers into a directory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from tests.conformance.conftest import Site

DOCUMENTED = "/var/www/.well-known/acme-challenge"


@asynccontextmanager
async def webroot(site: Site) -> AsyncIterator[Path]:
    """Serves the directory it gives, where http-01 looks for answers."""
    directory = site.directory / "webroot"
    directory.mkdir()
    app = web.Application()
    app.router.add_static("/.well-known/acme-challenge", directory)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", site.gateway.http_port).start()
    try:
        yield directory
    finally:
        await runner.cleanup()
