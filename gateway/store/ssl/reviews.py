"""Orders for OV certificates whose organization an operator must check."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.db.pool import Connection


@dataclass(frozen=True, slots=True)
class WaitingCheck:
    """An order in CHECKING_ORG; `organization` is what the customer applied with."""

    cert_id: str
    reseller: str
    names: list[str]
    organization: dict[str, Any]
    submitted_at: datetime
    waits_since: datetime


async def list_waiting(connection: Connection, limit: int) -> list[WaitingCheck]:
    """Gives the checks that have waited longest."""
    rows = await connection.fetch(
        """
        SELECT cert_id, reseller, names, organization, submitted_at, waits_since
          FROM ops.ssl_reviews
         LIMIT $1
        """,
        limit,
    )
    return [WaitingCheck(**row) for row in rows]


async def find_waiting(connection: Connection, cert_id: str) -> WaitingCheck | None:
    """Finds the check of an order; None = none waits."""
    row = await connection.fetchrow(
        """
        SELECT cert_id, reseller, names, organization, submitted_at, waits_since
          FROM ops.ssl_reviews
         WHERE cert_id = $1
        """,
        cert_id,
    )
    return WaitingCheck(**row) if row else None
