"""Caddy: a web server that gets its own certificate and shows it, as docs/clients.md has it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.conformance.conftest import Site, program
from tests.conformance.daemon import Daemon, daemon
from tests.conformance.document import documented, here, variables
from tests.conformance.fronts import every_front
from tests.conformance.served import served
from tests.support.server_process import until

NAME = "www.example.com"

_ONLY = {
    "http-01": "tls {{\nissuer acme {{\ndisable_tlsalpn_challenge\n}}\n}}",
    "tls-alpn-01": "tls {{\nissuer acme {{\ndisable_http_challenge\n}}\n}}",
}


@asynccontextmanager
async def caddy(site: Site, challenge: str) -> AsyncIterator[Daemon]:
    """Runs the documented configuration on this machine's ports."""
    ports = f"http_port {site.gateway.http_port}\nhttps_port {site.gateway.tls_port}\n"
    text = here(documented("caddy"), **{f"{NAME} {{": f"{NAME} {{\n{_ONLY[challenge].format()}"})
    text = text.replace(
        "{\n", f"{{\nadmin off\nrenew_interval 1s\ndefault_bind 127.0.0.1\n{ports}", 1
    )
    (site.directory / "Caddyfile").write_text(text)
    async with daemon(
        *(program("caddy"), "run", "--config", str(site.directory / "Caddyfile")),
        log=site.directory / "caddy.log",
        environment={
            **site.environment,
            **variables(site),
            "XDG_DATA_HOME": str(site.directory / "data"),
        },
    ) as running:
        yield running


def stored(site: Site, ending: str) -> Path:
    [file] = (site.directory / "data").rglob(f"{NAME}.{ending}")
    return file


@every_front
@pytest.mark.parametrize("challenge", ["http-01", "tls-alpn-01"])
async def test_a_certificate_is_got_with_eab_and_shown_to_visitors(
    site: Site, challenge: str
) -> None:
    await site.buy(NAME)
    port, root = site.gateway.tls_port, site.gateway.root_pem
    async with caddy(site, challenge) as running:
        await until(lambda: served(port, NAME, root), running.log)
        shown = await served(port, NAME, root)
    assert site.check_certificate(stored(site, "crt"), NAME) == shown
    assert await site.proven_by() == [challenge]


async def test_renewal_information_makes_caddy_renew_early(site: Site) -> None:
    """It was revoked elsewhere, which Caddy learns when it asks again (RFC 9773)."""
    await site.buy(NAME)
    port, root = site.gateway.tls_port, site.gateway.root_pem
    async with caddy(site, "http-01") as running:
        await until(lambda: served(port, NAME, root), running.log)
    first = site.check_certificate(stored(site, "crt"), NAME)
    await site.gateway.pool.execute(
        "INSERT INTO ca.revocation (serial, revoked_at) SELECT serial, now() FROM ca.certificate"
    )
    kept = stored(site, "json")
    facts = json.loads(kept.read_text())
    del facts["issuer_data"]["renewal_info"]["_retryAfter"]  # until then it would not ask
    kept.write_text(json.dumps(facts))

    async def is_another() -> bool:
        shown = await served(port, NAME, root)
        return shown is not None and shown.serial_number != first.serial_number

    async with caddy(site, "http-01") as running:
        await until(is_another, running.log)
