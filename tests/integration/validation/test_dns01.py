"""dns-01 against a real name server (RFC 8555 §8.4)."""

from collections.abc import AsyncIterator

import pytest

from gateway.rules.acme.key_authorization import txt_value
from gateway.validation import dns01
from gateway.validation.dns import DnsResolver
from gateway.validation.method import Claim, Network, ValidationFailed
from tests.support.dns_server import DnsServer, dns_server

CLAIM = Claim("example.com", "token", "thumbprint")
RECORD = "_acme-challenge.example.com"
EXPECTED = txt_value("token.thumbprint")


@pytest.fixture
async def dns() -> AsyncIterator[DnsServer]:
    async with dns_server() as server:
        yield server


async def check(dns: DnsServer) -> None:
    await dns01.check(CLAIM, DnsResolver([dns.address], timeout=2), Network())


async def failure(dns: DnsServer) -> ValidationFailed:
    with pytest.raises(ValidationFailed) as failed:
        await check(dns)
    return failed.value


async def test_the_digest_in_the_record_proves_control(dns: DnsServer) -> None:
    dns.txt(RECORD, EXPECTED)
    await check(dns)


async def test_it_may_stand_beside_others(dns: DnsServer) -> None:
    dns.txt(RECORD, "that of the wildcard", EXPECTED, "an old one")
    await check(dns)


async def test_the_record_may_be_an_alias(dns: DnsServer) -> None:
    dns.set(RECORD, "CNAME", "proof.example.net.")
    dns.txt("proof.example.net", EXPECTED)
    await check(dns)


async def test_a_missing_record_is_reported_with_its_name(dns: DnsServer) -> None:
    failed = await failure(dns)
    assert (failed.kind, failed.transient) == ("unauthorized", False)
    assert failed.detail == f"{RECORD} has no TXT record."


async def test_another_value_is_shown(dns: DnsServer) -> None:
    dns.txt(RECORD, "nonsense\\195\\164")
    failed = await failure(dns)
    assert failed.kind == "incorrectResponse"
    assert RECORD in failed.detail
    assert "'nonsense\\xe4'" in failed.detail


async def test_of_many_values_a_few_are_shown(dns: DnsServer) -> None:
    dns.txt(RECORD, *(f"value {number}" for number in range(5)))
    assert "and 2 more" in (await failure(dns)).detail


@pytest.mark.parametrize("other", [EXPECTED + "=", EXPECTED.lower(), EXPECTED[:-1]])
async def test_almost_the_digest_is_not_the_digest(dns: DnsServer, other: str) -> None:
    dns.txt(RECORD, other)
    assert (await failure(dns)).kind == "incorrectResponse"


async def test_a_failing_resolver_is_worth_another_attempt(dns: DnsServer) -> None:
    dns.failing[RECORD] = "SERVFAIL"
    failed = await failure(dns)
    assert (failed.kind, failed.transient) == ("dns", True)
    assert "SERVFAIL" in failed.detail
    assert RECORD in failed.detail
