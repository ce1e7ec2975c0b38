"""Prices of SiteLock products."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from gateway.db.pool import Connection
from gateway.rules.money.pricing import Price
from gateway.rules.sitelock.licences import PriceList


@dataclass(frozen=True, slots=True)
class ListedPrice:
    """A price; `own` = of the reseller itself, not of the default list."""

    product: int
    days: int
    amount: Decimal
    currency: str
    own: bool


async def listed_prices(connection: Connection, reseller_id: UUID | None) -> list[ListedPrice]:
    """What a reseller pays, or None = the default list, by product and days."""
    rows = await connection.fetch(
        """
        SELECT DISTINCT ON (product, days)
               product, days, amount, currency, account_id IS NOT NULL AS own
          FROM sitelock.price
         WHERE account_id = $1
            OR account_id IS NULL
         ORDER BY product, days, account_id IS NULL
        """,
        reseller_id,
    )
    return [ListedPrice(**row) for row in rows]


async def price_list(connection: Connection, reseller_id: UUID) -> PriceList:
    """A reseller's own prices, and default ones where there is no own."""
    currency: str = await connection.fetchval(
        """
        SELECT currency
          FROM reseller.account
         WHERE id = $1
        """,
        reseller_id,
    )
    listed = await listed_prices(connection, reseller_id)
    prices = {(each.product, each.days): Price(each.amount, each.currency) for each in listed}
    return PriceList(currency, prices)


async def put_price(
    connection: Connection,
    *,
    price_id: UUID,
    reseller_id: UUID | None,
    product: int,
    days: int,
    amount: Decimal,
    currency: str,
) -> None:
    """Sets a price; `reseller_id` None = on the default list."""
    await connection.execute(
        """
        INSERT INTO sitelock.price (id, account_id, product, days, amount, currency)
        VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (account_id, product, days)
            DO UPDATE SET amount = excluded.amount, currency = excluded.currency
        """,
        price_id,
        reseller_id,
        product,
        days,
        amount,
        currency,
    )
