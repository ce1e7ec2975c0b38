"""Destinations of notices: their addresses, kinds and settings, by reseller."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from gateway.db.pool import Connection
from gateway.rules.notice.kinds import Channel


@dataclass(frozen=True, slots=True)
class Destination:
    """A webhook or mail address without its secret; `undelivered` notices wait for it."""

    id: UUID
    channel: Channel
    address: str
    kinds: list[str]
    status: str
    last_error: str | None
    undelivered: int


@dataclass(frozen=True, slots=True)
class NewDestination:
    """A destination to be stored; `encrypted_secret` is None for a mail address."""

    id: UUID
    reseller_id: UUID
    channel: Channel
    address: str
    encrypted_secret: bytes | None
    kinds: Sequence[str]


@dataclass(frozen=True, slots=True)
class Failing:
    """A destination that does not confirm its notices, as operators see it."""

    login: str
    destination_id: UUID
    channel: Channel
    address: str
    status: str
    failures: int
    failing_since: datetime | None
    last_error: str | None
    undelivered: int


@dataclass(frozen=True, slots=True)
class ListedNotice:
    """A notice as shown to its reseller; `wanted` and `delivered` count destinations."""

    id: UUID
    kind: str
    due_at: datetime
    data: dict[str, Any]
    wanted: int
    delivered: int


async def list_all(connection: Connection, reseller_id: UUID) -> list[Destination]:
    """Gives a reseller's destinations in the order they were added."""
    rows = await connection.fetch(
        """
        SELECT destination.id, destination.channel, destination.address, destination.kinds,
               destination.status, destination.last_error,
               (SELECT count(*)
                  FROM notice.delivery
                 WHERE delivery.destination_id = destination.id
                   AND delivery.status = 'pending') AS undelivered
          FROM notice.destination
         WHERE destination.reseller_id = $1
           AND destination.status <> 'removed'
         ORDER BY destination.id
        """,
        reseller_id,
    )
    return [Destination(**row) for row in rows]


async def list_failing(connection: Connection) -> list[Failing]:
    """Gives destinations that fail, those that have failed longest first."""
    rows = await connection.fetch(
        """
        SELECT reseller AS login, destination_id, channel, address, status, failures,
               failing_since, last_error, undelivered
          FROM ops.failing_destinations
         ORDER BY failing_since
        """
    )
    return [Failing(**row) for row in rows]


async def lock(
    connection: Connection, reseller_id: UUID, destination_id: UUID
) -> Destination | None:
    """Gives a reseller's destination, its row locked until the transaction ends."""
    row = await connection.fetchrow(
        """
        SELECT id, channel, address, kinds, status, last_error, 0 AS undelivered
          FROM notice.destination
         WHERE id = $2
           AND reseller_id = $1
           AND status <> 'removed'
           FOR NO KEY UPDATE
        """,
        reseller_id,
        destination_id,
    )
    return Destination(**row) if row else None


async def add(connection: Connection, destination: NewDestination, created_at: datetime) -> bool:
    """Adds a destination; False = the reseller has it already."""
    added = await connection.fetchval(
        """
        INSERT INTO notice.destination
               (id, reseller_id, channel, address, encrypted_secret, kinds, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (reseller_id, channel, address) WHERE status <> 'removed' DO NOTHING
        RETURNING id
        """,
        destination.id,
        destination.reseller_id,
        destination.channel,
        destination.address,
        destination.encrypted_secret,
        list(destination.kinds),
        created_at,
    )
    return added is not None


async def set_kinds(connection: Connection, destination_id: UUID, kinds: Sequence[str]) -> None:
    """Sets the kinds of notices, for those made from now on."""
    await connection.execute(
        """
        UPDATE notice.destination
           SET kinds = $2
         WHERE id = $1
        """,
        destination_id,
        list(kinds),
    )


async def find_secret(connection: Connection, destination_id: UUID) -> bytes | None:
    """Gives the encrypted secret of a webhook."""
    found: bytes | None = await connection.fetchval(
        """
        SELECT encrypted_secret
          FROM notice.destination
         WHERE id = $1
        """,
        destination_id,
    )
    return found


