"""The three ways a client reaches the gateway: directly, as two processes, and behind nginx."""

import asyncio
import os
import re
import shutil
import sys
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from gateway.ca.issuers import open_issuers
from gateway.config import Settings
from gateway.db.pool import Pool, open_pool
from gateway.sandbox import demo_data
from gateway.sandbox.clock import choose_clock
from gateway.services import Services
from gateway.validation.dns import DnsResolver
from gateway.vault import Vault
from tests.conformance.daemon import daemon
from tests.integration.process.test_serve import configured, process
from tests.support.gateway import RunningGateway, free_ports, running_gateway, session_trusting
from tests.support.server_process import until

FRONTS = ("gateway", "two processes", "nginx")
every_front = pytest.mark.parametrize("front", FRONTS, indirect=True)
"""Marks tests whose `site` is to be reached in each of the ways."""

_OPERATORS = Path(__file__).parents[2] / "docs" / "operators.md"
_NGINX = """
{user}
worker_processes 1;
daemon off;
pid {directory}/nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    scgi_temp_path {directory}/scgi;
    uwsgi_temp_path {directory}/uwsgi;
    {documented}
}}
"""


def program(name: str) -> str:
    """A client beside this Python, or on the path; its absence is a failure."""
    found = (
        shutil.which(name, path=str(Path(sys.executable).parent))
        or shutil.which(name)
        or shutil.which(name, path="/usr/sbin")
    )
    assert found, f"{name} is not installed: see tests/debian-packages.txt and pyproject.toml"
    return found


@asynccontextmanager
async def open_front(
    front: str, database: str, directory: Path, /, **sections: Any
) -> AsyncIterator[RunningGateway]:
    """A gateway that clients reach by way of `front`; `sections` replace those of its settings."""
    if front == "gateway":
        async with running_gateway(database, directory, **sections) as gateway:
            yield gateway
        return
    settings = await configured(database, directory, workers=2, **sections)
    spread = structs.replace(settings.listen, spread=True)
    settings = structs.replace(settings, listen=spread)
    if front == "two processes":
        async with _served(settings, directory, settings.listen.plain_http_port) as gateway:
            yield gateway
        return
    async with _behind_nginx(settings, directory) as gateway:
        yield gateway


@asynccontextmanager
async def _served(
    settings: Settings, directory: Path, plain_http_port: int | None
) -> AsyncIterator[RunningGateway]:
    """`gateway serve` with the demo data; the tests look into its database, not into it.

    `plain_http_port` is where clients find what is served without TLS.
    """
    server = process(settings, directory)
    server.start()
    try:
        await server.until_logged("server.ready")
        async with (
            _opened_pool(settings) as pool,
            session_trusting(directory / "root.pem") as session,
        ):
            listen = structs.replace(settings.listen, plain_http_port=plain_http_port)
            services = Services(
                settings=structs.replace(settings, listen=listen),
                pool=pool,
                clock=choose_clock(settings, pool),
                vault=Vault([key.get_secret_value() for key in settings.secrets.keys]),
                issuers=await open_issuers(settings),
                resolver=DnsResolver(settings.validation.resolvers, 10.0),
            )
            await demo_data.add(pool, services.clock)
            yield RunningGateway(services, session, directory / "root.pem")
    finally:
        server.kill()


@asynccontextmanager
async def _opened_pool(settings: Settings) -> AsyncIterator[Pool]:
    pool = await open_pool(settings.database)
    try:
        yield pool
    finally:
        await pool.close()


@asynccontextmanager
async def _behind_nginx(settings: Settings, directory: Path) -> AsyncIterator[RunningGateway]:
    """TLS ends in nginx, which asks another process for each request, as the document has it."""
    listen, [https, http] = settings.listen, free_ports(2)
    documented = tomllib.loads(_documented("toml"))
    hidden = {
        "tls_certificate": None,
        "tls_key": None,
        "trusted_proxies": documented["listen"]["trusted_proxies"],
    }
    behind = structs.replace(
        settings,
        public_url=f"https://127.0.0.1:{https}",
        listen=structs.replace(listen, **hidden),
    )
    snippet = _documented("nginx")
    for written, here in {
        "listen 443": f"listen 127.0.0.1:{https}",
        "listen 80": f"listen 127.0.0.1:{http}",
        f"127.0.0.1:{documented['listen']['port']}": f"127.0.0.1:{listen.port}",
        f"127.0.0.1:{documented['listen']['plain_http_port']}": (
            f"127.0.0.1:{listen.plain_http_port}"
        ),
        "acme.example.com": "127.0.0.1",
        "/etc/nginx/tls.pem": str(listen.tls_certificate),
        "/etc/nginx/tls.key": str(listen.tls_key),
    }.items():
        assert written in snippet
        snippet = snippet.replace(written, here)
    place = directory / "nginx"
    place.mkdir()
    user = "user root;" if os.getuid() == 0 else ""
    (place / "nginx.conf").write_text(_NGINX.format(user=user, directory=place, documented=snippet))
    async with (
        _served(behind, directory, http) as gateway,
        daemon(program("nginx"), "-c", str(place / "nginx.conf"), log=place / "log") as nginx,
    ):
        await until(lambda: _answers(https), nginx.log)
        yield gateway


def _documented(language: str) -> str:
    found = re.search(
        rf"<!-- proxy -->\n```{language}\n(.*?)```", _OPERATORS.read_text(), re.DOTALL
    )
    assert found
    return found[1]


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
