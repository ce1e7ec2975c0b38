"""A fault on our side fails no client's challenge: the validation is repeated later."""

import asyncio
import resource
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec import structs
from prometheus_client import REGISTRY

from gateway.config import Validation
from gateway.rules.acme.key_authorization import txt_value
from gateway.services import Services
from gateway.store.acme import challenges
from gateway.store.operation import clock
from gateway.usecases.acme.validation import Validator
from gateway.usecases.operation import dnssec_watch
from gateway.usecases.operation.dnssec_watch import DnssecWatch
from gateway.validation import dns_probe
from gateway.validation.dns import DnsResolver, LookupFailed
from gateway.validation.dnssec import DnssecStanding, ResolverLook, Vouched, look_at
from tests.integration.validation.test_validator import (
    NAME,
    URN,
    eventually,
    respond,
    sweeping,
    validate,
)
from tests.support import web_server as pages
from tests.support.dns_server import DnsServer, dns_server
from tests.support.waiting_orders import Proof, ValidationOrders, WaitingOrder
from tests.support.web_server import WebServer

RECORD = f"_acme-challenge.{NAME}"
SIGNED, BOGUS = "signed.example.com", "bogus.example.com"
SOA = "ns.example.com. admin.example.com. 1 2 3 4 5"


@pytest.fixture
async def zone() -> AsyncIterator[DnsServer]:
    """The name server that the gateway asks."""
    async with dns_server() as server:
        server.set(NAME, "A", "127.0.0.1")
        yield server


