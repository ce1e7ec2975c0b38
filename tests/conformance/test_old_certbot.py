"""certbot 1.21 of 2021, which long-lived systems still run, as docs/clients.md has certbot."""

from pathlib import Path

from tests.conformance.conftest import Site, in_its_environment
from tests.conformance.document import documented, variables
from tests.conformance.test_docs_clients import for_certbot

NAME = "www.example.com"


async def test_the_documented_lines_get_renew_and_revoke_a_certificate(site: Site) -> None:
    await site.buy(NAME)
    for_certbot(site)
    old = variables(site)
    certbot = Path(in_its_environment("certbot-1.21", "certbot"))
    old["PATH"] = f"{certbot.parent}:{old['PATH']}"
    assert "certbot 1.21.0" in await site.succeed("certbot", "--version", **old)
    await site.succeed("sh", "-euc", documented("certbot"), **old)
    chain = site.directory / "config" / "live" / NAME / "fullchain.pem"
    first = site.check_certificate(chain, NAME)
    await site.succeed("certbot", "renew", "--force-renewal", **old)
    assert site.check_certificate(chain, NAME).serial_number != first.serial_number
    await site.succeed("sh", "-euc", documented("certbot later"), **old)
    assert await site.gateway.pool.fetchval("SELECT reason FROM ca.revocation") == 4
    assert await site.gateway.pool.fetchval("SELECT status FROM acme.account") == "deactivated"
