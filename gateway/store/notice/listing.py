"""Notices and their deliveries as their reseller sees them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from gateway.db.pool import Connection


@dataclass(frozen=True, slots=True)
class ListedDelivery:
    """A notice on its way to one destination."""

    notice_number: int
    kind: str
    due_at: datetime
    data: dict[str, Any]
    status: str
    attempts: int
    delivered_at: datetime | None


async def count_notices(connection: Connection, reseller_id: UUID) -> int:
    """How many notices a reseller has."""
    found: int = await connection.fetchval(
        """
        SELECT count(*)
          FROM notice.notice
         WHERE reseller_id = $1
        """,
        reseller_id,
    )
    return found


async def deliveries(
    connection: Connection, destination_id: UUID, *, limit: int, offset: int
) -> tuple[int, list[ListedDelivery]]:
    """Gives how many notices were or are for a destination, and some, the newest first."""
    rows = await connection.fetch(
        """
        WITH wanted AS (
            SELECT delivery.notice_number, notice.kind, notice.due_at, notice.data,
                   delivery.status, delivery.attempts, delivery.delivered_at
              FROM notice.delivery
              JOIN notice.notice ON notice.number = delivery.notice_number
             WHERE delivery.destination_id = $1
             ORDER BY delivery.notice_number DESC
             LIMIT $2
            OFFSET $3
        )
        SELECT (SELECT count(*)
                  FROM notice.delivery
                 WHERE destination_id = $1) AS found, wanted.*
          FROM (SELECT) AS one
          LEFT JOIN wanted ON true
         ORDER BY wanted.notice_number DESC
        """,
        destination_id,
        limit,
        offset,
    )
    listed = [
        ListedDelivery(
            row["notice_number"],
            row["kind"],
            row["due_at"],
            row["data"],
            row["status"],
            row["attempts"],
            row["delivered_at"],
        )
        for row in rows
        if row["notice_number"] is not None
    ]
    return rows[0]["found"], listed
