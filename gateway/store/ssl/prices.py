"""What SSL certificates cost, and the coupons that pay a part of it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from gateway.db.pool import Connection
from gateway.store.money.ledger import PriceRow


@dataclass(frozen=True, slots=True)
class Coupon:
    """`used_for` is the certificate it was used for, None if unused."""

    code: str
    reseller_id: UUID
    amount: Decimal
    expires_at: datetime | None
    used_for: str | None


async def prices(
    connection: Connection, reseller_id: UUID, brand: str, kind: str
) -> tuple[str, list[PriceRow]]:
    """The reseller's currency, and one yearly price for each name type that has one."""
    rows = await connection.fetch(
        """
        SELECT DISTINCT ON (price.name_type)
               account.currency AS reseller_currency,
               price.name_type, price.yearly, price.currency
          FROM reseller.account
          LEFT JOIN ssl.price
            ON price.brand = $2
           AND price.type = $3
           AND (price.account_id = account.id OR price.account_id IS NULL)
         WHERE account.id = $1
         ORDER BY price.name_type, price.account_id IS NULL
        """,
        reseller_id,
        brand,
        kind,
    )
    if not rows:
        raise LookupError(reseller_id)
    priced = [row for row in rows if row["name_type"] is not None]
    return rows[0]["reseller_currency"], [
        PriceRow(row["name_type"], row["yearly"], row["currency"]) for row in priced
    ]


async def brands(connection: Connection) -> list[str]:
    """Brands that have a price on any list."""
    rows = await connection.fetch("SELECT DISTINCT brand FROM ssl.price")
    return [row["brand"] for row in rows]


async def put_price(
    connection: Connection,
    *,
    price_id: UUID,
    reseller_id: UUID | None,
    brand: str,
    kind: str,
    name_type: str,
    yearly: Decimal,
    currency: str,
) -> Decimal | None:
    """Sets a price (reseller_id None = default list); gives the price it replaces, if any."""
    former: Decimal | None = await connection.fetchval(
        """
        WITH former AS (
            SELECT yearly
              FROM ssl.price
             WHERE account_id IS NOT DISTINCT FROM $2
               AND brand = $3
               AND type = $4
               AND name_type = $5
        ), written AS (
            INSERT INTO ssl.price (id, account_id, brand, type, name_type, yearly, currency)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT (account_id, brand, type, name_type)
            DO UPDATE SET yearly = EXCLUDED.yearly, currency = EXCLUDED.currency
        )
        SELECT yearly FROM former
        """,
        price_id,
        reseller_id,
        brand,
        kind,
        name_type,
        yearly,
        currency,
    )
    return former


async def add_coupon(
    connection: Connection,
    code: str,
    reseller_id: UUID,
    amount: Decimal,
    expires_at: datetime | None,
    now: datetime,
) -> None:
    await connection.execute(
        """
        INSERT INTO ssl.coupon (code, reseller_id, amount, expires_at, created_at)
        VALUES ($1, $2, $3, $4, $5)
        """,
        code,
        reseller_id,
        amount,
        expires_at,
        now,
    )


async def lock_coupon(connection: Connection, reseller_id: UUID, code: str) -> Coupon | None:
    """One of the reseller's coupons; lock it before the reseller."""
    row = await connection.fetchrow(
        """
        SELECT code, reseller_id, amount, expires_at, used_for
          FROM ssl.coupon
         WHERE code = $2
           AND reseller_id = $1
           FOR NO KEY UPDATE
        """,
        reseller_id,
        code,
    )
    return Coupon(**row) if row else None


async def use_coupon(connection: Connection, code: str, cert_id: str) -> None:
    await connection.execute(
        """
        UPDATE ssl.coupon
           SET used_for = $2
         WHERE code = $1
        """,
        code,
        cert_id,
    )
