"""Proofs by DNS, wildcards, and CAA: with each proof and again before issuance after 8 hours."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from tests.support.certificate_shop import NAME, CertificateShop, eventually, shop_of
from tests.support.challenge_server import challenge_server
from tests.support.dns_gateway import CAA_IDENTITY as US
from tests.support.dns_gateway import gateway_with_dns
from tests.support.dns_server import DnsServer, dns_server

WILDCARD = "*.example.com"


@pytest.fixture
async def dns() -> AsyncIterator[DnsServer]:
    async with dns_server() as server:
        server.set(NAME, "A", "127.0.0.1")
        yield server


@pytest.fixture
async def named(database: str, tmp_path: Path, dns: DnsServer) -> AsyncIterator[CertificateShop]:
    """A customer of a gateway that asks `dns`."""
    async with (
        gateway_with_dns(database, tmp_path, dns) as gateway,
        challenge_server(gateway.http_port) as web,
    ):
        await gateway.at("2025-12-01T12:00:00Z")
        yield await shop_of(gateway, gateway.login, web)


async def problem(shop: CertificateShop, cert_id: str) -> Any:
    """What stands in the way, once something does."""
    return await eventually(lambda: _problem(shop, cert_id))


async def _problem(shop: CertificateShop, cert_id: str) -> Any:
    return (await shop.show(cert_id))["problem"]


async def test_a_wildcard_and_its_base_are_proven_by_two_records_at_one_name(
    named: CertificateShop, dns: DnsServer
) -> None:
    cert_id = await named.buy(WILDCARD, "example.com")
    applied = await named.apply(cert_id, WILDCARD, "example.com")
    proofs = applied["domain_validation"]
    assert {proof["location"] for proof in proofs} == {"_acme-challenge.example.com"}
    assert "no TXT record" in await problem(named, cert_id)
    dns.txt("_acme-challenge.example.com", *(proof["value"] for proof in proofs))
    shown = await named.until(cert_id, "ISSUED")
    leaf = x509.load_pem_x509_certificate(shown["certificate"].encode())
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [WILDCARD, "example.com"]


async def test_no_certificate_against_the_caa_records_of_the_owner(
    named: CertificateShop, dns: DnsServer
) -> None:
    dns.set("example.com", "CAA", '0 issue "another.example"')
    cert_id = await named.buy()
    await named.prove(cert_id, await named.apply(cert_id, domain_method="FILE"))
    assert "let 'another.example' issue" in await problem(named, cert_id)
    assert await named.status(cert_id) == "CHECKING"
    dns.set("example.com", "CAA", f'0 issue "{US}"')
    await named.until(cert_id, "ISSUED")


def take_away(dns: DnsServer, trouble: str) -> None:
    """What is wrong with our resolver."""
    if trouble == "silent":
        dns.silent |= {".", NAME, "example.com"}
    dns.cut_off = trouble == "cut off"


@pytest.mark.parametrize("trouble", ["silent", "cut off"])
async def test_a_resolver_of_ours_that_fails_is_reported_and_does_not_lengthen_the_pauses(
    named: CertificateShop, dns: DnsServer, trouble: str
) -> None:
    take_away(dns, trouble)
    cert_id = await named.buy()
    await named.prove(cert_id, await named.apply(cert_id, domain_method="FILE"))
    message = await problem(named, cert_id)
    assert "looked up" in message.lower() or "looking up" in message.lower()
    assert "The cause is on our side; it is tried again." in message
    assert await named.status(cert_id) == "CHECKING"
    await pauses_stay_short(named, cert_id)
    dns.silent.clear()
    dns.cut_off = False
    await named.until(cert_id, "ISSUED")


async def pauses_stay_short(named: CertificateShop, cert_id: str) -> None:
    """A look of ours that failed was not counted."""
    row = await named.gateway.pool.fetchrow(
        """
        SELECT attempts, due_at - clock_timestamp() <= interval '15 seconds' AS soon
          FROM ssl."order"
         WHERE cert_id = $1
        """,
        cert_id,
    )
    assert row is not None
    assert (row["attempts"], row["soon"]) == (0, True)


@pytest.mark.parametrize("trouble", ["silent", "cut off"])
async def test_nor_does_it_where_caa_is_looked_at_again_before_issuance(
    named: CertificateShop, dns: DnsServer, trouble: str
) -> None:
    await named.issue()
    await named.gateway.advance(9 * 3600)
    take_away(dns, trouble)
    second = await named.buy()
    await named.apply(second)
    assert "The cause is on our side" in await problem(named, second)
    assert await named.status(second) == "ISSUING"
    await pauses_stay_short(named, second)
    dns.silent.clear()
    dns.cut_off = False
    await named.until(second, "ISSUED")


async def test_a_look_is_given_up_when_the_time_for_all_of_it_is_over(
    database: str, tmp_path: Path, dns: DnsServer
) -> None:
    dns.silent.add(NAME)
    async with (
        gateway_with_dns(database, tmp_path, dns, timeout_seconds=60, total_seconds=0.4) as gateway,
        challenge_server(gateway.http_port) as web,
    ):
        shop = await shop_of(gateway, gateway.login, web)
        cert_id = await shop.buy()
        await shop.prove(cert_id, await shop.apply(cert_id, domain_method="FILE"))
        assert "not done within 0.4 seconds in all" in await problem(shop, cert_id)


async def test_caa_counts_for_8_hours_also_where_the_proof_counts_longer(
    named: CertificateShop, dns: DnsServer
) -> None:
    await named.issue()
    dns.set("example.com", "CAA", '0 issue "another.example"')
    await named.gateway.advance(7 * 3600)
    second = await named.buy()
    await named.apply(second)
    await named.until(second, "ISSUED")
    await named.gateway.advance(2 * 3600)
    third = await named.buy()
    await named.apply(third)
    assert "let 'another.example' issue" in await problem(named, third)
    assert await named.status(third) == "ISSUING"
    await named.gateway.services.refusals.flush()
    kept = "SELECT reason, reseller, times FROM ops.refusals WHERE subject = $1"
    [row] = await named.gateway.pool.fetch(kept, third)
    assert tuple(row) == ("caa_refused", named.login, 1)
    dns.set("example.com", "CAA", f'0 issue "{US}"')
    await named.until(third, "ISSUED")
