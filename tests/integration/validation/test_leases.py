"""A challenge is worked on by one process at a time, and by another when that one has ended."""

import asyncio

from msgspec.structs import replace

from gateway.store.acme import challenges
from gateway.usecases.acme.validation import Validator
from tests.integration.validation.test_validator import (
    NAME,
    NOW,
    eventually,
    respond,
    sweeping,
    validate,
)
from tests.support import web_server as pages
from tests.support.waiting_orders import ValidationOrders
from tests.support.web_server import WebServer


async def test_a_challenge_can_be_taken_up_once_and_again_when_the_lease_is_over(
    waiting: ValidationOrders,
) -> None:
    proof = (await waiting.order(NAME)).http(NAME)
    assert await challenges.start_attempt(waiting.pool, proof.challenge_id, 60)
    assert not await challenges.start_attempt(waiting.pool, proof.challenge_id, 60)
    assert not await challenges.claim_abandoned(waiting.pool, 60, 10)
    await challenges.renew_leases(waiting.pool, [proof.challenge_id], 0)
    assert await challenges.claim_abandoned(waiting.pool, 60, 10)


async def test_a_settled_challenge_cannot_be_taken_up(
    waiting: ValidationOrders, web: WebServer
) -> None:
    order = await waiting.order(NAME)
    proof = respond(web, order, NAME)
    await validate(waiting, proof)
    assert not await challenges.start_attempt(waiting.pool, proof.challenge_id, 60)


async def test_what_a_killed_process_left_is_finished_by_another(
    waiting: ValidationOrders, web: WebServer
) -> None:
    order = await waiting.order(NAME)
    proof = order.http(NAME)
    web.pages[proof.path] = pages.body(proof.content)
    await waiting.answer(proof, lease_seconds=0)

    async def ready() -> bool:
        return bool((await waiting.order_row(order))["status"] == "ready")

    async with sweeping(waiting.services):
        await eventually(ready)
    assert (await waiting.challenge(proof))["attempts"] == 2


async def test_what_a_living_process_works_on_is_left_to_it(waiting: ValidationOrders) -> None:
    proof = (await waiting.order(NAME)).http(NAME)
    await waiting.answer(proof, lease_seconds=60)
    assert await challenges.claim_abandoned(waiting.pool, 60, 10) == []


async def test_several_processes_share_what_was_left_and_none_gets_the_same(
    waiting: ValidationOrders,
) -> None:
    proofs = [(await waiting.order(NAME)).http(NAME) for _ in range(30)]
    for proof in proofs:
        await waiting.answer(proof, lease_seconds=0)
    taken = await asyncio.gather(
        *(challenges.claim_abandoned(waiting.pool, 60, 20) for _ in range(4))
    )
    claimed = [attempt.challenge_id for each in taken for attempt in each]
    assert len(claimed) == len(set(claimed))
    claimed += [
        attempt.challenge_id for attempt in await challenges.claim_abandoned(waiting.pool, 60, 30)
    ]
    assert sorted(claimed) == sorted(proof.challenge_id for proof in proofs)


async def test_a_process_that_lost_its_lease_changes_nothing_any_more(
    waiting: ValidationOrders,
) -> None:
    order = await waiting.order(NAME)
    proof = order.http(NAME)
    late = await waiting.answer(proof, lease_seconds=0)
    [current] = await challenges.claim_abandoned(waiting.pool, 60, 10)
    assert current == replace(late, number=2, lost_leases=1)
    await challenges.fail(waiting.pool, late, now=NOW, error={}, order_error={})
    await challenges.succeed(waiting.pool, late, NOW, NOW, {})
    assert await challenges.try_again(waiting.pool, late, now=NOW, error={}) is None
    assert await waiting.statuses(order, proof) == ("processing", "pending", "pending")
    assert await waiting.audited(proof.authorization_id) == []


async def test_a_long_check_keeps_its_lease(waiting: ValidationOrders, web: WebServer) -> None:
    order = await waiting.order(NAME)
    proof = respond(web, order, NAME)
    web.pages[proof.path] = pages.silence
    async with sweeping(waiting.with_settings(timeout_seconds=30, lease_seconds=60)) as validator:
        validator.start(await waiting.answer(proof))
        before = (await waiting.challenge(proof))["leased_until"]

        async def longer() -> bool:
            return bool((await waiting.challenge(proof))["leased_until"] > before)

        await eventually(longer)


async def test_a_process_that_ends_gives_up_its_checks_for_others_to_take_at_once(
    waiting: ValidationOrders, web: WebServer
) -> None:
    order = await waiting.order(NAME)
    proof = respond(web, order, NAME)
    right, web.pages[proof.path] = web.pages[proof.path], pages.silence
    await validate(waiting, proof, services=waiting.with_settings(timeout_seconds=30))
    given_up = await waiting.challenge(proof)
    assert (given_up["status"], given_up["abandoned"]) == ("processing", True)
    web.pages[proof.path] = right
    validator = Validator(waiting.services)
    [attempt] = await challenges.claim_abandoned(waiting.pool, 60, 10)
    assert attempt.lost_leases == 0
    validator.start(attempt)
    await validator.close()
    assert await waiting.statuses(order, proof) == ("valid", "valid", "ready")


async def test_a_challenge_whose_name_was_proven_another_way_is_closed_by_the_sweep(
    waiting: ValidationOrders, web: WebServer
) -> None:
    order = await waiting.order(NAME)
    await waiting.answer(order.dns(NAME), lease_seconds=0)
    proof = respond(web, order, NAME)
    await validate(waiting, proof)
    assert await challenges.claim_abandoned(waiting.pool, 60, 10) == []
    assert (await waiting.challenge(order.dns(NAME)))["status"] == "invalid"
    assert await waiting.statuses(order, proof) == ("valid", "valid", "ready")
