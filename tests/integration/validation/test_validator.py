"""From an answered challenge to a ready or an invalid order (RFC 8555 §7.1.6, §8.2)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from gateway.db.pool import transaction
from gateway.rules.acme.key_authorization import txt_value
from gateway.services import Services
from gateway.store.acme import challenges
from gateway.store.acme.challenges import Attempt
from gateway.store.operation import clock
from gateway.usecases.acme.validation import Validator
from gateway.validation.dns import DnsResolver
from tests.support import web_server as pages
from tests.support.dns_server import dns_server
from tests.support.waiting_orders import Proof, ValidationOrders, WaitingOrder
from tests.support.web_server import WebServer

NAME = "www.example.com"
OTHER = "shop.example.com"
NOW = datetime(2025, 1, 10, 15, 30, tzinfo=UTC)
URN = "urn:ietf:params:acme:error:"


async def validate(
    waiting: ValidationOrders, *proofs: Proof, services: Services | None = None
) -> None:
    """The client answers these challenges, and they are worked on until they are settled."""
    validator = Validator(services or waiting.services)
    for attempt in [await waiting.answer(proof) for proof in proofs]:
        validator.start(attempt)
    await validator.close()


@asynccontextmanager
async def sweeping(services: Services) -> AsyncIterator[Validator]:
    """A process whose background work runs."""
    validator = Validator(services)
    task = asyncio.create_task(validator.run_forever())
    try:
        yield validator
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await validator.close()


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(10):
        while not await holds():  # noqa: ASYNC110  the other side is PostgreSQL
            await asyncio.sleep(0.01)


def respond(web: WebServer, order: WaitingOrder, name: str) -> Proof:
    """The http-01 challenge for `name`, with the right response in place."""
    proof = order.http(name)
    web.pages[proof.path] = pages.body(proof.content)
    return proof


# --- results ---------------------------------------------------------------------------------


async def test_a_proven_name_makes_challenge_and_authorization_valid_and_the_order_ready(
    waiting: ValidationOrders, web: WebServer
) -> None:
    async with waiting.pool.acquire() as connection:
        await clock.stand_at(connection, NOW)
    order = await waiting.order(NAME)
    proof = respond(web, order, NAME)
    await validate(waiting, proof)
    assert await waiting.statuses(order, proof) == ("valid", "valid", "ready")
    challenge = await waiting.challenge(proof)
    assert (challenge["validated_at"], challenge["error"]) == (NOW, None)


async def test_the_proof_is_good_for_thirty_days_of_business_time(
    waiting: ValidationOrders, web: WebServer
) -> None:
    async with waiting.pool.acquire() as connection:
        await clock.stand_at(connection, NOW)
    order = await waiting.order(NAME)
    proof = respond(web, order, NAME)
    await validate(waiting, proof)
    assert (await waiting.authorization(proof))["expires_at"] == NOW + timedelta(days=30)


async def test_what_was_seen_is_in_the_audit_trail(
    waiting: ValidationOrders, web: WebServer
) -> None:
    order = await waiting.order(NAME)
    proof = respond(web, order, NAME)
    await validate(waiting, proof)
    [(action, after)] = await waiting.audited(proof.authorization_id)
    assert (action, after["name"], after["method"]) == (
        "authorization.validated",
        NAME,
        "http-01",
    )
    assert after["evidence"] == {
        "urls": [f"http://{NAME}{proof.path}"],
        "address": f"127.0.0.1:{web.port}",
    }
    assert [action for action, _ in await waiting.audited(order.id)] == ["order.ready"]


async def test_an_order_is_ready_when_its_last_name_is_proven(
    waiting: ValidationOrders, web: WebServer
) -> None:
    order = await waiting.order(NAME, OTHER)
    first = respond(web, order, NAME)
    await validate(waiting, first)
    assert await waiting.statuses(order, first) == ("valid", "valid", "pending")
    second = respond(web, order, OTHER)
    await validate(waiting, second)
    assert await waiting.statuses(order, second) == ("valid", "valid", "ready")


async def test_a_wildcard_is_proven_by_dns_at_its_base_beside_the_base_itself(
    waiting: ValidationOrders,
) -> None:
    order = await waiting.order("example.com", "*.example.com")
    proofs = [order.dns("example.com"), order.dns("*.example.com")]
    async with dns_server() as dns:
        digests = [txt_value(proof.content.decode()) for proof in proofs]
        dns.txt("_acme-challenge.example.com", *digests)
        resolver = DnsResolver([dns.address], timeout=2)
        await validate(waiting, *proofs, services=waiting.with_resolver(resolver))
    assert await waiting.statuses(order, proofs[0]) == ("valid", "valid", "ready")
    assert await waiting.statuses(order, proofs[1]) == ("valid", "valid", "ready")


async def test_a_failure_makes_challenge_authorization_and_order_invalid_and_says_why(
    waiting: ValidationOrders, web: WebServer
) -> None:
    order = await waiting.order(NAME)
    proof = order.http(NAME)
    await validate(waiting, proof)
    assert await waiting.statuses(order, proof) == ("invalid", "invalid", "invalid")
    detail = (
        f"http://{NAME}{proof.path} at 127.0.0.1:{web.port} answered with status 404; expected 200."
    )
    error = {"type": URN + "unauthorized", "detail": detail, "status": 403}
    assert (await waiting.challenge(proof))["error"] == error
    assert (await waiting.order_row(order))["error"] == {
        **error,
        "detail": f"{NAME} could not be validated by http-01. {detail}",
    }
    assert await waiting.audited(proof.authorization_id) == [
        ("authorization.failed", {"name": NAME, "method": "http-01", "error": error})
    ]
    assert [action for action, _ in await waiting.audited(order.id)] == ["order.failed"]


async def test_an_order_that_failed_stays_invalid_when_another_name_is_proven(
    waiting: ValidationOrders, web: WebServer
) -> None:
    order = await waiting.order(NAME, OTHER)
    await validate(waiting, order.http(NAME))
    proof = respond(web, order, OTHER)
    await validate(waiting, proof)
    assert await waiting.statuses(order, proof) == ("valid", "valid", "invalid")


async def test_an_authorization_that_ran_out_meanwhile_is_not_validated(
    waiting: ValidationOrders, web: WebServer
) -> None:
    order = await waiting.order(NAME)
    proof = respond(web, order, NAME)
    async with waiting.pool.acquire() as connection:
        await clock.stand_at(connection, datetime.now(UTC) + timedelta(days=8))
    await validate(waiting, proof)
    assert await waiting.statuses(order, proof) == ("invalid", "invalid", "invalid")
    assert "expired on" in (await waiting.challenge(proof))["error"]["detail"]
    assert web.requests == []


async def test_an_authorization_that_was_deactivated_meanwhile_stays_so(
    waiting: ValidationOrders, web: WebServer
) -> None:
    order = await waiting.order(NAME)
    proof = respond(web, order, NAME)
    attempt = await waiting.answer(proof)
    await waiting.pool.execute(
        "UPDATE acme.authorization SET status = 'deactivated' WHERE id = $1",
        proof.authorization_id,
    )
    await challenges.succeed(waiting.pool, attempt, NOW, NOW, {})
    assert (await waiting.authorization(proof))["status"] == "deactivated"
    assert (await waiting.order_row(order))["status"] == "pending"


# --- several at once -------------------------------------------------------------------------


async def test_two_names_validated_at_the_same_moment_make_their_order_ready(
    waiting: ValidationOrders,
) -> None:
    """By two processes: each in a statement of its own."""
    order = await waiting.order(NAME, OTHER)
    proofs = [order.http(name) for name in (NAME, OTHER)]
    attempts = [await waiting.answer(proof) for proof in proofs]

    async def succeed(attempt: Attempt) -> None:
        async with waiting.pool.acquire() as connection:
            await challenges.succeed(connection, attempt, NOW, NOW, {})

    async with transaction(waiting.pool) as connection:
        # Both results stop at the order's row with snapshots in which the other is pending.
        await connection.execute('SELECT FROM acme."order" WHERE id = $1 FOR UPDATE', order.id)
        both = asyncio.gather(*map(succeed, attempts))
        await eventually(lambda: waiting_for_locks(waiting, 2))
    await both
    await assert_ready_once(waiting, order, proofs)


async def test_two_names_validated_in_one_statement_make_their_order_ready(
    waiting: ValidationOrders,
) -> None:
    order = await waiting.order(NAME, OTHER)
    proofs = [order.http(name) for name in (NAME, OTHER)]
    attempts = [await waiting.answer(proof) for proof in proofs]
    await asyncio.gather(
        *(challenges.succeed(waiting.pool, attempt, NOW, NOW, {}) for attempt in attempts)
    )
    await assert_ready_once(waiting, order, proofs)


async def assert_ready_once(
    waiting: ValidationOrders, order: WaitingOrder, proofs: list[Proof]
) -> None:
    for proof in proofs:
        assert await waiting.statuses(order, proof) == ("valid", "valid", "ready")
    assert [action for action, _ in await waiting.audited(order.id)] == ["order.ready"]


async def waiting_for_locks(waiting: ValidationOrders, number: int) -> bool:
    found: int = await waiting.pool.fetchval(
        """
        SELECT count(*)
          FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'
        """
    )
    return found == number


async def test_many_orders_of_many_names_at_once_all_become_ready(
    waiting: ValidationOrders, web: WebServer
) -> None:
    names = [f"{number}.example.com" for number in range(5)]
    orders = [await waiting.order(*names) for _ in range(10)]
    proofs = [respond(web, order, name) for order in orders for name in order_names(order)]
    await validate(waiting, *proofs)
    assert [(await waiting.order_row(order))["status"] for order in orders] == ["ready"] * 10


def order_names(order: WaitingOrder) -> list[str]:
    return sorted({name for name, _ in order.proofs})


async def test_a_success_and_a_failure_at_once_leave_the_order_invalid(
    waiting: ValidationOrders, web: WebServer
) -> None:
    order = await waiting.order(NAME, OTHER)
    good = respond(web, order, NAME)
    bad = order.http(OTHER)
    await validate(waiting, good, bad)
    assert await waiting.statuses(order, good) == ("valid", "valid", "invalid")
    assert await waiting.statuses(order, bad) == ("invalid", "invalid", "invalid")


async def test_a_challenge_started_twice_is_checked_once(
    waiting: ValidationOrders, web: WebServer
) -> None:
    order = await waiting.order(NAME)
    proof = respond(web, order, NAME)
    validator, attempt = Validator(waiting.services), await waiting.answer(proof)
    validator.start(attempt)
    validator.start(attempt)
    await validator.close()
    assert len(web.requests) == 1


# --- further attempts ------------------------------------------------------------------------


async def test_while_nothing_answers_the_client_sees_why_and_it_is_tried_again(
    waiting: ValidationOrders, web: WebServer
) -> None:
    order = await waiting.order(NAME)
    proof = respond(web, order, NAME)
    right, web.pages[proof.path] = web.pages[proof.path], pages.status(503)
    services = waiting.with_settings(retry_delays_seconds=[1.0])
    work = asyncio.create_task(validate(waiting, proof, services=services))

    async def shows_an_error() -> bool:
        return bool((await waiting.challenge(proof))["error"])

    await eventually(shows_an_error)
    seen = await waiting.challenge(proof)
    assert (seen["status"], seen["attempts"]) == ("processing", 2)
    assert "status 503" in seen["error"]["detail"]
    web.pages[proof.path] = right
    await work
    assert await waiting.statuses(order, proof) == ("valid", "valid", "ready")
    assert (await waiting.challenge(proof))["error"] is None


async def test_after_the_last_attempt_it_is_a_failure(
    waiting: ValidationOrders, web: WebServer
) -> None:
    order = await waiting.order(NAME)
    proof = respond(web, order, NAME)
    web.pages[proof.path] = pages.status(503)
    await validate(
        waiting, proof, services=waiting.with_settings(retry_delays_seconds=[0.05, 0.05])
    )
    assert await waiting.statuses(order, proof) == ("invalid", "invalid", "invalid")
    assert len(web.requests) == 3


async def test_a_wrong_answer_is_final_at_once(waiting: ValidationOrders, web: WebServer) -> None:
    order = await waiting.order(NAME)
    proof = respond(web, order, NAME)
    web.pages[proof.path] = pages.body(b"nonsense")
    await validate(waiting, proof, services=waiting.with_settings(retry_delays_seconds=[60]))
    assert await waiting.statuses(order, proof) == ("invalid", "invalid", "invalid")
    assert len(web.requests) == 1


# --- leases ----------------------------------------------------------------------------------


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


async def test_names_are_checked_side_by_side(waiting: ValidationOrders, web: WebServer) -> None:
    order = await waiting.order(NAME, OTHER)
    slow = respond(web, order, NAME)
    web.pages[slow.path] = pages.silence
    quick = respond(web, order, OTHER)
    validator = Validator(waiting.services)
    validator.start(await waiting.answer(slow))
    validator.start(await waiting.answer(quick))

    async def proven() -> bool:
        return bool((await waiting.challenge(quick))["status"] == "valid")

    await eventually(proven)
    assert (await waiting.challenge(slow))["status"] == "processing"
    await validator.close()
