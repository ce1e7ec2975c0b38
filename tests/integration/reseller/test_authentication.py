"""Logins: one refusal for every cause, locks, allow-lists (E5), suspended resellers (E10)."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from gateway import passwords
from gateway.config import Logins
from gateway.db.pool import Pool
from gateway.usecases.reseller import resellers
from gateway.usecases.work import open_work
from tests.support.action_door import LOGIN, OPERATOR, PASSWORD, START, Door, open_door, serve

_TEXT = (
    "Incorrect login details, account is locked, password has expired, "
    "or your source IP is blocked!"
)
E5 = {
    "type": "urn:sectigo:params:acme:error:unauthorized",
    "detail": _TEXT,
    "errorMessage": _TEXT,
}


async def configure(door: Door, **wanted: Any) -> None:
    async with open_work(door.pool, START, OPERATOR) as work:
        await resellers.set_reseller(work, LOGIN, resellers.ResellerChanges(**wanted))


async def log_in(door: Door, password: str = PASSWORD, **options: Any) -> int:
    answered = await door.action("LISTBINDINGS", loginPassword=password, **options)
    if answered.status == 401:
        assert answered.json == E5
    return answered.status


async def lock(door: Door) -> None:
    for _ in range(10):
        assert await log_in(door, "wrong") == 401


async def test_every_refused_login_costs_one_argon2_run_and_gets_the_same_answer(
    door: Door,
) -> None:
    checker = door.checker
    assert await log_in(door) == 200

    async def refused_with_one_run(**fields: Any) -> None:
        before = checker.checks_run
        answered = await door.action("LISTBINDINGS", **fields)
        assert (answered.status, answered.json) == (401, E5)
        assert checker.checks_run == before + 1

    await refused_with_one_run(loginPassword="wrong")
    await refused_with_one_run(loginName="nobody")
    await configure(door, allowed_networks=["10.0.0.0/8"])
    await refused_with_one_run()
    await configure(door, allowed_networks=[])
    await lock(door)
    await refused_with_one_run()


async def test_a_right_password_is_checked_once_a_minute(door: Door) -> None:
    for _ in range(5):
        assert await log_in(door) == 200
    assert door.checker.checks_run == 1


async def test_a_changed_password_counts_at_once_in_every_process(door: Door) -> None:
    async with serve(door.services) as other:
        assert await log_in(door) == await log_in(other) == 200
        await configure(door, password="another one")
        for process in (door, other):
            assert await log_in(process) == 401
            assert await log_in(process, "another one") == 200


async def test_failures_lock_the_login_for_its_time_also_against_the_right_password(
    door: Door,
) -> None:
    await lock(door)
    assert await log_in(door) == 401
    door.clock.advance(minutes=14, seconds=59)
    assert await log_in(door) == 401
    door.clock.advance(seconds=1)
    assert await log_in(door) == 200


async def test_a_login_that_is_remembered_is_locked_too(door: Door) -> None:
    assert await log_in(door) == 200
    await lock(door)
    assert await log_in(door) == 401


async def test_a_success_forgets_earlier_failures(door: Door) -> None:
    for _ in range(3):
        for _ in range(9):
            assert await log_in(door, "wrong") == 401
        assert await log_in(door) == 200


async def test_a_lock_is_audited_once_without_the_password(door: Door) -> None:
    for _ in range(12):
        await log_in(door, "wrong-password")
    async with door.pool.acquire() as connection:
        events = await connection.fetch(
            "SELECT actor, host(source) AS source, after::text FROM audit.event"
            " WHERE action = 'reseller.locked'"
        )
    assert len(events) == 1
    assert (events[0]["actor"], events[0]["source"]) == ("gateway:logins", "127.0.0.1")
    assert "wrong-password" not in events[0]["after"]


async def test_guesses_at_the_same_moment_are_all_counted(door: Door) -> None:
    statuses = await asyncio.gather(*(log_in(door, f"guess {n}") for n in range(9)))
    assert set(statuses) == {401}
    async with door.pool.acquire() as connection:
        failures = await connection.fetchval("SELECT failed_logins FROM reseller.account")
    assert failures == 9


async def test_the_lock_is_a_setting(pool: Pool) -> None:
    rules = Logins(failures_before_lock=2, lock_minutes=1)
    async with open_door(pool, logins=rules) as door:
        for _ in range(2):
            assert await log_in(door, "wrong") == 401
        assert await log_in(door) == 401
        door.clock.advance(minutes=1)
        assert await log_in(door) == 200


async def test_a_new_password_lifts_the_lock(door: Door) -> None:
    await lock(door)
    await configure(door, password=PASSWORD)
    assert await log_in(door) == 200


@pytest.mark.parametrize(
    ("networks", "address", "status"),
    [
        (["203.0.113.0/24"], "203.0.113.9", 200),
        (["203.0.113.0/24"], "203.0.114.9", 401),
        (["198.51.100.1/32", "2001:db8::/32"], "2001:db8::1", 200),
        (["0.0.0.0/0"], "2001:db8::1", 401),
        ([], "203.0.114.9", 200),
    ],
)
async def test_an_allow_list_admits_its_networks_only(
    door: Door, networks: list[str], address: str, status: int
) -> None:
    await configure(door, allowed_networks=networks)
    assert await log_in(door, headers={"X-Forwarded-For": address}) == status


async def test_a_blocked_address_cannot_lock_the_login(door: Door) -> None:
    await configure(door, allowed_networks=["10.0.0.0/8"])
    await lock(door)
    assert await log_in(door, headers={"X-Forwarded-For": "10.1.2.3"}) == 200


async def test_e10_a_suspended_reseller_is_denied_after_its_login(door: Door) -> None:
    await configure(door, status="suspended")
    assert await log_in(door, "wrong") == 401
    answered = await door.action("LISTBINDINGS")
    assert (answered.status, answered.json["detail"]) == (403, "Permission denied!")
    await configure(door, status="active")
    assert await log_in(door) == 200


async def test_a_flood_of_logins_is_turned_away_instead_of_queued(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "_WAITING_CHECKS", 2)
    answers = await asyncio.gather(
        *(door.action("LISTBINDINGS", loginName=f"nobody{n}") for n in range(12))
    )
    statuses = {answered.status for answered in answers}
    assert statuses == {401, 429}
    turned_away = next(answered for answered in answers if answered.status == 429)
    assert int(turned_away.headers["Retry-After"]) > 0


async def test_money_of_others_is_out_of_reach(door: Door) -> None:
    kid = await door.preregister()
    async with open_work(door.pool, START, OPERATOR) as work:
        await resellers.add_reseller(work, login="other", password=PASSWORD)
        await resellers.deposit(work, "other", Decimal(1))
    for action in ("LISTACCOUNTS", "SUSPENDACCOUNT", "UNSUSPENDACCOUNT", "DEACTIVATEACCOUNT"):
        answered = await door.action(action, loginName="other", acmeAccountID=kid)
        assert answered.status == 400
        assert answered.json["detail"] == "The value of the 'acmeAccountID' argument is invalid!"
