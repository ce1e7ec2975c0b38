"""Look-ups at a real name server."""

import time
from collections.abc import AsyncIterator

import pytest

from gateway.errors import ConfigurationError
from gateway.validation.dns import DnsResolver, FixedResolver, LookupFailed
from tests.support.dns_server import DnsServer, dns_server


@pytest.fixture
async def dns() -> AsyncIterator[DnsServer]:
    async with dns_server() as server:
        yield server


@pytest.fixture
def resolver(dns: DnsServer) -> DnsResolver:
    return DnsResolver([dns.address], timeout=2)


async def test_ipv6_addresses_come_before_ipv4(dns: DnsServer, resolver: DnsResolver) -> None:
    dns.set("example.com", "A", "192.0.2.1", "192.0.2.2")
    dns.set("example.com", "AAAA", "2001:db8::1")
    found = await resolver.addresses("example.com")
    assert found[0] == "2001:db8::1"
    assert sorted(found[1:]) == ["192.0.2.1", "192.0.2.2"]


async def test_a_name_that_does_not_exist_has_no_addresses(resolver: DnsResolver) -> None:
    assert await resolver.addresses("missing.example.com") == []


async def test_a_name_without_such_records_has_none(dns: DnsServer, resolver: DnsResolver) -> None:
    dns.txt("example.com", "only this")
    assert await resolver.addresses("example.com") == []


async def test_one_address_family_is_enough_when_the_other_fails(
    dns: DnsServer, resolver: DnsResolver
) -> None:
    dns.set("example.com", "A", "192.0.2.1")
    dns.failing["AAAA example.com"] = "SERVFAIL"
    assert await resolver.addresses("example.com") == ["192.0.2.1"]


async def test_a_failing_family_is_not_taken_for_an_empty_one(
    dns: DnsServer, resolver: DnsResolver
) -> None:
    dns.txt("example.com", "exists")
    dns.failing["AAAA example.com"] = "SERVFAIL"
    with pytest.raises(LookupFailed, match=r"AAAA records of example\.com .* SERVFAIL"):
        await resolver.addresses("example.com")


@pytest.mark.parametrize("code", ["SERVFAIL", "REFUSED", "FORMERR", "NOTIMP"])
async def test_a_refusal_names_record_and_code(
    dns: DnsServer, resolver: DnsResolver, code: str
) -> None:
    dns.failing["example.com"] = code
    with pytest.raises(LookupFailed) as failed:
        await resolver.txt("example.com")
    assert str(failed.value) == (
        f"The TXT records of example.com could not be looked up: the resolver answered {code}."
    )


async def test_silence_ends_at_the_timeout(dns: DnsServer) -> None:
    dns.silent.add("example.com")
    before = time.monotonic()
    with pytest.raises(LookupFailed, match=r"no answer within 0\.4 seconds"):
        await DnsResolver([dns.address], timeout=0.4).txt("example.com")
    assert time.monotonic() - before < 2


async def test_a_lost_packet_is_sent_again(dns: DnsServer, resolver: DnsResolver) -> None:
    dns.txt("example.com", "found")
    dns.lose_next = 1
    assert await resolver.txt("example.com") == ["found"]


async def test_the_next_resolver_is_asked_when_one_fails(
    dns: DnsServer, resolver: DnsResolver
) -> None:
    dns.txt("example.com", "found")
    async with dns_server() as broken:
        broken.failing["example.com"] = "SERVFAIL"
        both = DnsResolver([broken.address, dns.address], timeout=2)
        assert await both.txt("example.com") == ["found"]


async def test_a_closed_port_is_a_resolver_that_cannot_be_reached() -> None:
    async with dns_server() as gone:
        address = gone.address
    with pytest.raises(LookupFailed, match=r"cannot be reached|no answer"):
        await DnsResolver([address], timeout=0.5).txt("example.com")


async def test_strings_of_one_record_are_joined_and_records_are_not(
    dns: DnsServer, resolver: DnsResolver
) -> None:
    dns.set("example.com", "TXT", '"first " "half"', '"another"')
    assert sorted(await resolver.txt("example.com")) == ["another", "first half"]


async def test_aliases_are_followed_also_over_several_answers(
    dns: DnsServer, resolver: DnsResolver
) -> None:
    dns.set("_acme-challenge.example.com", "CNAME", "a.example.net.")
    dns.set("a.example.net", "CNAME", "b.example.org.")
    dns.txt("b.example.org", "found")
    assert await resolver.txt("_acme-challenge.example.com") == ["found"]


async def test_an_alias_to_nothing_is_nothing(dns: DnsServer, resolver: DnsResolver) -> None:
    dns.set("example.com", "CNAME", "missing.example.net.")
    assert await resolver.txt("example.com") == []


async def test_aliases_in_a_circle_end(dns: DnsServer, resolver: DnsResolver) -> None:
    dns.set("a.example.com", "CNAME", "b.example.com.")
    dns.set("b.example.com", "CNAME", "a.example.com.")
    with pytest.raises(LookupFailed, match="aliases never end"):
        await resolver.txt("a.example.com")


async def test_a_truncated_answer_is_asked_for_by_tcp(
    dns: DnsServer, resolver: DnsResolver
) -> None:
    dns.truncated.add("example.com")
    dns.txt("example.com", "x" * 200, *(f"{number:0200}" for number in range(20)))
    assert len(await resolver.txt("example.com")) == 21
    assert dns.asked("example.com", "TXT") == ["udp", "tcp"]


@pytest.mark.parametrize("name", ["a..example.com", "x" * 64 + ".com", "a." * 130 + "com"])
async def test_what_is_no_name_is_refused(resolver: DnsResolver, name: str) -> None:
    with pytest.raises(LookupFailed, match="not a DNS name"):
        await resolver.addresses(name)


async def test_records_are_not_remembered(dns: DnsServer, resolver: DnsResolver) -> None:
    dns.txt("example.com", "old")
    assert await resolver.txt("example.com") == ["old"]
    dns.txt("example.com", "new")
    assert await resolver.txt("example.com") == ["new"]


async def test_the_sandbox_resolver_knows_one_address_and_no_txt() -> None:
    fixed = FixedResolver("127.0.0.1")
    assert await fixed.addresses("anything.example") == ["127.0.0.1"]
    assert await fixed.txt("_acme-challenge.anything.example") == []


@pytest.mark.parametrize("text", ["", "127.0.0.1:http:", "no.such.host.invalid:53", "::1:x"])
def test_a_resolver_that_cannot_be_used_is_reported_at_the_start(text: str) -> None:
    with pytest.raises(ConfigurationError, match="write it as host:port"):
        DnsResolver([text], timeout=1)


@pytest.mark.parametrize("text", ["127.0.0.1:5353", "localhost:53", "[::1]:53", "::1", "192.0.2.1"])
def test_a_resolver_may_be_an_address_or_a_host_with_or_without_port(text: str) -> None:
    DnsResolver([text], timeout=1)
