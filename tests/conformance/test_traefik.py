"""Traefik: a proxy that gets certificates for the names it serves, as docs/clients.md has it."""

import json
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.conformance.conftest import Site, in_its_environment
from tests.conformance.daemon import Daemon, daemon
from tests.conformance.document import documented, here, variables
from tests.conformance.served import served
from tests.support.server_process import until

NAME = "www.example.com"

_RUN = "traefik --configFile=traefik.toml"
_BY_HTTP = 'httpChallenge]\n  entryPoint = "web"'
_BY_TLS = "tlsChallenge]"


@asynccontextmanager
async def traefik(site: Site, challenge: str) -> AsyncIterator[Daemon]:
    """Runs the documented configuration on this machine's ports."""
    text = here(documented("traefik"), **{_RUN: ""})
    if challenge == "tls-alpn-01":
        text = here(text, **{_BY_HTTP: _BY_TLS})
    text = here(
        text,
        **{
            '":80"': f'"127.0.0.1:{site.gateway.http_port}"',
            '":443"': f'"127.0.0.1:{site.gateway.tls_port}"',
        },
    )
    await site.succeed("sh", "-euc", text, **variables(site))
    async with running_traefik(site) as running:
        yield running


@asynccontextmanager
async def running_traefik(site: Site) -> AsyncIterator[Daemon]:
    async with daemon(
        *(in_its_environment("traefik", "traefik"), *_RUN.split()[1:]),
        log=site.directory / "traefik.log",
        environment=site.environment,
        directory=site.directory,
    ) as running:
        yield running


@pytest.mark.parametrize("challenge", ["http-01", "tls-alpn-01"])
async def test_a_certificate_is_got_with_eab_and_shown_to_visitors(
    site: Site, challenge: str
) -> None:
    await site.buy(NAME)
    port, root = site.gateway.tls_port, site.gateway.root_pem
    async with traefik(site, challenge) as running:
        await until(lambda: served(port, NAME, root), running.log)
        shown = await served(port, NAME, root)
    [stored] = json.loads((site.directory / "acme.json").read_text())["gateway"]["Certificates"]
    chain = site.directory / "chain.pem"
    chain.write_bytes(b64decode(stored["certificate"]))
    assert site.check_certificate(chain, NAME) == shown
    assert await site.proven_by() == [challenge]


async def test_a_certificate_that_ends_soon_is_renewed(site: Site) -> None:
    """Certificates of a year would be renewed four months before their end, so ours at once."""
    await site.buy(NAME)
    port, root = site.gateway.tls_port, site.gateway.root_pem
    async with traefik(site, "http-01") as running:
        await until(lambda: served(port, NAME, root), running.log)
        first = await served(port, NAME, root)

    async def is_another() -> bool:
        shown = await served(port, NAME, root)
        return shown is not None and shown != first

    configuration = site.directory / "traefik.toml"
    asked = here(
        configuration.read_text(), **{"  caServer": "  certificatesDuration = 8760\n  caServer"}
    )
    configuration.write_text(asked)
    async with running_traefik(site) as running:
        await until(is_another, running.log)
    assert await site.gateway.pool.fetchval("SELECT count(*) FROM acme.account") == 1
