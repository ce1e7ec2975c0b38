"""Bulk revocations are carried out whatever happens to those who do it, and each one once."""

import asyncio
import signal
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from gateway.db.pool import Pool, transaction
from gateway.sandbox import demo_data
from gateway.usecases.acme import accounts
from gateway.usecases.operation import bulk_revocation, bulk_revocation_runner
from gateway.usecases.operation.bulk_revocation_runner import AT_ONCE
from gateway.usecases.organization import organizations
from gateway.usecases.work import open_work
from tests.integration.jobs.conftest import Runner, waiting_for_locks
from tests.support.many_certificates import ACTOR, counts, many_certificates, start_bulk
from tests.support.server_process import until
from tests.support.shop import OPERATOR

_NUMBER = 3 * AT_ONCE


@pytest.fixture
async def serials(business: Any) -> list[str]:
    """Certificates of one credential, for more than one transaction."""
    services = business.services
    now = await services.clock.now()
    async with open_work(business.pool, now, OPERATOR) as work:
        reseller_id = await organizations.reseller_called(work, demo_data.LOGIN)
        made = await accounts.preregister(
            work, services.vault, reseller_id=reseller_id, server_path="/v2/DV", term_days=365
        )
    business.kid = made.kid
    return await many_certificates(business.pool, made.kid, _NUMBER, now)


async def started(business: Any) -> UUID:
    now = await business.services.clock.now()
    return await start_bulk(business.pool, now, "credential", business.kid)


async def is_done(pool: Pool, bulk_id: UUID) -> bool:
    return (await counts(pool, bulk_id))[0] == "done"


async def revoked_once(pool: Pool) -> int:
    """How many certificates have a revocation; each with one event in the name of who decided."""
    rows = await pool.fetch(
        """
        SELECT revocation.serial,
               (SELECT count(*)
                  FROM audit.event
                 WHERE event.subject = revocation.serial
                   AND event.action = 'certificate.revoked'
                   AND event.actor = $1
                   AND host(event.source) = $2) AS events
          FROM ca.revocation
        """,
        ACTOR.actor,
        ACTOR.source,
    )
    assert {row["events"] for row in rows} <= {1}
    return len(rows)


async def ends_recorded(pool: Pool) -> list[Any]:
    query = "SELECT actor, after FROM audit.event WHERE action = 'bulk_revocation.done'"
    return [(row["actor"], row["after"]) for row in await pool.fetch(query)]


async def test_a_bulk_revocation_whose_process_was_killed_goes_on_behind_the_last_commit(
    business: Any, runner: Runner, serials: list[str]
) -> None:
    pool = business.pool
    bulk_id = await started(business)
    first = runner()
    async with transaction(pool) as blocker:
        query = "SELECT FROM ca.certificate WHERE serial = $1 FOR UPDATE"
        await blocker.execute(query, serials[2 * AT_ONCE])
        await until(lambda: waiting_for_locks(pool), "the third part waits for a certificate")
        first.send_signal(signal.SIGKILL)
        first.wait()
        assert await counts(pool, bulk_id) == ("running", _NUMBER, 2 * AT_ONCE, 0)
    assert await revoked_once(pool) == 2 * AT_ONCE
    runner()
    await until(lambda: is_done(pool, bulk_id), "another process goes on")
    assert await counts(pool, bulk_id) == ("done", _NUMBER, _NUMBER, 0)
    assert await revoked_once(pool) == _NUMBER
    after = {"total": _NUMBER, "done": _NUMBER, "failed": 0}
    assert await ends_recorded(pool) == [(ACTOR.actor, after)]


async def test_two_processes_revoke_no_certificate_twice(
    business: Any, runner: Runner, serials: list[str]
) -> None:
    bulk_id = await started(business)
    runner(), runner()
    await until(lambda: is_done(business.pool, bulk_id), "all are revoked")
    outcomes = await business.pool.fetch(
        "SELECT DISTINCT outcome FROM operation.bulk_revocation_item"
    )
    assert [row["outcome"] for row in outcomes] == ["revoked"]
    assert await revoked_once(business.pool) == _NUMBER
    assert len(await ends_recorded(business.pool)) == 1


