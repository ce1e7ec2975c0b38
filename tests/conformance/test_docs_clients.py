"""The commands of docs/clients.md get certificates as they stand there."""

from gateway.rules.issuance import (
    GateFacts,
    Standing,
    SubscriptionFacts,
    refusals,
)
from tests.conformance.conftest import Site
from tests.conformance.document import DOCUMENT, documented, variables
from tests.unit.rules.test_issuance import CURRENT, GOOD, NOW

NAME = "www.example.com"


async def test_certbots_line_gets_a_certificate(site: Site) -> None:
    await site.buy(NAME)
    (site.directory / "letsencrypt").mkdir()
    (site.directory / "letsencrypt" / "cli.ini").write_text(
        f"""
        config-dir = {site.directory}/config
        work-dir = {site.directory}/work
        logs-dir = {site.directory}/logs
        http-01-port = {site.gateway.http_port}
        non-interactive = true
        """.replace("        ", "")
    )
    await site.succeed("sh", "-euc", documented("certbot"), **variables(site))
    site.check_certificate(site.directory / "config" / "live" / NAME / "fullchain.pem", NAME)


async def test_legos_line_gets_a_certificate(site: Site) -> None:
    await site.buy(NAME)
    line = documented("lego").replace(":80", f"127.0.0.1:{site.gateway.http_port}")
    await site.succeed("sh", "-euc", line, **variables(site))
    site.check_certificate(site.directory / ".lego" / "certificates" / f"{NAME}.crt", NAME)


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
            GateFacts(Standing("valid", True, "active", False), CURRENT, frozenset()),
            "The account is suspended",
        ),
    ]
    for facts, words in situations:
        [refusal] = refusals(facts, [NAME], NOW)
        assert words in refusal.text
        assert words in text
