"""The prices of all families side by side: the default list, and that of one reseller."""

from dataclasses import dataclass
from decimal import Decimal

from gateway.db.pool import Connection


@dataclass(frozen=True, slots=True)
class PriceRow:
    """An article with its default price, and a reseller's own; None = there is none."""

    family: str
    item: str
    variant: str
    default_amount: Decimal | None
    default_currency: str | None
    own_amount: Decimal | None
    own_currency: str | None


async def table(connection: Connection, login: str | None) -> list[PriceRow]:
    """Gives every article that has a price on the default list or on the reseller's."""
    rows = await connection.fetch(
        """
        SELECT price.family, price.item, price.variant,
               max(price.amount) FILTER (WHERE price.account_id IS NULL) AS default_amount,
               max(price.currency) FILTER (WHERE price.account_id IS NULL) AS default_currency,
               max(price.amount) FILTER (WHERE price.account_id IS NOT NULL) AS own_amount,
               max(price.currency) FILTER (WHERE price.account_id IS NOT NULL) AS own_currency
          FROM reseller.price
          LEFT JOIN acme.server ON server.name = price.server
         WHERE price.account_id IS NULL
            OR price.account_id = (SELECT id FROM reseller.account WHERE login = $1)
         GROUP BY price.family, price.item, price.variant, server.position
         ORDER BY price.family, server.position, price.item, price.variant
        """,
        login,
    )
    return [PriceRow(**row) for row in rows]