async def test_a_cancelled_bulk_revocation_revokes_no_more(
    business: Any, runner: Runner, serials: list[str]
) -> None:
    pool = business.pool
    bulk_id = await started(business)
    async with transaction(pool) as blocker:
        query = "SELECT FROM ca.certificate WHERE serial = $1 FOR UPDATE"
        await blocker.execute(query, serials[AT_ONCE])
        process = runner()
        await until(lambda: waiting_for_locks(pool), "the second part waits for a certificate")
        process.send_signal(signal.SIGKILL)
        process.wait()
    now = await business.services.clock.now()
    async with open_work(pool, now, ACTOR) as work:
        before = await bulk_revocation.cancel(work, bulk_id)
    assert before.done == AT_ONCE
    await bulk_revocation_runner.carry_out(pool, bulk_id, now)
    assert await counts(pool, bulk_id) == ("cancelled", _NUMBER, AT_ONCE, 0)
    assert await revoked_once(pool) == AT_ONCE


async def test_a_certificate_that_cannot_be_revoked_does_not_hold_up_the_others(
    business: Any, serials: list[str]
) -> None:
    pool = business.pool
    bulk_id = await started(business)
    broken = serials[AT_ONCE // 2]
    await pool.execute(f"ALTER TABLE ca.revocation ADD CONSTRAINT one CHECK (serial <> '{broken}')")
    try:
        now = await business.services.clock.now()
        await bulk_revocation_runner.carry_out(pool, bulk_id, now)
    finally:
        await pool.execute("ALTER TABLE ca.revocation DROP CONSTRAINT one")
    assert await counts(pool, bulk_id) == ("done", _NUMBER, _NUMBER - 1, 1)
    async with open_work(pool, now, ACTOR) as work:
        found = await bulk_revocation.show(work, bulk_id)
        [failed] = await bulk_revocation.list_failed(work, found)
    assert failed.serial == broken
    assert failed.problem == "a fault on our side (CheckViolationError)"


async def test_a_part_takes_few_statements_however_many_certificates_it_has(
    business: Any, serials: list[str]
) -> None:
    pool = business.pool
    bulk_id = await started(business)
    asked: list[str] = []
    connections = [await pool.acquire() for _ in range(pool.get_max_size())]
    for each in connections:
        each.add_query_logger(lambda record: asked.append(record.query))
        await pool.release(each)
    now = await business.services.clock.now()
    await bulk_revocation_runner.carry_out(pool, bulk_id, now)
    assert await is_done(pool, bulk_id)
    parts = _NUMBER // AT_ONCE + 1  # the last one finds that nothing is left
    assert len(asked) <= parts * 11, asked


async def test_a_part_that_the_database_gives_up_fails_no_certificate(
    business: Any, serials: list[str]
) -> None:
    pool = business.pool
    bulk_id = await started(business)
    now = await business.services.clock.now()
    async with transaction(pool) as blocker:
        query = "SELECT FROM ca.certificate WHERE serial = $1 FOR UPDATE"
        await blocker.execute(query, serials[0])
        carrying_out = asyncio.create_task(bulk_revocation_runner.carry_out(pool, bulk_id, now))
        await until(lambda: waiting_for_locks(pool), "it waits for a certificate")
        await blocker.execute(
            """
            SELECT pg_terminate_backend(pid)
              FROM pg_stat_activity
             WHERE datname = current_database()
               AND wait_event_type = 'Lock'
            """
        )
        with pytest.raises((asyncpg.AdminShutdownError, asyncpg.InterfaceError)):
            await carrying_out
    assert await counts(pool, bulk_id) == ("running", _NUMBER, 0, 0)
    await bulk_revocation_runner.carry_out(pool, bulk_id, now)
    assert await counts(pool, bulk_id) == ("done", _NUMBER, _NUMBER, 0)
