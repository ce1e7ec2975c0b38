"""When a reseller was last refunded for a name (R22)."""

from datetime import datetime
from uuid import UUID

from gateway.db.pool import Connection
from gateway.rules.money.prices import Family


async def last_refund(
    connection: Connection, family: Family, reseller_id: UUID, name: str
) -> datetime | None:
    """The last refund of a purchase of the family that included the name; None = never."""
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
