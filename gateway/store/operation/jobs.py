"""Work that is due at an instant, and the queue as operators see it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from gateway.db.pool import Connection, Pool
from gateway.rules.subscription.terms import GRACE


async def subscriptions_due(pool: Pool, until: datetime, limit: int) -> list[tuple[datetime, UUID]]:
    """Gives current subscriptions with a milestone at `until` or before; earliest first."""
    rows = await pool.fetch(
        """
        SELECT due_at, id
          FROM subscription.subscription
         WHERE due_at <= $1
           AND superseded_at IS NULL
         ORDER BY due_at, id
         LIMIT $2
        """,
        until,
        limit,
    )
    return [(row["due_at"], row["id"]) for row in rows]


@dataclass(frozen=True, slots=True)
class DueSubscription:
    """A current subscription whose row is locked; `due_at` is that of its next milestone."""

    kid: str
    expires_at: datetime
    due_at: datetime | None


async def lock_subscription(
    connection: Connection, subscription_id: UUID
) -> DueSubscription | None:
    """Locks a subscription: nobody extends or replaces it until the transaction ends.

    None = it was replaced.
    """
    row = await connection.fetchrow(
        """
        SELECT kid, expires_at, due_at
          FROM subscription.subscription
         WHERE id = $1
           AND superseded_at IS NULL
           FOR NO KEY UPDATE
        """,
        subscription_id,
    )
    return DueSubscription(**row) if row else None


async def move_due(connection: Connection, subscription_id: UUID, due_at: datetime | None) -> None:
    """Sets the next milestone of a subscription; None = it has no more."""
    await connection.execute(
        """
        UPDATE subscription.subscription
           SET due_at = $2
         WHERE id = $1
        """,
        subscription_id,
        due_at,
    )


async def prevalidations_expired(
    pool: Pool, before: datetime, limit: int
) -> list[tuple[datetime, int]]:
    """Gives valid ones whose last second lies before an instant: expiry and number."""
    rows = await pool.fetch(
        """
        SELECT expires_at, number
          FROM organization.prevalidation
         WHERE state = 'valid'
           AND expires_at < $1
         ORDER BY expires_at, number
         LIMIT $2
        """,
        before,
        limit,
    )
    return [(row["expires_at"], row["number"]) for row in rows]


@dataclass(frozen=True, slots=True)
class InUse:
    """A valid pre-validation with names in a subscription that is valid or in grace."""

    number: int
    expires_at: datetime
    warned_days: int | None


async def prevalidations_in_use(
    connection: Connection | Pool,
    renewal_mode: str,
    *,
    since: datetime,
    until: datetime,
    lead: timedelta,
    number: int | None = None,
) -> list[InUse]:
    """Gives those that end within `lead` of `until`: to renew (`auto`) or to warn of (`manual`).

    O6. They must be in use at the instant they come that near, or at `since` when that is later.
    One whose renewal the reseller has ordered is not renewed again: while names are linked to it,
    its reseller is warned. With `number` just that one, if it qualifies.
    """
    rows = await connection.fetch(
        """
        SELECT held.number, held.expires_at, held.warned_days
          FROM organization.prevalidation held
          JOIN reseller.account ON account.id = held.reseller_id
         WHERE held.state = 'valid'
           AND held.expires_at <= $3::timestamptz + $4::interval
           AND ($5::bigint IS NULL OR held.number = $5)
           AND CASE
                   WHEN EXISTS (SELECT
                                  FROM organization.prevalidation renewal
                                 WHERE renewal.previous_number = held.number
                                   AND renewal.state <> 'rejected') THEN 'manual'
                   ELSE account.renewal_mode
               END = $1
           AND EXISTS (SELECT
                         FROM subscription.domain
                         JOIN subscription.subscription
                           ON subscription.id = domain.subscription_id
                        WHERE domain.ov_anchor = held.number
                          AND domain.removed_at IS NULL
                          AND subscription.superseded_at IS NULL
                          AND subscription.expires_at + $6::interval
                              >= greatest($2, held.expires_at - $4::interval))
         ORDER BY held.expires_at, held.number
        """,
        renewal_mode,
        since,
        until,
        lead,
        number,
        GRACE,
    )
    return [InUse(**row) for row in rows]


async def set_warned(connection: Connection, number: int, days: int) -> None:
    """Records that the warning of so many days was given."""
    await connection.execute(
        """
        UPDATE organization.prevalidation
           SET warned_days = $2
         WHERE number = $1
        """,
        number,
        days,
    )


async def dead(connection: Connection | Pool, keys: Sequence[str]) -> set[str]:
    """Gives those of the keys whose unit has failed for good and waits for an operator."""
    rows = await connection.fetch(
        """
        SELECT dedupe_key
          FROM job.queue
         WHERE status = 'failed'
           AND dedupe_key = ANY ($1)
        """,
        list(keys),
    )
    return {row["dedupe_key"] for row in rows}


async def list_jobs(connection: Connection, state: str) -> list[dict[str, Any]]:
    """Gives the rows of ops.jobs that are `waiting`, `running` or `failed`."""
    rows = await connection.fetch(
        """
        SELECT *
          FROM ops.jobs
         WHERE state = $1
         ORDER BY job_id
        """,
        state,
    )
    return [dict(row) for row in rows]


@dataclass(frozen=True, slots=True)
class ListedJob:
    """A unit of background work; `job_id` None = periodic work. All but `due_at` is real time."""

    job_id: int | None
    kind: str
    subject: str | None
    due_at: str | None
    attempts: int
    queued_at: datetime | None
    not_before: datetime
    problem: str | None


async def count_by_state(connection: Connection) -> dict[str, int]:
    """Gives how many units wait, run or have failed, and how many kinds of periodic work."""
    rows = await connection.fetch(
        """
        SELECT state, count(*) AS number
          FROM ops.jobs
         GROUP BY state
        """
    )
    return {row["state"]: row["number"] for row in rows}


async def page_of_jobs(
    connection: Connection, state: str, *, limit: int, offset: int
) -> list[ListedJob]:
    """Gives some of the rows of ops.jobs that are `waiting`, `running` or `failed`."""
    rows = await connection.fetch(
        """
        SELECT job_id, kind, subject, due_at, attempts, queued_at, not_before, problem
          FROM ops.jobs
         WHERE state = $1
         ORDER BY job_id, kind
         LIMIT $2
        OFFSET $3
        """,
        state,
        limit,
        offset,
    )
    return [ListedJob(**row) for row in rows]


async def retry_failed(connection: Connection, job_ids: Sequence[int] | None) -> list[int]:
    """Makes failed units wait again, from their first attempt; None = all of them."""
    rows = await connection.fetch(
        """
        UPDATE job.queue
           SET status = 'queued', attempts = 0, execute_after = clock_timestamp(),
               updated = clock_timestamp(), queue_manager_id = NULL
         WHERE status = 'failed'
           AND ($1::bigint[] IS NULL OR id = ANY ($1))
        RETURNING id
        """,
        job_ids,
    )
    return sorted(row["id"] for row in rows)
