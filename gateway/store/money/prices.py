"""The price list of all families: reseller.price."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from gateway.db.pool import Connection
from gateway.rules.money.prices import Article, Family, Price


@dataclass(frozen=True, slots=True)
class ListedPrice:
    """A price as operators see it; `own` = from the reseller's list, not the default one."""

    item: str
    variant: str
    amount: Decimal
    currency: str
    own: bool


async def prices_of(
    connection: Connection, reseller_id: UUID, family: Family, item: str | None = None
) -> tuple[str, Mapping[tuple[str, str], Price]]:
    """Gives a reseller's currency, and its prices by item and variant; `item` None = all.

    A reseller's own price comes before the default one.
    """
    rows = await connection.fetch(
        """
        SELECT DISTINCT ON (price.item, price.variant)
               account.currency AS reseller_currency,
               price.item, price.variant, price.amount, price.currency
          FROM reseller.account
          LEFT JOIN reseller.price
            ON price.family = $2
           AND ($3::text IS NULL OR price.item = $3)
           AND (price.account_id = account.id OR price.account_id IS NULL)
         WHERE account.id = $1
         ORDER BY price.item, price.variant, price.account_id IS NULL
        """,
        reseller_id,
        family,
        item,
    )
    if not rows:
        raise LookupError(reseller_id)
    return rows[0]["reseller_currency"], {
        (row["item"], row["variant"]): Price(row["amount"], row["currency"])
        for row in rows
        if row["item"] is not None
    }


async def listed(
    connection: Connection, reseller_id: UUID | None, family: Family
) -> list[ListedPrice]:
    """Gives a reseller's prices (None = the default list), in the order of LISTSERVERS."""
    rows = await connection.fetch(
        """
        SELECT DISTINCT ON (server.position, price.item, price.variant)
               price.item, price.variant, price.amount, price.currency,
               price.account_id IS NOT NULL AS own
          FROM reseller.price
          LEFT JOIN acme.server ON server.name = price.server
         WHERE price.family = $2
           AND (price.account_id = $1 OR price.account_id IS NULL)
         ORDER BY server.position, price.item, price.variant, price.account_id IS NULL
        """,
        reseller_id,
        family,
    )
    return [ListedPrice(**row) for row in rows]


async def items(connection: Connection, family: Family) -> list[str]:
    """Gives the items of a family that have a price on any list."""
    rows = await connection.fetch(
        """
        SELECT DISTINCT item
          FROM reseller.price
         WHERE family = $1
        """,
        family,
    )
    return [row["item"] for row in rows]


async def put(
    connection: Connection,
    *,
    price_id: UUID,
    reseller_id: UUID | None,
    article: Article,
    amount: Decimal,
    currency: str,
) -> Decimal | None:
    """Sets a price (reseller_id None = default list); gives the price it replaces, if any."""
    former: Decimal | None = await connection.fetchval(
        """
        WITH former AS (
            SELECT amount
              FROM reseller.price
             WHERE account_id IS NOT DISTINCT FROM $2
               AND family = $3
               AND item = $4
               AND variant = $5
        ), written AS (
            INSERT INTO reseller.price (id, account_id, family, item, variant, amount, currency)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT (account_id, family, item, variant)
            DO UPDATE SET amount = EXCLUDED.amount, currency = EXCLUDED.currency
        )
        SELECT amount FROM former
        """,
        price_id,
        reseller_id,
        article.family,
        article.item,
        article.variant,
        amount,
        currency,
    )
    return former


async def remove(
    connection: Connection, reseller_id: UUID | None, article: Article
) -> Price | None:
    """Removes a price from the reseller's list (None = default); gives it, None without one."""
    row = await connection.fetchrow(
        """
        DELETE FROM reseller.price
         WHERE account_id IS NOT DISTINCT FROM $1
           AND family = $2
           AND item = $3
           AND variant = $4
        RETURNING amount, currency
        """,
        reseller_id,
        article.family,
        article.item,
        article.variant,
    )
    return None if row is None else Price(row["amount"], row["currency"])
