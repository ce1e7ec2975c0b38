"""Coupons that pay a part of an SSL certificate."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from gateway.db.pool import Connection


@dataclass(frozen=True, slots=True)
class Coupon:
    """`used_for` is the certificate it was used for, None if unused."""

    code: str
    reseller_id: UUID
    amount: Decimal
    expires_at: datetime | None
    used_for: str | None


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
    """Locks one of the reseller's coupons; call it before the reseller is locked."""
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


async def find_coupon(connection: Connection, reseller_id: UUID, code: str) -> Coupon | None:
    """Gives one of the reseller's coupons, without a lock."""
    row = await connection.fetchrow(
        """
        SELECT code, reseller_id, amount, expires_at, used_for
          FROM ssl.coupon
         WHERE code = $2
           AND reseller_id = $1
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