@pytest.fixture
def no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is waited for before it is tried again."""
    monkeypatch.setattr("gateway.usecases.acme.validation._FIRST_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr("gateway.usecases.acme.validation._PAUSE_SECONDS", 0.02)
    monkeypatch.setattr("gateway.validation.dns_probe.SECONDS", 0.2)
    monkeypatch.setattr("gateway.store.acme.challenges._SECONDS_A_LOST_LEASE", 0.0)


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dnssec_watch, "_PAUSE_WHILE_UNSURE_SECONDS", 0.02)
    monkeypatch.setattr(dnssec_watch, "_TIMEOUT_SECONDS", 0.2)


def asking(waiting: ValidationOrders, zone: DnsServer, **validation: Any) -> Services:
    """The gateway's services with a resolver in place of the sandbox's fixed one."""
    resolver = DnsResolver([zone.address], timeout=0.3)
    return replace(waiting.with_settings(**validation), resolver=resolver)


@contextmanager
def no_descriptors_left() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def put_off(waiting: ValidationOrders, order: WaitingOrder, proof: Proof) -> str:
    """The challenge waits, nothing is lost, and this is the detail that the client gets."""
    assert await waiting.statuses(order, proof) == ("processing", "pending", "pending")
    shown = await waiting.challenge(proof)
    assert (shown["put_off"], shown["faults"], shown["failures"]) == (True, 1, 0)
    assert (shown["error"]["type"], shown["error"]["status"]) == (URN + "serverInternal", 500)
    assert "on the side of this CA" in shown["error"]["detail"]
    assert await waiting.audited(proof.authorization_id) == []
    return str(shown["error"]["detail"])


async def becomes(waiting: ValidationOrders, order: WaitingOrder, status: str) -> None:
    async def is_so() -> bool:
        return bool((await waiting.order_row(order))["status"] == status)

    await eventually(is_so)


def counted(reason: str) -> float:
    found = REGISTRY.get_sample_value("gateway_validation_faults_total", {"reason": reason})
    return found or 0.0


# --- sockets ---------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["http-01", "tls-alpn-01", "dns-01", "dns-persist-01"])
async def test_without_descriptors_no_challenge_fails_and_it_is_made_again_when_there_are(
    waiting: ValidationOrders, zone: DnsServer, web: WebServer, no_time: None, method: str
) -> None:
    order = await waiting.order(NAME)
    proof = order.proofs[NAME, method]
    services = waiting.services if method == "tls-alpn-01" else asking(waiting, zone)
    before = counted("sockets")
    attempt = await waiting.answer(proof)
    validator = Validator(services)
    with no_descriptors_left():
        validator.start(attempt)
        await validator.close()
    await put_off(waiting, order, proof)
    assert counted("sockets") == before + 1
    if method == "tls-alpn-01":
        return
    web.pages[proof.path] = pages.body(proof.content)
    zone.txt(RECORD, txt_value(proof.content.decode()))
    zone.txt(f"_validation-persist.{NAME}", await persistent_record(waiting))
    async with sweeping(services):
        await becomes(waiting, order, "ready")
    assert await waiting.statuses(order, proof) == ("valid", "valid", "ready")


async def persistent_record(waiting: ValidationOrders) -> str:
    url = "https://gateway.example.com/waiting/account/waiting"
    return f"gateway.example.com; accounturi={url}"


# --- resolvers -------------------------------------------------------------------------------


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


async def test_faults_of_ours_count_as_no_attempts(
    waiting: ValidationOrders, zone: DnsServer, no_time: None
) -> None:
    """However many there are, what the client may do wrong stays as much as before."""
    order = await waiting.order(NAME)
    proof = order.dns(NAME)
    zone.silent |= {".", RECORD}
    services = asking(waiting, zone, retry_delays_seconds=[0.01])

    async def four_times() -> bool:
        return bool((await waiting.challenge(proof))["faults"] == 4)

    await waiting.answer(proof, lease_seconds=0)
    async with sweeping(services):
        await eventually(four_times)
        zone.silent.clear()
        zone.failing[RECORD] = "SERVFAIL"
        await becomes(waiting, order, "invalid")
    settled = await waiting.challenge(proof)
    assert settled["failures"] == 1
    assert "SERVFAIL" in settled["error"]["detail"]


@pytest.mark.parametrize(("faults", "pause"), [(0, 1), (1, 2), (5, 32), (6, 60), (1000, 60)])
async def test_the_pause_grows_with_each_fault_up_to_a_minute(
    waiting: ValidationOrders, faults: int, pause: int
) -> None:
    proof = (await waiting.order(NAME)).http(NAME)
    attempt = await unknown_method(waiting, proof)
    await waiting.pool.execute("UPDATE acme.challenge SET faults = $1", faults)
    validator = Validator(waiting.services)
    validator.start(structs.replace(attempt, faults=faults))
    await validator.close()
    left = await waiting.pool.fetchval(
        "SELECT extract(epoch FROM leased_until - clock_timestamp()) FROM acme.challenge"
        " WHERE id = $1",
        proof.challenge_id,
    )
    assert pause - 1 < left <= pause


# --- the rest --------------------------------------------------------------------------------


async def unknown_method(waiting: ValidationOrders, proof: Proof) -> challenges.Attempt:
    """A fault of the program: a type that only a later release knows."""
    await waiting.pool.execute(
        "UPDATE acme.challenge SET type = 'later-01' WHERE id = $1", proof.challenge_id
    )
    return await waiting.answer(proof)


async def test_a_fault_of_the_program_is_not_the_client_s(waiting: ValidationOrders) -> None:
    order = await waiting.order(NAME)
    proof = order.http(NAME)
    validator = Validator(waiting.services)
    validator.start(await unknown_method(waiting, proof))
    await validator.close()
    assert "could not be carried out" in await put_off(waiting, order, proof)


async def test_it_is_made_again_until_the_authorization_ends(
    waiting: ValidationOrders, zone: DnsServer, no_time: None
) -> None:
    order = await waiting.order(NAME)
    proof = order.dns(NAME)
    zone.silent |= {".", RECORD}
    await waiting.answer(proof, lease_seconds=0)

    async def several() -> bool:
        return bool((await waiting.challenge(proof))["faults"] > 3)

    async with sweeping(asking(waiting, zone)):
        await eventually(several)
        async with waiting.pool.acquire() as connection:
            await clock.stand_at(connection, datetime.now(UTC) + timedelta(days=8))
        await becomes(waiting, order, "invalid")
    assert "expired on" in (await waiting.challenge(proof))["error"]["detail"]


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
    await asyncio.sleep(0.2)
    assert not watch.done()  # one more look would have found none left
    watch.cancel()
    await asyncio.gather(watch, return_exceptions=True)


async def test_a_check_that_breaks_ten_times_fails_with_an_error_of_its_own(
    waiting: ValidationOrders, no_time: None
) -> None:
    order = await waiting.order(NAME)
    proof = order.http(NAME)
    await unknown_method(waiting, proof)
    await challenges.renew_leases(waiting.pool, [proof.challenge_id], 0)
    # Other faults are no reason to give up, however many there were.
    await waiting.pool.execute("UPDATE acme.challenge SET faults = 100")
    async with sweeping(waiting.services):
        await becomes(waiting, order, "invalid")
    settled = await waiting.challenge(proof)
    assert (settled["faults"], settled["internal_faults"]) == (109, 9)
    assert settled["error"]["type"] == URN + "serverInternal"
    assert "broke 10 times by a fault of this CA" in settled["error"]["detail"]


# --- processes that end ----------------------------------------------------------------------


async def lost(waiting: ValidationOrders, proof: Proof, *, suspects: bool) -> int:
    """A process takes it up and ends; how often that was by then."""
    [attempt] = await challenges.claim_abandoned(waiting.pool, 0, 10, suspects=suspects)
    assert attempt.challenge_id == proof.challenge_id
    return attempt.lost_leases


async def test_an_attempt_that_ends_process_after_process_fails_with_an_error_of_its_own(
    waiting: ValidationOrders, web: WebServer, no_time: None
) -> None:
    order = await waiting.order(NAME)
    proof = respond(web, order, NAME)
    before = counted("process")
    await waiting.answer(proof, lease_seconds=0)
    assert await lost(waiting, proof, suspects=False) == 1
    assert [await lost(waiting, proof, suspects=True) for _ in range(3)] == [2, 3, 4]
    async with sweeping(waiting.services):
        await becomes(waiting, order, "invalid")
    assert await waiting.statuses(order, proof) == ("invalid", "invalid", "invalid")
    error = (await waiting.challenge(proof))["error"]
    assert (error["type"], error["status"]) == (URN + "serverInternal", 500)
    assert "begun 5 times, and each time the process that made it ended" in error["detail"]
    assert web.requests == []
    assert counted("process") == before + 1


async def test_one_that_has_ended_two_processes_is_taken_alone_and_after_a_pause(
    waiting: ValidationOrders,
) -> None:
    proofs = [(await waiting.order(NAME)).http(NAME) for _ in range(3)]
    for proof in proofs:
        await waiting.answer(proof, lease_seconds=0)
    assert len(await challenges.claim_abandoned(waiting.pool, 0, 10)) == 3
    assert await challenges.claim_abandoned(waiting.pool, 60, 10) == []
    assert await challenges.claim_abandoned(waiting.pool, 60, 10, suspects=True) == []
    await waiting.pool.execute(
        "UPDATE acme.challenge SET leased_until = leased_until - $1::interval", PAUSE
    )
    assert len(await challenges.claim_abandoned(waiting.pool, 60, 1, suspects=True)) == 1


PAUSE = timedelta(seconds=15)


async def test_a_process_takes_one_suspect_at_a_time(
    waiting: ValidationOrders, web: WebServer, no_time: None
) -> None:
    orders = [await waiting.order(NAME) for _ in range(3)]
    for order in orders:
        web.pages[order.http(NAME).path] = pages.silence
        await waiting.answer(order.http(NAME), lease_seconds=0)
    await waiting.pool.execute("UPDATE acme.challenge SET lost_leases = 2")
    async with sweeping(waiting.with_settings(timeout_seconds=60, total_seconds=60)):

        async def asked() -> bool:
            return bool(web.requests)

        await eventually(asked)
        await asyncio.sleep(0.2)  # some sweeps
        assert len(web.requests) == 1


async def test_those_who_give_a_challenge_up_at_their_stop_do_not_count(
    waiting: ValidationOrders,
) -> None:
    proof = (await waiting.order(NAME)).http(NAME)
    await waiting.answer(proof)
    for _ in range(10):
        await challenges.give_up(waiting.pool, [proof.challenge_id])
        [attempt] = await challenges.claim_abandoned(waiting.pool, 60, 10)
        assert attempt.lost_leases == 0


# --- targets that hang -----------------------------------------------------------------------


async def test_a_target_that_hangs_is_left_when_the_time_for_all_attempts_is_over(
    waiting: ValidationOrders, web: WebServer
) -> None:
    order = await waiting.order(NAME)
    proof = respond(web, order, NAME)
    web.pages[proof.path] = pages.silence
    services = waiting.with_settings(
        timeout_seconds=0.8, total_seconds=2.0, retry_delays_seconds=[0.05] * 10
    )
    validator = Validator(services)
    validator.start(await waiting.answer(proof))
    await becomes(waiting, order, "invalid")
    await validator.close()
    assert len(web.requests) == 2


async def test_the_last_attempt_has_the_time_that_is_left(
    waiting: ValidationOrders, web: WebServer
) -> None:
    order = await waiting.order(NAME)
    proof = respond(web, order, NAME)
    web.pages[proof.path] = pages.silence
    services = waiting.with_settings(timeout_seconds=60, total_seconds=0.5)
    await validate(waiting, proof, services=services)
    assert await waiting.statuses(order, proof) == ("invalid", "invalid", "invalid")
    assert "not done within 0." in (await waiting.challenge(proof))["error"]["detail"]


async def test_look_ups_and_caa_are_within_the_time_for_all(
    waiting: ValidationOrders, zone: DnsServer, no_time: None
) -> None:
    order = await waiting.order(NAME)
    proof = order.dns(NAME)
    zone.txt(RECORD, txt_value(proof.content.decode()))
    zone.silent |= {NAME, "example.com", "com"}
    services = replace(
        waiting.with_settings(total_seconds=0.4),
        resolver=DnsResolver([zone.address], timeout=60),
    )
    await validate(waiting, proof, services=services)
    error = (await waiting.challenge(proof))["error"]
    assert "not done within 0.4 seconds in all" in error["detail"]
    assert await waiting.statuses(order, proof) == ("invalid", "invalid", "invalid")


def test_by_default_a_target_that_hangs_fails_within_twenty_seconds() -> None:
    """With a look at whether our resolver works, and a second for the database."""
    defaults = Validation()
    assert defaults.total_seconds + dns_probe.SECONDS + 1 <= 20
    # A look-up ends before its attempt, so that it is known whose fault it was.
    assert defaults.timeout_seconds / 2 + dns_probe.SECONDS < defaults.timeout_seconds


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