async def set_secret(connection: Connection, destination_id: UUID, encrypted_secret: bytes) -> None:
    """Sets the secret of a webhook, which signs from the next attempt on."""
    await connection.execute(
        """
        UPDATE notice.destination
           SET encrypted_secret = $2
         WHERE id = $1
        """,
        destination_id,
        encrypted_secret,
    )


async def remove(connection: Connection, destination_id: UUID) -> None:
    """Removes a destination; notices that wait for it are not sent."""
    await connection.execute(
        """
        WITH skipped AS (
            UPDATE notice.delivery
               SET status = 'skipped'
             WHERE destination_id = $1
               AND status = 'pending'
        )
        UPDATE notice.destination
           SET status = 'removed', attempt_at = NULL, leased = false
         WHERE id = $1
        """,
        destination_id,
    )


async def resume(connection: Connection, destination_id: UUID) -> None:
    """Makes a destination due at once, oldest notice first, unless an attempt is being made."""
    await connection.execute(
        """
        UPDATE notice.destination
           SET status = 'active', parked_at = NULL, failures = 0, failing_since = NULL,
               last_error = NULL,
               attempt_at = CASE WHEN leased THEN attempt_at ELSE clock_timestamp() END
         WHERE id = $1
        """,
        destination_id,
    )


async def suspend(connection: Connection, destination_id: UUID, why: str) -> None:
    """Parks a destination: no attempt is made; one that is under way may still be confirmed."""
    await connection.execute(
        """
        UPDATE notice.destination
           SET status = 'parked', parked_at = clock_timestamp(), last_error = $2,
               attempt_at = NULL, leased = false
         WHERE id = $1
        """,
        destination_id,
        why,
    )


async def skip_oldest(connection: Connection, destination_id: UUID) -> int | None:
    """Skips the notice that blocks the later ones; gives its number."""
    number: int | None = await connection.fetchval(
        """
        UPDATE notice.delivery
           SET status = 'skipped'
         WHERE destination_id = $1
           AND notice_number = (SELECT oldest.notice_number
                                  FROM notice.delivery oldest
                                 WHERE oldest.destination_id = $1
                                   AND oldest.status = 'pending'
                                 ORDER BY oldest.notice_number
                                 LIMIT 1)
        RETURNING notice_number
        """,
        destination_id,
    )
    return number


async def replay(
    connection: Connection,
    destination_id: UUID,
    since: datetime,
    until: datetime,
) -> int:
    """Queues again what was due within these instants (both included); gives how many.

    Notices from before the destination was added are included, if it takes their kind now.
    """
    queued: int = await connection.fetchval(
        """
        WITH queued AS (
            INSERT INTO notice.delivery (destination_id, notice_number)
            SELECT destination.id, notice.number
              FROM notice.destination
              JOIN notice.notice
                ON notice.reseller_id = destination.reseller_id
               AND notice.kind = ANY (destination.kinds)
               AND notice.due_at BETWEEN $2 AND $3
             WHERE destination.id = $1
            ON CONFLICT (destination_id, notice_number)
            DO UPDATE SET status = 'pending'
            RETURNING notice_number
        ), woken AS (
            UPDATE notice.destination
               SET attempt_at = coalesce(attempt_at, clock_timestamp())
             WHERE id = $1
               AND status = 'active'
               AND EXISTS (SELECT FROM queued)
        )
        SELECT count(*) FROM queued
        """,
        destination_id,
        since,
        until,
    )
    return queued


async def list_notices(
    connection: Connection, reseller_id: UUID, *, limit: int | None, offset: int
) -> list[ListedNotice]:
    """Gives a reseller's notices, the newest first."""
    rows = await connection.fetch(
        """
        SELECT notice.id, notice.kind, notice.due_at, notice.data,
               count(delivery.notice_number) AS wanted,
               count(*) FILTER (WHERE delivery.status = 'delivered') AS delivered
          FROM notice.notice
          LEFT JOIN notice.delivery ON delivery.notice_number = notice.number
         WHERE notice.reseller_id = $1
         GROUP BY notice.number
         ORDER BY notice.number DESC
         LIMIT $2
        OFFSET $3
        """,
        reseller_id,
        limit,
        offset,
    )
    return [ListedNotice(**row) for row in rows]
