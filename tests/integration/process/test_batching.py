"""Batching: several requests share one statement."""

import asyncio
import secrets
from collections.abc import Sequence

import asyncpg
import pytest

from gateway.db.batching import Batched
from gateway.db.pool import Connection, Pool, transaction
from gateway.store.acme import nonces

_MOST = 64


class NumberTable:
    """A table of numbers, whose statement notes how many it was about each time."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.sizes: list[int] = []
        self.begun = asyncio.Event()
        self.put = Batched(self._put)

    async def _put(self, pool: Pool | Connection, asked: Sequence[tuple[int]]) -> dict[int, int]:
        self.sizes.append(len(asked))
        self.begun.set()
        rows = await pool.fetch(
            """
            INSERT INTO numbers
            SELECT number FROM unnest($1::integer[]) AS item (number) ORDER BY number
            RETURNING number
            """,
            [number for [number] in asked],
        )
        stored = {row["number"] for row in rows}
        return {
            position: 2 * number for position, [number] in enumerate(asked, 1) if number in stored
        }

    async def numbers(self) -> list[int]:
        return [row["number"] for row in await self.pool.fetch("SELECT * FROM numbers ORDER BY 1")]


@pytest.fixture
async def table(pool: Pool) -> NumberTable:
    await pool.execute(
        """
        CREATE TABLE numbers (number integer PRIMARY KEY CHECK (number <> 13));
        CREATE FUNCTION hide() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
        CREATE TRIGGER hide BEFORE INSERT ON numbers FOR EACH ROW WHEN (NEW.number = 7)
            EXECUTE FUNCTION hide();
        """
    )
    return NumberTable(pool)


async def test_what_is_asked_at_the_same_moment_goes_in_one_statement(table: NumberTable) -> None:
    answers = await asyncio.gather(*(table.put(table.pool, number) for number in range(100, 110)))
    assert answers == [2 * number for number in range(100, 110)]
    assert table.sizes == [10]


async def test_what_is_asked_meanwhile_waits_for_the_next_statement(table: NumberTable) -> None:
    first = asyncio.create_task(table.put(table.pool, 1))
    await table.begun.wait()
    await asyncio.gather(first, *(table.put(table.pool, number) for number in (2, 3, 4)))
    assert table.sizes == [1, 3]


async def test_a_statement_is_about_so_many_at_most(table: NumberTable) -> None:
    await asyncio.gather(*(table.put(table.pool, number) for number in range(100, 250)))
    assert table.sizes == [_MOST, _MOST, 150 - 2 * _MOST]


async def test_one_that_fails_fails_alone(table: NumberTable) -> None:
    answers = await asyncio.gather(
        *(table.put(table.pool, number) for number in (12, 13, 14)), return_exceptions=True
    )
    assert isinstance(answers[1], asyncpg.CheckViolationError)
    assert (answers[0], answers[2]) == (24, 28)
    assert await table.numbers() == [12, 14]


async def test_one_without_an_answer_is_reported_so(table: NumberTable) -> None:
    answers = await asyncio.gather(
        table.put(table.pool, 6), table.put(table.pool, 7), return_exceptions=True
    )
    assert answers[0] == 12
    assert isinstance(answers[1], LookupError)


async def test_one_that_waits_for_a_lock_holds_the_later_ones_up_for_a_moment_only(
    table: NumberTable,
) -> None:
    async with transaction(table.pool) as connection:
        await connection.execute("INSERT INTO numbers VALUES (1)")
        blocked = asyncio.create_task(table.put(table.pool, 1))
        await table.begun.wait()
        async with asyncio.timeout(5):
            assert await table.put(table.pool, 2) == 4
        assert not blocked.done()
    with pytest.raises(asyncpg.UniqueViolationError):
        await blocked


async def test_one_that_is_given_up_leaves_the_others_alone(table: NumberTable) -> None:
    given_up, kept = (asyncio.create_task(table.put(table.pool, number)) for number in (1, 2))
    await asyncio.sleep(0)
    given_up.cancel()
    assert await kept == 4
    with pytest.raises(asyncio.CancelledError):
        await given_up


async def test_in_a_transaction_it_is_part_of_that(table: NumberTable) -> None:
    with pytest.raises(ZeroDivisionError):
        async with transaction(table.pool) as connection:
            assert await table.put(connection, 5) == 10
            raise ZeroDivisionError
    assert await table.numbers() == []


async def test_when_the_database_goes_away_every_request_gets_an_answer(table: NumberTable) -> None:
    waiting = [asyncio.create_task(table.put(table.pool, number)) for number in (1, 2)]
    table.pool.terminate()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(answer) for answer in answers] == [asyncpg.InterfaceError] * 2


async def test_of_a_nonce_used_twice_in_one_statement_only_the_first_is_fresh(pool: Pool) -> None:
    epoch = await nonces.current_epoch(pool)
    once, twice, stale = (secrets.token_bytes(12) for _ in range(3))
    burn = "SELECT acme.burn_nonces($1, $2)"
    used = [twice, once, twice, stale]
    assert await pool.fetchval(burn, used, [epoch, epoch, epoch, epoch + 1]) == [
        True,
        True,
        False,
        False,
    ]
    assert await pool.fetchval(burn, [once, twice], [epoch, epoch]) == [False, False]
