"""When a reseller last got money back for a name (R22)."""

from datetime import datetime
from uuid import UUID

from gateway.db.pool import Connection
from gateway.rules.money.pricing import Family


async def last_refund(
    connection: Connection, family: Family, reseller_id: UUID, name: str
) -> datetime | None:
    """For any purchase of the family that bought something for the name; None = never."""
    last: datetime | None = await connection.fetchval(
        """
        SELECT max(refunded_at)
          FROM reseller.refunded_name
         WHERE family = $1
           AND account_id = $2
           AND name = $3
        """,
        family,
        reseller_id,
        name,
    )
    return last
