"""When a reseller last got money back for a name (R22)."""

from datetime import datetime
from uuid import UUID

from gateway.db.pool import Connection


async def last_of_domain(connection: Connection, reseller_id: UUID, name: str) -> datetime | None:
    """For a name of any subscription of the reseller; None = never."""
    last: datetime | None = await connection.fetchval(
        """
        SELECT max(purchase.refunded_at)
          FROM subscription.domain
          JOIN reseller.purchase USING (order_number)
         WHERE domain.name = $2
           AND domain.free_because IS NULL
           AND purchase.account_id = $1
           AND purchase.refunded > 0
        """,
        reseller_id,
        name,
    )
    return last


async def last_of_licence(connection: Connection, reseller_id: UUID, name: str) -> datetime | None:
    """For any SiteLock licence of the domain that the reseller had; None = never."""
    last: datetime | None = await connection.fetchval(
        """
        SELECT max(purchase.refunded_at)
          FROM sitelock.licence
          JOIN sitelock.order_line line ON line.licence_id = licence.id
          JOIN reseller.purchase USING (order_number)
         WHERE licence.domain_name = $2
           AND licence.reseller_id = $1
           AND purchase.refunded > 0
        """,
        reseller_id,
        name,
    )
    return last
