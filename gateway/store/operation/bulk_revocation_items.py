"""The certificates of a bulk revocation, and what became of each of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.db.pool import Connection, Pool


@dataclass(frozen=True, slots=True)
class FailedItem:
    """A certificate that could not be revoked, and why."""

    serial: str
    problem: str


async def add(connection: Connection, bulk_id: UUID, serials: Sequence[str]) -> None:
    """Adds certificates to the list; those that stand in it already stay."""
    await connection.execute(
        """
        INSERT INTO operation.bulk_revocation_item (bulk_revocation_id, serial)
        SELECT $1, unnest($2::text[])
            ON CONFLICT DO NOTHING
        """,
        bulk_id,
        list(serials),
    )


async def unknown(connection: Connection, bulk_id: UUID, limit: int) -> tuple[int, list[str]]:
    """Gives how many serials of the list no certificate has, and some of them."""
    rows = await connection.fetch(
        """
        SELECT item.serial, count(*) OVER () AS number
          FROM operation.bulk_revocation_item item
         WHERE item.bulk_revocation_id = $1
           AND NOT EXISTS (SELECT
                             FROM ca.certificate
                            WHERE certificate.serial = item.serial)
         ORDER BY item.serial
         LIMIT $2
        """,
        bulk_id,
        limit,
    )
    return rows[0]["number"] if rows else 0, [row["serial"] for row in rows]


async def waiting(connection: Connection, bulk_id: UUID, limit: int) -> list[str]:
    """Gives serials of the list whose turn is still to come."""
    rows = await connection.fetch(
        """
        SELECT serial
          FROM operation.bulk_revocation_item
         WHERE bulk_revocation_id = $1
           AND outcome IS NULL
         ORDER BY serial
         LIMIT $2
        """,
        bulk_id,
        limit,
    )
    return [row["serial"] for row in rows]


async def settle(
    connection: Connection, bulk_id: UUID, *, taken: Sequence[str], revoked: Sequence[str]
) -> None:
    """Writes what became of certificates: `revoked` now, or before; call it with the row locked.

    `revoked` may hold more than those whose turn it was.
    """
    await connection.execute(
        """
        WITH settled AS (
            UPDATE operation.bulk_revocation_item
               SET outcome = CASE WHEN serial = ANY ($3) THEN 'revoked' ELSE 'before' END
             WHERE bulk_revocation_id = $1
               AND outcome IS NULL
               AND serial = ANY ($2::text[] || $3::text[])
            RETURNING serial
        )
        UPDATE operation.bulk_revocation
           SET done = done + (SELECT count(*) FROM settled)
         WHERE id = $1
        """,
        bulk_id,
        list(taken),
        list(revoked),
    )


async def give_up(connection: Connection, bulk_id: UUID, serial: str, problem: str) -> None:
    """Writes that a certificate could not be revoked; call it with the row locked."""
    await connection.execute(
        """
        WITH settled AS (
            UPDATE operation.bulk_revocation_item
               SET outcome = 'failed', problem = $3
             WHERE bulk_revocation_id = $1
               AND serial = $2
               AND outcome IS NULL
            RETURNING serial
        )
        UPDATE operation.bulk_revocation
           SET failed = failed + (SELECT count(*) FROM settled)
         WHERE id = $1
        """,
        bulk_id,
        serial,
        problem,
    )


async def failed(connection: Connection, bulk_id: UUID, limit: int) -> list[FailedItem]:
    """Gives some of those that could not be revoked."""
    rows = await connection.fetch(
        """
        SELECT serial, problem
          FROM operation.bulk_revocation_item
         WHERE bulk_revocation_id = $1
           AND outcome = 'failed'
         ORDER BY serial
         LIMIT $2
        """,
        bulk_id,
        limit,
    )
    return [FailedItem(**row) for row in rows]


async def delete_ended(pool: Pool, ended_before: datetime, limit: int) -> int:
    """Deletes lists of those that have ended; their counts stay."""
    deleted: int = await pool.fetchval(
        """
        WITH deleted AS (
            DELETE FROM operation.bulk_revocation_item
             WHERE (bulk_revocation_id, serial)
                   IN (SELECT item.bulk_revocation_id, item.serial
                         FROM operation.bulk_revocation ended
                         JOIN operation.bulk_revocation_item item
                           ON item.bulk_revocation_id = ended.id
                        WHERE ended.ended_at < $1
                        LIMIT $2)
            RETURNING serial
        )
        SELECT count(*) FROM deleted
        """,
        ended_before,
        limit,
    )
    return deleted
