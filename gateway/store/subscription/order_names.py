"""The name that an order of a reseller added, for its refund."""

from dataclasses import dataclass
from uuid import UUID

from gateway.db.pool import Connection


@dataclass(frozen=True, slots=True)
class OrderName:
    """A paid name in a subscription, and the names that are free because of it (R10)."""

    kid: str
    name: str
    free_with_it: list[str]


async def find_name(
    connection: Connection, reseller_id: UUID, order_number: int
) -> OrderName | None:
    """Gives the paid name that an order added and that is still there."""
    row = await connection.fetchrow(
        """
        SELECT subscription.kid, domain.name,
               ARRAY(SELECT partner.name
                       FROM subscription.domain partner
                      WHERE partner.partner_id = domain.id
                        AND partner.removed_at IS NULL
                      ORDER BY partner.name) AS free_with_it
          FROM reseller.purchase
          JOIN subscription.domain USING (order_number)
          JOIN subscription.subscription ON subscription.id = domain.subscription_id
         WHERE purchase.order_number = $2
           AND purchase.account_id = $1
           AND domain.free_because IS NULL
           AND domain.removed_at IS NULL
        """,
        reseller_id,
        order_number,
    )
    return OrderName(**row) if row else None
