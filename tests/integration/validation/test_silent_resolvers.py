"""Resolvers that do not answer, or do not validate DNSSEC, are our fault and fail no challenge."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from gateway.rules.acme.key_authorization import txt_value
from gateway.usecases.operation import dnssec_watch
from gateway.usecases.operation.dnssec_watch import DnssecWatch
from gateway.validation.dns import DnsResolver, LookupFailed
from gateway.validation.dnssec import DnssecStanding, ResolverLook, Vouched, look_at
from tests.integration.validation.test_own_faults import (
    RECORD,
    asking,
    becomes,
    counted,
    free_port,
    put_off,
)
from tests.integration.validation.test_validator import (
    NAME,
    URN,
    eventually,
    respond,
    sweeping,
    validate,
)
from tests.support.dns_server import DnsServer, dns_server
from tests.support.waiting_orders import ValidationOrders
from tests.support.web_server import WebServer

SIGNED, BOGUS = "signed.example.com", "bogus.example.com"
SOA = "ns.example.com. admin.example.com. 1 2 3 4 5"


@pytest.mark.parametrize("trouble", ["silent", "gone", "refuses everybody"])
@pytest.mark.parametrize("method", ["http-01", "dns-01"])
async def test_resolvers_that_do_not_answer_at_all_are_our_fault(
    waiting: ValidationOrders, zone: DnsServer, no_time: None, trouble: str, method: str
) -> None:
    order = await waiting.order(NAME)
    proof = order.proofs[NAME, method]
    services = asking(waiting, zone)
    if trouble == "silent":
        zone.silent |= {".", NAME, RECORD}
    elif trouble == "refuses everybody":
        zone.failing |= dict.fromkeys((".", NAME, RECORD), "REFUSED")
    else:
        services = replace(services, resolver=DnsResolver([f"127.0.0.1:{free_port()}"], 0.3))
    await validate(waiting, proof, services=services)
    assert "could not be looked up" in await put_off(waiting, order, proof)


@pytest.mark.parametrize(
    ("trouble", "detail"),
    [
        ("silent", "no answer within 0.3 seconds"),
        ("SERVFAIL", "the resolver answered SERVFAIL"),
        ("REFUSED", "the resolver answered REFUSED"),
    ],
)
async def test_a_zone_that_alone_does_not_answer_is_the_fault_of_its_owner(
    waiting: ValidationOrders, zone: DnsServer, no_time: None, trouble: str, detail: str
) -> None:
    order = await waiting.order(NAME)
    proof = order.dns(NAME)
    if trouble == "silent":
        zone.silent.add(RECORD)
    else:
        zone.failing[RECORD] = trouble
    await validate(waiting, proof, services=asking(waiting, zone))
    assert await waiting.statuses(order, proof) == ("invalid", "invalid", "invalid")
    error = (await waiting.challenge(proof))["error"]
    assert error["type"] == URN + "dns"
    assert detail in error["detail"]


@pytest.mark.parametrize("method", ["http-01", "dns-01"])
async def test_a_resolver_that_knows_only_the_root_by_heart_is_our_fault(
    waiting: ValidationOrders, zone: DnsServer, no_time: None, method: str
) -> None:
    """A validating one that is cut off from the internet says SERVFAIL, and not nothing."""
    order = await waiting.order(NAME)
    proof = order.proofs[NAME, method]
    zone.cut_off = True
    await validate(waiting, proof, services=asking(waiting, zone))
    assert "the resolver answered SERVFAIL" in await put_off(waiting, order, proof)


@pytest.mark.parametrize("code", ["REFUSED", "NXDOMAIN", "NOERROR"])
async def test_a_server_of_a_few_names_need_not_know_what_it_is_probed_with(
    zone: DnsServer, code: str
) -> None:
    zone.failing[NAME] = "SERVFAIL"
    zone.otherwise = code
    with pytest.raises(LookupFailed) as failed:
        await DnsResolver([zone.address], timeout=0.4).txt(NAME)
    assert failed.value.ours is None


async def test_however_many_look_ups_fail_at_once_the_resolver_is_probed_once(
    zone: DnsServer,
) -> None:
    names = [f"{number}.{NAME}" for number in range(20)]
    zone.failing |= dict.fromkeys(names, "SERVFAIL")
    resolver = DnsResolver([zone.address], timeout=0.4)
    failures = await asyncio.gather(*map(resolver.txt, names), return_exceptions=True)
    assert [getattr(each, "ours", "") for each in failures] == [None] * 20
    assert (
        len([name for name, _, _ in zone.queries if name.endswith(".com")])
        - len([name for name, _, _ in zone.queries if name.endswith(NAME)])
        == 1
    )


async def test_a_zone_that_does_not_answer_is_distinguished_from_a_resolver_that_is_gone(
    zone: DnsServer,
) -> None:
    zone.silent.add(NAME)
    both = DnsResolver([zone.address, f"127.0.0.1:{free_port()}"], timeout=0.4)
    with pytest.raises(LookupFailed) as failed:
        await both.txt(NAME)
    assert failed.value.ours is None


async def test_caa_that_cannot_be_looked_up_from_here_fails_no_proof(
    waiting: ValidationOrders, zone: DnsServer, no_time: None
) -> None:
    order = await waiting.order(NAME)
    proof = order.dns(NAME)
    zone.txt(RECORD, txt_value(proof.content.decode()))
    zone.silent |= {".", NAME, "example.com", "com"}
    services = asking(waiting, zone)
    await validate(waiting, proof, services=services)
    assert "CAA records" in await put_off(waiting, order, proof)
    zone.silent.clear()
    async with sweeping(services):
        await becomes(waiting, order, "ready")


async def test_while_resolvers_do_not_validate_dnssec_nothing_is_proven_and_nothing_fails(
    waiting: ValidationOrders, web: WebServer, no_time: None
) -> None:
    services = waiting.with_settings(require_dnssec=True)
    order = await waiting.order(NAME)
    proof = respond(web, order, NAME)
    cause = "this CA's resolvers do not validate DNSSEC"
    complaint = "The resolver 192.0.2.1:53 does not validate DNSSEC."
    services.dnssec.take(ResolverLook(complaint, cause), services.resolver)
    before = counted("dnssec")
    await validate(waiting, proof, services=services)
    detail = await put_off(waiting, order, proof)
    assert "do not validate DNSSEC" in detail
    assert "192.0.2.1" not in detail
    assert web.requests == []
    assert counted("dnssec") == before + 1
    services.dnssec.take(ResolverLook("", cause), services.resolver)
    async with sweeping(services):
        await becomes(waiting, order, "ready")


async def test_nothing_is_proven_before_the_resolvers_were_looked_at(
    waiting: ValidationOrders,
) -> None:
    order = await waiting.order(NAME)
    proof = order.http(NAME)
    await validate(waiting, proof, services=waiting.with_settings(require_dnssec=True))
    assert "were not looked at yet" in await put_off(waiting, order, proof)


async def test_while_no_resolver_answers_the_look_that_is_the_cause_and_it_is_made_again(
    waiting: ValidationOrders, zone: DnsServer, web: WebServer, no_time: None, soon: None
) -> None:
    """Not even where they answer what is asked for the challenge."""
    services = asking(waiting, zone, require_dnssec=True, dnssec_signed=SIGNED, dnssec_bogus=BOGUS)
    order = await waiting.order(NAME)
    proof = respond(web, order, NAME)
    zone.silent |= {SIGNED, BOGUS}
    before = counted("resolver")
    watch = asyncio.create_task(DnssecWatch(services).run_forever())
    try:

        async def looked() -> bool:
            return bool(services.dnssec.look.silent)

        await eventually(looked)
        await validate(waiting, proof, services=services)
        detail = await put_off(waiting, order, proof)
        assert "this CA's resolvers do not answer" in detail
        assert "validate" not in detail
        assert web.requests == []
        assert counted("resolver") == before + 1
        zone.silent.clear()
        zone.set(SIGNED, "SOA", SOA)
        zone.authentic.add(SIGNED)
        async with sweeping(services):
            await becomes(waiting, order, "ready")
    finally:
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)


async def test_a_resolver_that_was_silent_at_the_look_is_not_asked_before_it_has_shown_itself(
    zone: DnsServer,
) -> None:
    """It comes back, and does not validate: another is asked meanwhile, and then none."""
    async with dns_server() as good:
        good.set(SIGNED, "SOA", SOA)
        good.authentic.add(SIGNED)
        good.txt(RECORD, "good")
        zone.txt(RECORD, "forged")
        zone.silent |= {SIGNED, BOGUS}
        standing, all_of_them = DnssecStanding(), DnsResolver([zone.address, good.address], 1.0)
        look = await look_at(all_of_them.nameservers, SIGNED, BOGUS, 0.3)
        standing.take(look, all_of_them)
        assert (look.complaint, look.silent) == ("", tuple(all_of_them.nameservers[:1]))
        assert await Vouched(all_of_them, standing).txt(RECORD) == ["good"]
        assert zone.asked(RECORD, "TXT") == []
        zone.silent.clear()
        assert await Vouched(all_of_them, standing).txt(RECORD) == ["good"]
        zone.set(SIGNED, "SOA", SOA)
        standing.take(await look_at(all_of_them.nameservers, SIGNED, BOGUS, 0.3), all_of_them)
        with pytest.raises(LookupFailed, match="do not validate DNSSEC") as failed:
            await Vouched(all_of_them, standing).txt(RECORD)
        assert failed.value.ours == "dnssec"
        zone.authentic.add(SIGNED)
        standing.take(await look_at(all_of_them.nameservers, SIGNED, BOGUS, 0.3), all_of_them)
        assert await Vouched(all_of_them, standing).txt(RECORD) == ["forged"]


async def test_looks_are_repeated_soon_while_any_resolver_is_silent_or_does_not_validate(
    monkeypatch: pytest.MonkeyPatch, waiting: ValidationOrders, soon: None
) -> None:
    silent = ResolverLook("", "", silent=(("192.0.2.1", 53),))
    bad, good = ResolverLook("bad", "bad"), ResolverLook("", "")
    looks, made = [silent, bad, silent, good], asyncio.Event()
    assert dnssec_watch._PAUSE_SECONDS > 60

    async def found(*_: Any) -> ResolverLook:
        look = looks.pop(0)
        if not looks:
            made.set()
        return look

    monkeypatch.setattr(dnssec_watch, "look_at", found)
    services = waiting.with_settings(require_dnssec=True)
    watch = asyncio.create_task(DnssecWatch(services).run_forever())
    await asyncio.wait_for(made.wait(), 10)
    await asyncio.sleep(0.1)  # time enough for many looks, were they soon
    assert not watch.done()  # one more look would have found none left
    watch.cancel()
    await asyncio.gather(watch, return_exceptions=True)
