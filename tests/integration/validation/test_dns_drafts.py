"""dns-account-01 and dns-persist-01 against a real name server, as their drafts have it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from gateway.rules.acme.key_authorization import txt_value
from gateway.validation import dnsaccount01, dnspersist01
from gateway.validation.dns import DnsResolver
from gateway.validation.method import Claim, Evidence, Network, ValidationFailed
from tests.support.dns_server import DnsServer, dns_server

NOW = datetime(2025, 1, 10, 15, 30, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
US = "ca.example.net"
ACCOUNT = "https://example.com/acme/acct/ExampleAccount"
CLAIM = Claim("example.com", "token", "thumbprint", False, ACCOUNT, (US, "ca.example.org"), NOW)
WILDCARD = replace(CLAIM, wildcard=True)
LABELED = "_ujmmovf2vn55tgye._acme-challenge.example.com"
PERSISTENT = "_validation-persist.example.com"
MINE = f"{US}; accounturi={ACCOUNT}"


@pytest.fixture
async def dns() -> AsyncIterator[DnsServer]:
    async with dns_server() as server:
        yield server


async def by_account(dns: DnsServer) -> Evidence:
    return await dnsaccount01.check(CLAIM, DnsResolver([dns.address], 2), Network())


async def by_record(dns: DnsServer, claim: Claim = CLAIM) -> Evidence:
    return await dnspersist01.check(claim, DnsResolver([dns.address], 2), Network())


async def refusal(dns: DnsServer, *records: str, claim: Claim = CLAIM) -> ValidationFailed:
    """What is said of these records."""
    dns.txt(PERSISTENT, *records)
    with pytest.raises(ValidationFailed) as failed:
        await by_record(dns, claim)
    assert not failed.value.transient
    return failed.value


# --- dns-account-01 --------------------------------------------------------------------------


async def test_the_digest_at_the_account_s_label_proves_control(dns: DnsServer) -> None:
    dns.txt(LABELED, "something else", txt_value(CLAIM.key_authorization))
    assert await by_account(dns) == {"record": LABELED}


async def test_the_digest_at_the_common_label_does_not(dns: DnsServer) -> None:
    dns.txt("_acme-challenge.example.com", txt_value(CLAIM.key_authorization))
    with pytest.raises(ValidationFailed, match=f"{LABELED} has no TXT record"):
        await by_account(dns)


async def test_the_label_may_be_an_alias(dns: DnsServer) -> None:
    dns.set(LABELED, "CNAME", "proof.example.net.")
    dns.txt("proof.example.net", txt_value(CLAIM.key_authorization))
    await by_account(dns)


# --- dns-persist-01 --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "record",
    [
        MINE,
        MINE.replace(US, US.upper()),
        MINE.replace(US, "ca.example.org"),
        f"{MINE}; policy=wildcard",
        f"{MINE}; policy=something-new",
        f"{MINE}; unknown=parameter",
        f"{MINE}; persistUntil={SECONDS}",
        f"{US} ;ACCOUNTURI = {ACCOUNT} ; PersistUntil={SECONDS + 1}",
    ],
)
async def test_a_record_for_this_ca_and_account_proves_control(dns: DnsServer, record: str) -> None:
    dns.txt(PERSISTENT, record)
    assert await by_record(dns) == {"record": PERSISTENT}


async def test_it_may_stand_beside_those_of_others_and_wrong_ones(dns: DnsServer) -> None:
    records = ["v=spf1 -all", "other.example; accounturi=x", f"{US}; nonsense", MINE]
    dns.txt(PERSISTENT, *records)
    await by_record(dns)


async def test_a_wildcard_needs_the_policy(dns: DnsServer) -> None:
    assert "policy=wildcard" in (await refusal(dns, MINE, claim=WILDCARD)).detail
    dns.txt(PERSISTENT, f"{MINE}; POLICY=WildCard")
    await by_record(dns, WILDCARD)


async def test_the_record_of_another_account_does_not_count(dns: DnsServer) -> None:
    failed = await refusal(dns, f"{US}; accounturi={ACCOUNT}2")
    assert failed.kind == "unauthorized"
    assert f"'{ACCOUNT}2', not {ACCOUNT}" in failed.detail


async def test_a_record_counts_until_the_end_it_names(dns: DnsServer) -> None:
    failed = await refusal(dns, f"{MINE}; persistUntil={SECONDS - 1}")
    assert failed.kind == "unauthorized"
    assert "counted until 2025-01-10T15:29:59Z" in failed.detail


@pytest.mark.parametrize(
    "record",
    [
        US,
        f"{US};",
        f"{US}; accounturi=",
        f"{MINE};",
        f"{MINE}; {MINE.partition('; ')[2]}",
        f"{MINE}; policy",
        f"{MINE}; persistUntil=soon",
        f"{MINE}; persistUntil=99999999999999",
        f"{MINE}; persistUntil=-99999999999",
    ],
)
async def test_a_record_for_this_ca_that_cannot_be_understood_is_malformed(
    dns: DnsServer, record: str
) -> None:
    assert (await refusal(dns, record)).kind == "malformed"


@pytest.mark.parametrize("records", [[], [f"other.example; accounturi={ACCOUNT}"]])
async def test_without_a_record_for_this_ca_the_problem_says_what_is_expected(
    dns: DnsServer, records: list[str]
) -> None:
    failed = await refusal(dns, *records)
    assert failed.kind == "unauthorized"
    assert f"expected '{US} or ca.example.org; accounturi={ACCOUNT}'" in failed.detail


async def test_a_failing_resolver_is_worth_another_attempt(dns: DnsServer) -> None:
    dns.failing[PERSISTENT] = "SERVFAIL"
    with pytest.raises(ValidationFailed) as failed:
        await by_record(dns)
    assert (failed.value.kind, failed.value.transient) == ("dns", True)
