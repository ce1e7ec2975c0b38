"""dehydrated: http-01, dns-01, EAB, renewal, revocation, as docs/clients.md has it."""

from pathlib import Path

from tests.conformance.conftest import Site, program
from tests.conformance.document import documented, here, hook, variables
from tests.conformance.webroot import DOCUMENTED, webroot

NAME, WILDCARD = "www.example.com", "*.example.com"

_HOOK = """
case "$1" in
deploy_challenge) exec {hook} present "_acme-challenge.$2" "$4" ;;
clean_challenge) exec {hook} cleanup "_acme-challenge.$2" "$4" ;;
esac
"""


def chain(site: Site, name: str) -> Path:
    return site.directory / "certs" / name / "fullchain.pem"


async def issue(site: Site, webroot: Path) -> None:
    await site.buy(NAME)
    lines = here(documented("dehydrated"), **{DOCUMENTED: str(webroot)})
    await site.succeed("sh", "-euc", lines, **variables(site))


async def test_http_01_with_eab_gets_a_certificate_that_can_be_renewed_and_revoked(
    site: Site,
) -> None:
    again = [program("dehydrated"), "--config", "dehydrated.conf"]
    async with webroot(site) as directory:
        await issue(site, directory)
        first = site.check_certificate(chain(site, NAME), NAME)
        await site.succeed(*again, "--cron", "--force", "--domain", NAME)
    second = site.check_certificate(chain(site, NAME), NAME)
    assert second.serial_number != first.serial_number
    await site.succeed(*again, "--revoke", str(chain(site, NAME)))
    revoked = await site.gateway.pool.fetchval("SELECT serial FROM ca.revocation")
    assert int(revoked, 16) == second.serial_number


async def test_dns_01_gets_a_wildcard(site: Site) -> None:
    await site.buy(WILDCARD)
    hook(site, _HOOK)
    registration = documented("dehydrated").rpartition("dehydrated ")[0]
    lines = registration + documented("dehydrated wildcard")
    await site.succeed("sh", "-euc", lines, **variables(site))
    site.check_certificate(chain(site, "wildcard.example.com"), WILDCARD)


async def test_a_name_outside_the_subscription_is_refused_in_words(site: Site) -> None:
    lines = here(documented("dehydrated"), **{DOCUMENTED: str(site.directory)})
    output = await site.fail("sh", "-euc", lines, **variables(site))
    assert "There is no subscription yet" in output
