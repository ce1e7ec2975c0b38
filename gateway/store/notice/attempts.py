"""The last attempts at each delivery, and what was answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.db.pool import Connection, Pool


@dataclass(frozen=True, slots=True)
class MadeAttempt:
    """An attempt that has just ended. `problem` None = the receiver has the notice."""

    destination_id: UUID
    notice_number: int
    number: int
    milliseconds: int
    status: int | None
    answer: str
    problem: str | None


@dataclass(frozen=True, slots=True)
class KeptAttempt:
    """An attempt as it is shown; `at` = when it began, in real time."""

    number: int
    at: datetime
    milliseconds: int
    status: int | None
    answer: str
    problem: str | None


async def keep(pool: Pool, made: MadeAttempt, at_most: int) -> None:
    """Keeps an attempt, and so many of a delivery in all."""
    await pool.execute(
        """
        WITH forgotten AS (
            DELETE FROM notice.attempt
             WHERE destination_id = $1
               AND notice_number = $2
               AND number <= $3::integer - $8::integer
        )
        INSERT INTO notice.attempt
               (destination_id, notice_number, number, at, milliseconds, status, answer, problem)
        VALUES ($1, $2, $3::integer,
                clock_timestamp() - $4::integer * interval '1 millisecond', $4::integer, $5, $6,
                $7)
        """,
        made.destination_id,
        made.notice_number,
        made.number,
        made.milliseconds,
        made.status,
        made.answer,
        made.problem,
        at_most,
    )


async def of_deliveries(
    connection: Connection, destination_id: UUID, notice_numbers: Sequence[int]
) -> Mapping[int, Sequence[KeptAttempt]]:
    """Gives the attempts at some deliveries to a destination by notice, the last one first."""
    rows = await connection.fetch(
        """
        SELECT notice_number, number, at, milliseconds, status, answer, problem
          FROM notice.attempt
         WHERE destination_id = $1
           AND notice_number = ANY ($2)
         ORDER BY notice_number, number DESC
        """,
        destination_id,
        list(notice_numbers),
    )
    found: dict[int, list[KeptAttempt]] = {}
    for row in rows:
        number, *attempt = row
        found.setdefault(number, []).append(KeptAttempt(*attempt))
    return found
