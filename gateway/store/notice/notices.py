"""Notices: reading the audit trail for them, numbering them, queueing them for destinations.

An id of audit.event is taken before its row is committed, so a reader that goes by ids must not
pass one that is still to come. Whoever inserts an event holds ROW EXCLUSIVE on the table from
before its id is taken until its transaction has ended. So: look at the newest id taken, then at who
holds that lock; when all of those have ended, every row up to that id can be seen or never will be.
Writers are not disturbed by this, and it holds after a restore from a dump too.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from gateway import ids
from gateway.db.pool import Connection, Pool, fetch_one
from gateway.rules.notice.notices import Draft, RefusedNames


async def anything_unread(pool: Pool) -> bool:
    """Whether an event id was taken since the audit trail was last read. Cheap; locks nothing."""
    found: bool = await pool.fetchval(
        """
        SELECT sequence.is_called AND sequence.last_value > cursor.event_id
          FROM notice.cursor
         CROSS JOIN audit.event_id_seq AS sequence
        """
    )
    return found


async def lock_cursor(connection: Connection) -> int | None:
    """Locks the place in the audit trail up to which events were read; gives it.

    None = another process is reading.
    """
    position: int | None = await connection.fetchval(
        """
        SELECT event_id
          FROM notice.cursor
           FOR UPDATE SKIP LOCKED
        """
    )
    return position


async def wait_for_cursor(connection: Connection) -> int:
    """Does as lock_cursor, but waits until no other process reads.

    It is also for whoever numbers notices without reading events.
    """
    position: int = await connection.fetchval(
        """
        SELECT event_id
          FROM notice.cursor
           FOR UPDATE
        """
    )
    return position


async def move_cursor(connection: Connection, event_id: int) -> None:
    await connection.execute(
        """
        UPDATE notice.cursor
           SET event_id = $1
        """,
        event_id,
    )


async def newest_event(connection: Connection) -> int:
    """Gives the newest id taken, whether or not its row can be seen yet."""
    newest: int = await connection.fetchval(
        """
        SELECT CASE WHEN is_called THEN last_value ELSE 0 END
          FROM audit.event_id_seq
        """
    )
    return newest


async def writers(connection: Connection) -> list[str]:
    """Gives transactions that have written, or are about to write, audit events."""
    rows = await connection.fetch(
        """
        SELECT virtualtransaction
          FROM pg_locks
         WHERE relation = 'audit.event'::regclass
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
           AND mode = 'RowExclusiveLock'
        """
    )
    return [row["virtualtransaction"] for row in rows]


async def notify_of_refusal(
    connection: Connection,
    *,
    kid: str,
    day: date,
    refused: RefusedNames,
    event_id: int,
    most: int,
) -> list[str]:
    """Records names as notified of that day; gives those that were not before.

    Gives none once `most` events were notified for the kid.
    """
    rows = await connection.fetch(
        """
        INSERT INTO notice.notified_refusal (kid, day, reason, name, event_id)
        SELECT $1, $2, $3, name, $5
          FROM unnest($4::text[]) AS name
         WHERE (SELECT count(DISTINCT notified.event_id)
                  FROM notice.notified_refusal notified
                 WHERE notified.kid = $1
                   AND notified.day = $2) < $6
        ON CONFLICT DO NOTHING
        RETURNING name
        """,
        kid,
        day,
        refused.reason,
        list(refused.names),
        event_id,
        most,
    )
    return [row["name"] for row in rows]


async def add(connection: Connection, drafts: Sequence[Draft]) -> list[int]:
    """Numbers those of `drafts` that are new, in their order; call it with the cursor locked."""
    rows = await connection.fetch(
        """
        INSERT INTO notice.notice (id, reseller_id, kind, subject, due_at, data, once, event_id)
        SELECT draft.id, draft.reseller_id, draft.kind, draft.subject, draft.due_at, draft.data,
               draft.once, draft.event_id
          FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[],
                      $6::jsonb[], $7::text[], $8::bigint[])
               WITH ORDINALITY AS draft (id, reseller_id, kind, subject, due_at, data, once,
                                         event_id, position)
         ORDER BY draft.position
        ON CONFLICT (once) DO NOTHING
        RETURNING number
        """,
        [ids.new_id() for _ in drafts],
        [draft.reseller_id for draft in drafts],
        [draft.kind for draft in drafts],
        [draft.subject for draft in drafts],
        [draft.due_at for draft in drafts],
        [draft.data for draft in drafts],
        [draft.once for draft in drafts],
        [draft.event_id for draft in drafts],
    )
    return [row["number"] for row in rows]


async def queue(connection: Connection, numbers: Sequence[int]) -> None:
    """Queues deliveries for destinations that want these notices; wakes those at rest."""
    await fetch_one(
        connection,
        """
        WITH locked AS (
            SELECT destination.id
              FROM notice.destination
             WHERE destination.status <> 'removed'
               AND destination.reseller_id IN (SELECT notice.reseller_id
                                                 FROM notice.notice
                                                WHERE notice.number = ANY ($1))
             ORDER BY destination.id
               FOR NO KEY UPDATE
        )
        SELECT count(*) FROM locked
        """,
        list(numbers),
    )
    # A second statement sees what was changed while the first waited for the locks.
    await connection.execute(
        """
        WITH wanted AS (
            INSERT INTO notice.delivery (destination_id, notice_number)
            SELECT destination.id, notice.number
              FROM notice.notice
              JOIN notice.destination
                ON destination.reseller_id = notice.reseller_id
               AND destination.status <> 'removed'
               AND notice.kind = ANY (destination.kinds)
             WHERE notice.number = ANY ($1)
            ON CONFLICT DO NOTHING
            RETURNING destination_id
        )
        UPDATE notice.destination
           SET attempt_at = clock_timestamp()
         WHERE id IN (SELECT destination_id FROM wanted)
           AND status = 'active'
           AND attempt_at IS NULL
        """,
        list(numbers),
    )


async def add_test(
    connection: Connection, destination_id: UUID, notice_id: UUID, draft: Draft
) -> None:
    """Adds a notice for one locked destination only; call it with the cursor locked."""
    await connection.execute(
        """
        WITH made AS (
            INSERT INTO notice.notice (id, reseller_id, kind, subject, due_at, data, once)
            VALUES ($2, $3, $4, $5, $6, $7, $8)
            RETURNING number
        ), queued AS (
            INSERT INTO notice.delivery (destination_id, notice_number)
            SELECT $1, number
              FROM made
        )
        UPDATE notice.destination
           SET attempt_at = coalesce(attempt_at, clock_timestamp())
         WHERE id = $1
           AND status = 'active'
        """,
        destination_id,
        notice_id,
        draft.reseller_id,
        draft.kind,
        draft.subject,
        draft.due_at,
        draft.data,
        draft.once,
    )


async def delete_old(pool: Pool, age: timedelta, limit: int) -> int:
    """Deletes notices made so long ago, in real time, that no destination waits for."""
    deleted: int = await pool.fetchval(
        """
        WITH old AS (
            SELECT notice.number, notice.event_id
              FROM notice.notice
             WHERE notice.made_at < clock_timestamp() - $1::interval
               AND NOT EXISTS (SELECT FROM notice.delivery
                                WHERE delivery.notice_number = notice.number
                                  AND delivery.status = 'pending')
             ORDER BY notice.made_at
             LIMIT $2
        ), deliveries AS (
            DELETE FROM notice.delivery
             WHERE notice_number IN (SELECT number FROM old)
        ), refusals AS (
            DELETE FROM notice.notified_refusal
             WHERE event_id IN (SELECT event_id FROM old)
        ), notices AS (
            DELETE FROM notice.notice
             WHERE number IN (SELECT number FROM old)
            RETURNING number
        )
        SELECT count(*) FROM notices
        """,
        age,
        limit,
    )
    return deleted
