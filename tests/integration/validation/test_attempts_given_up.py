"""Checks that break, end their process, or hang: when they end, and with what error."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from gateway.config import Validation
from gateway.rules.acme.key_authorization import txt_value
from gateway.store.acme import challenges
from gateway.usecases.acme.validation import Validator
from gateway.validation import dns_probe
from gateway.validation.dns import DnsResolver
from tests.integration.validation.test_own_faults import RECORD, becomes, counted, unknown_method
from tests.integration.validation.test_validator import (
    NAME,
    URN,
    eventually,
    respond,
    sweeping,
    validate,
)
from tests.support import web_server as pages
from tests.support.dns_server import DnsServer
from tests.support.waiting_orders import Proof, ValidationOrders
from tests.support.web_server import WebServer


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
