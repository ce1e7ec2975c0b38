"""Bulk revocations: what was decided, and how far it is.

Their lists of certificates are in bulk_revocation_items.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.db.pool import Connection, Pool
from gateway.origin import Origin
from gateway.rules.operation.bulk_revocation import Criterion
from gateway.store.operation import bulk_revocation_items


@dataclass(frozen=True, slots=True)
class NewBulkRevocation:
    """One to be stored as prepared; `source` is the network address it was asked from."""

    id: UUID
    criterion: Criterion
    value: str
    reason: int
    why: str
    actor: str
    source: str | None


@dataclass(frozen=True, slots=True)
class BulkRevocation:
    """A stored one. `total`, `done` and `failed` count certificates, from the start on."""

    id: UUID
    criterion: Criterion
    value: str
    reason: int
    why: str
    actor: str
    source: str | None
    status: str
    total: int
    done: int
    failed: int
    prepared_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


async def add(connection: Connection, bulk: NewBulkRevocation, now: datetime) -> None:
    """Stores a prepared bulk revocation."""
    await connection.execute(
        """
        INSERT INTO operation.bulk_revocation
               (id, criterion, value, reason, why, actor, source, prepared_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7::text::inet, $8)
        """,
        bulk.id,
        bulk.criterion,
        bulk.value,
        bulk.reason,
        bulk.why,
        bulk.actor,
        bulk.source,
        now,
    )


async def find(connection: Connection, bulk_id: UUID) -> BulkRevocation | None:
    """Finds one by its id."""
    row = await connection.fetchrow(
        """
        SELECT id, criterion, value, reason, why, actor, host(source) AS source, status, total,
               done, failed, prepared_at, started_at, ended_at
          FROM operation.bulk_revocation
         WHERE id = $1
        """,
        bulk_id,
    )
    return BulkRevocation(**row) if row else None


async def lock(connection: Connection, bulk_id: UUID) -> BulkRevocation | None:
    """Finds one and locks it: one process works on it, or changes its status, at a time."""
    row = await connection.fetchrow(
        """
        SELECT id, criterion, value, reason, why, actor, host(source) AS source, status, total,
               done, failed, prepared_at, started_at, ended_at
          FROM operation.bulk_revocation
         WHERE id = $1
           FOR NO KEY UPDATE
        """,
        bulk_id,
    )
    return BulkRevocation(**row) if row else None


async def page(
    connection: Connection, *, limit: int, offset: int
) -> tuple[int, list[BulkRevocation]]:
    """Gives how many there are, and some of them, the newest first."""
    number: int = await connection.fetchval("SELECT count(*) FROM operation.bulk_revocation")
    rows = await connection.fetch(
        """
        SELECT id, criterion, value, reason, why, actor, host(source) AS source, status, total,
               done, failed, prepared_at, started_at, ended_at
          FROM operation.bulk_revocation
         ORDER BY prepared_at DESC, id DESC
         LIMIT $1
        OFFSET $2
        """,
        limit,
        offset,
    )
    return number, [BulkRevocation(**row) for row in rows]


async def start(
    connection: Connection, bulk_id: UUID, serials: Sequence[str], origin: Origin, now: datetime
) -> int:
    """Makes the list that of these certificates, and of serials that no certificate has.

    Those count as failed. From now on it is the decision of `origin`. Gives the number of all.
    """
    await bulk_revocation_items.add(connection, bulk_id, serials)
    await connection.execute(
        """
        WITH unneeded AS (
            DELETE FROM operation.bulk_revocation_item
             WHERE bulk_revocation_id = $1
               AND serial <> ALL ($2)
               AND EXISTS (SELECT
                             FROM ca.certificate
                            WHERE certificate.serial = bulk_revocation_item.serial)
        )
        UPDATE operation.bulk_revocation_item
           SET outcome = 'failed', problem = 'there is no such certificate'
         WHERE bulk_revocation_id = $1
           AND NOT EXISTS (SELECT
                             FROM ca.certificate
                            WHERE certificate.serial = bulk_revocation_item.serial)
        """,
        bulk_id,
        list(serials),
    )
    total: int = await connection.fetchval(
        """
        UPDATE operation.bulk_revocation
           SET status = 'running', started_at = $2, actor = $3, source = $4::text::inet,
               total = counted.total, failed = counted.failed
          FROM (SELECT count(*) AS total, count(*) FILTER (WHERE outcome = 'failed') AS failed
                  FROM operation.bulk_revocation_item
                 WHERE bulk_revocation_id = $1) AS counted
         WHERE id = $1
        RETURNING bulk_revocation.total
        """,
        bulk_id,
        now,
        origin.actor,
        origin.source,
    )
    return total


async def end(connection: Connection, bulk_id: UUID, status: str, now: datetime) -> None:
    """Writes that it is done, or cancelled."""
    await connection.execute(
        """
        UPDATE operation.bulk_revocation
           SET status = $2, ended_at = $3
         WHERE id = $1
        """,
        bulk_id,
        status,
        now,
    )


async def running(pool: Pool, until: datetime, limit: int) -> list[tuple[datetime, UUID]]:
    """Gives those that run, by when they were started; earliest first."""
    rows = await pool.fetch(
        """
        SELECT started_at, id
          FROM operation.bulk_revocation
         WHERE status = 'running'
           AND started_at <= $1
         ORDER BY started_at, id
         LIMIT $2
        """,
        until,
        limit,
    )
    return [(row["started_at"], row["id"]) for row in rows]


async def delete_unconfirmed(pool: Pool, prepared_before: datetime, limit: int) -> int:
    """Deletes those that were prepared and never started."""
    deleted: int = await pool.fetchval(
        """
        WITH deleted AS (
            DELETE FROM operation.bulk_revocation
             WHERE id IN (SELECT id
                            FROM operation.bulk_revocation
                           WHERE status = 'prepared'
                             AND prepared_at < $1
                           LIMIT $2)
            RETURNING id
        )
        SELECT count(*) FROM deleted
        """,
        prepared_before,
        limit,
    )
    return deleted
