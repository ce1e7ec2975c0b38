"""Deliveries of notices: each destination has a lease, an order and a back-off of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from gateway.db.pool import Connection, Pool
from gateway.rules.notice.kinds import Channel


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on a destination until `until`, in database time; each is unique."""

    destination_id: UUID
    until: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """The oldest notice that a destination has not confirmed; `attempts` counts the next one."""

    number: int
    attempts: int
    notice_id: UUID
    kind: str
    due_at: datetime
    data: dict[str, Any]
    channel: Channel
    address: str
    encrypted_secret: bytes | None


@dataclass(frozen=True, slots=True)
class Backoff:
    """When a failing destination is tried again, and for how long."""

    delays: Sequence[float]
    """Seconds by the number of failures; the last value repeats."""
    horizon_seconds: float
    """After this time since the first failure no attempt is made; the destination is parked."""


async def claim(
    pool: Pool, channels: Sequence[str], at_most: int, lease_seconds: float
) -> list[Lease]:
    """Leases destinations that are due; one whose lease has ended is due again."""
    rows = await pool.fetch(
        """
        UPDATE notice.destination
           SET attempt_at = clock_timestamp() + make_interval(secs => $3), leased = true
         WHERE id IN (SELECT due.id
                        FROM notice.destination due
                       WHERE due.attempt_at <= clock_timestamp()
                         AND due.channel = ANY ($1)
                       ORDER BY due.attempt_at
                       LIMIT $2
                         FOR NO KEY UPDATE SKIP LOCKED)
        RETURNING id AS destination_id, attempt_at AS until
        """,
        list(channels),
        at_most,
        lease_seconds,
    )
    return [Lease(**row) for row in rows]


async def renew(connection: Connection, lease: Lease, seconds: float) -> Lease | None:
    """Renews a lease and locks its destination; None = it was lost, or is not needed any more."""
    until: datetime | None = await connection.fetchval(
        """
        UPDATE notice.destination
           SET attempt_at = clock_timestamp() + make_interval(secs => $3)
         WHERE id = $1
           AND attempt_at = $2
        RETURNING attempt_at
        """,
        lease.destination_id,
        lease.until,
        seconds,
    )
    return None if until is None else Lease(lease.destination_id, until)


async def take_oldest(connection: Connection, destination_id: UUID) -> Waiting | None:
    """Gives the notice to send next; the attempt is counted before it is made.

    Call it with the destination locked: a notice that is being queued is then seen.
    """
    row = await connection.fetchrow(
        """
        WITH oldest AS (
            SELECT notice_number
              FROM notice.delivery
             WHERE destination_id = $1
               AND status = 'pending'
             ORDER BY notice_number
             LIMIT 1
        ), attempted AS (
            UPDATE notice.delivery
               SET attempts = attempts + 1
             WHERE destination_id = $1
               AND notice_number = (SELECT notice_number FROM oldest)
            RETURNING attempts
        )
        SELECT notice.number, attempted.attempts, notice.id AS notice_id, notice.kind,
               notice.due_at, notice.data, destination.channel, destination.address,
               destination.encrypted_secret
          FROM oldest
         CROSS JOIN attempted
          JOIN notice.notice ON notice.number = oldest.notice_number
          JOIN notice.destination ON destination.id = $1
        """,
        destination_id,
    )
    return Waiting(**row) if row else None


async def rest(connection: Connection, destination_id: UUID) -> None:
    """Ends the work on a destination for which nothing waits; queueing a notice wakes it.

    Call it with the destination locked.
    """
    await connection.execute(
        """
        UPDATE notice.destination
           SET attempt_at = NULL, leased = false
         WHERE id = $1
        """,
        destination_id,
    )


async def release(pool: Pool, lease: Lease) -> None:
    """Ends a lease, so that another process may go on at once."""
    await pool.execute(
        """
        UPDATE notice.destination
           SET attempt_at = clock_timestamp(), leased = false
         WHERE id = $1
           AND attempt_at = $2
        """,
        lease.destination_id,
        lease.until,
    )


async def confirm(pool: Pool, destination_id: UUID, number: int) -> None:
    """Records that the receiver has the notice, whichever process holds the lease now."""
    await pool.execute(
        """
        WITH delivered AS (
            UPDATE notice.delivery
               SET status = 'delivered', delivered_at = clock_timestamp()
             WHERE destination_id = $1
               AND notice_number = $2
               AND status = 'pending'
        )
        UPDATE notice.destination
           SET failures = 0, failing_since = NULL, last_error = NULL
         WHERE id = $1
           AND failures > 0
           AND status = 'active'
        """,
        destination_id,
        number,
    )


async def fail(
    pool: Pool,
    lease: Lease,
    error: str,
    *,
    backoff: Backoff,
    final: bool,
    counted: bool = True,
) -> bool:
    """Records a failed attempt: the next one follows after the back-off, or never.

    `final` = no further attempt is useful: the destination is parked. A failure that is not
    `counted` neither parks it nor lengthens the pause. True = parked.
    """
    parked: bool | None = await pool.fetchval(
        """
        WITH failed AS (
            SELECT id,
                   clock_timestamp() AS at,
                   coalesce(failing_since, clock_timestamp()) AS since,
                   ($4::float8[])[least(failures + 1, cardinality($4::float8[]))] AS delay
              FROM notice.destination
             WHERE id = $1
               AND attempt_at = $2
               FOR NO KEY UPDATE
        ), decided AS (
            SELECT *,
                   $7 AND ($6 OR at + make_interval(secs => delay)
                                 > since + make_interval(secs => $5)) AS parked
              FROM failed
        )
        UPDATE notice.destination
           SET failures = destination.failures + $7::boolean::integer,
               failing_since = CASE WHEN $7 THEN decided.since
                                    ELSE destination.failing_since END,
               last_error = $3,
               status = CASE WHEN decided.parked THEN 'parked' ELSE 'active' END,
               parked_at = CASE WHEN decided.parked THEN decided.at END,
               leased = false,
               attempt_at = CASE WHEN NOT decided.parked
                                 THEN decided.at + make_interval(secs => decided.delay) END
          FROM decided
         WHERE destination.id = decided.id
        RETURNING destination.status = 'parked'
        """,
        lease.destination_id,
        lease.until,
        error,
        list(backoff.delays),
        backoff.horizon_seconds,
        final,
        counted,
    )
    return bool(parked)
