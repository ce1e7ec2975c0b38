"""CAA records of a real name server (RFC 8659 §3)."""

from collections.abc import AsyncIterator

import pytest

from gateway.validation import caa
from gateway.validation.dns import DnsResolver, FixedResolver
from gateway.validation.method import Claim, Evidence, ValidationFailed
from tests.support.dns_server import DnsServer, dns_server

NAME = "shop.www.example.com"
US = "ca.example.net"
ACCOUNT = "https://ca.example.net/v2/DV/account/1"
CLAIM = Claim(NAME, "token", "thumbprint", account_url=ACCOUNT, identities=(US,))
WILDCARD = Claim(NAME, "token", "thumbprint", True, ACCOUNT, (US,))


@pytest.fixture
async def dns() -> AsyncIterator[DnsServer]:
    async with dns_server() as server:
        yield server


async def check(dns: DnsServer, claim: Claim = CLAIM, method: str = "http-01") -> Evidence:
    resolver = DnsResolver([dns.address], timeout=0.5)
    return await caa.check(claim, method, resolver)


async def failure(dns: DnsServer, claim: Claim = CLAIM) -> ValidationFailed:
    with pytest.raises(ValidationFailed) as failed:
        await check(dns, claim)
    return failed.value


async def test_names_without_records_up_to_the_root_may_be_issued_for(dns: DnsServer) -> None:
    assert await check(dns) == {}
    assert [name for name, _, _ in dns.queries] == [
        NAME,
        "www.example.com",
        "example.com",
        "com",
    ]


async def test_the_records_closest_to_the_name_count(dns: DnsServer) -> None:
    dns.set("www.example.com", "CAA", f'0 issue "{US}"')
    dns.set("example.com", "CAA", '0 issue "another.example"')
    assert await check(dns) == {"caa": "www.example.com"}


async def test_records_of_a_parent_forbid_and_the_text_says_where_they_are(dns: DnsServer) -> None:
    dns.set("example.com", "CAA", '0 issue "another.example"')
    failed = await failure(dns)
    assert (failed.kind, failed.transient) == ("caa", False)
    assert failed.detail == (
        "The CAA records of example.com let 'another.example' issue. "
        f"To have certificates for {NAME} issued here, allow {US} there."
    )


async def test_records_without_a_restriction_end_the_climb(dns: DnsServer) -> None:
    dns.set(NAME, "CAA", '0 iodef "mailto:security@example.com"')
    dns.set("example.com", "CAA", '0 issue ";"')
    assert await check(dns) == {"caa": NAME}


async def test_an_alias_is_followed_and_the_climb_goes_on_from_the_name_itself(
    dns: DnsServer,
) -> None:
    dns.set(NAME, "CNAME", "hosted.example.org.")
    dns.set("example.org", "CAA", '0 issue ";"')
    assert await check(dns) == {}
    dns.set("hosted.example.org", "CAA", '0 issue "another.example"')
    assert (await failure(dns)).kind == "caa"


async def test_a_wildcard_is_looked_up_at_its_base_and_goes_by_issuewild(dns: DnsServer) -> None:
    dns.set(NAME, "CAA", f'0 issue "{US}"', '0 issuewild ";"')
    await check(dns)
    failed = await failure(dns, WILDCARD)
    assert failed.kind == "caa"
    assert f"*.{NAME}" in failed.detail


async def test_account_and_method_are_held_against_the_records(dns: DnsServer) -> None:
    dns.set(NAME, "CAA", f'0 issue "{US}; accounturi={ACCOUNT}; validationmethods=dns-01"')
    await check(dns, method="dns-01")
    assert "and this was http-01" in (await failure(dns)).detail


async def test_an_unknown_critical_property_forbids(dns: DnsServer) -> None:
    dns.set("com", "CAA", f'0 issue "{US}"', '128 tbs "unknown"')
    assert "critical property 'tbs'" in (await failure(dns)).detail


@pytest.mark.parametrize("owner", [NAME, "example.com", "com"])
@pytest.mark.parametrize("code", ["SERVFAIL", "REFUSED", "FORMERR", "NOTIMP"])
async def test_an_error_is_never_taken_for_no_records(
    dns: DnsServer, owner: str, code: str
) -> None:
    """SERVFAIL is also what a validating resolver says of records whose signature is bogus."""
    dns.failing[f"CAA {owner}"] = code
    failed = await failure(dns)
    assert (failed.kind, failed.transient) == ("dns", True)
    assert code in failed.detail
    assert owner in failed.detail


async def test_silence_is_never_taken_for_no_records(dns: DnsServer) -> None:
    dns.silent.add("example.com")
    failed = await failure(dns)
    assert (failed.kind, failed.transient) == ("dns", True)
    assert "CAA records of example.com" in failed.detail


async def test_a_truncated_answer_is_asked_for_again_by_tcp(dns: DnsServer) -> None:
    dns.truncated.add("example.com")
    dns.set("example.com", "CAA", '0 issue ";"')
    assert (await failure(dns)).kind == "caa"
    assert dns.asked("example.com", "CAA") == ["udp", "tcp"]


async def test_a_sandbox_without_dns_has_no_records() -> None:
    resolver = FixedResolver("127.0.0.1")
    assert await caa.check(CLAIM, "http-01", resolver) == {}
