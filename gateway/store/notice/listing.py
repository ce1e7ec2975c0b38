"""Notices and their deliveries as their reseller sees them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from gateway.db.counting import COUNTED_TO
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
    """How many notices a reseller has, counted up to COUNTED_TO."""
    found: int = await connection.fetchval(
        """
        SELECT count(*)
          FROM (SELECT FROM notice.notice WHERE reseller_id = $1 LIMIT $2::bigint) AS each
        """,
        reseller_id,
        COUNTED_TO,
    )
    return found


async def deliveries(
    connection: Connection, destination_id: UUID, *, limit: int, offset: int
) -> tuple[int, list[ListedDelivery]]:
    """Gives how many notices were or are for a destination, and some, the newest first.

    They are counted up to COUNTED_TO.
    """
    # PostgreSQL plans without values, but must know that few rows are wanted.
    rows = await connection.fetch(
        f"""
        WITH wanted AS (
            SELECT delivery.notice_number, notice.kind, notice.due_at, notice.data,
                   delivery.status, delivery.attempts, delivery.delivered_at
              FROM (SELECT *
                      FROM notice.delivery
                     WHERE destination_id = $1
                     ORDER BY notice_number DESC
                     LIMIT {limit}
                    OFFSET $2) AS delivery
              JOIN notice.notice ON notice.number = delivery.notice_number
        )
        SELECT (SELECT count(*)
                  FROM (SELECT
                          FROM notice.delivery
                         WHERE destination_id = $1
                         LIMIT $3::bigint) AS each) AS found, wanted.*
          FROM (SELECT) AS one
          LEFT JOIN wanted ON true
         ORDER BY wanted.notice_number DESC
        """,  # noqa: S608  a number
        destination_id,
        offset,
        COUNTED_TO,
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
