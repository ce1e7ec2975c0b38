"""The balance below which a purchase makes a notice, where a reseller chose one."""

from decimal import Decimal
from uuid import UUID

from gateway.db.pool import Connection


async def set_threshold(
    connection: Connection, reseller_id: UUID, threshold: Decimal | None
) -> Decimal | None:
    """Sets a reseller's low-balance threshold (None = the setting for all); gives the last one."""
    former: Decimal | None = await connection.fetchval(
        """
        WITH former AS (
            SELECT low_balance
              FROM notice.setting
             WHERE reseller_id = $1
        ), written AS (
            INSERT INTO notice.setting (reseller_id, low_balance)
            VALUES ($1, $2)
            ON CONFLICT (reseller_id) DO UPDATE SET low_balance = EXCLUDED.low_balance
        )
        SELECT low_balance FROM former
        """,
        reseller_id,
        threshold,
    )
    return former


async def find_threshold(connection: Connection, reseller_id: UUID) -> Decimal | None:
    """Gives a reseller's own low-balance threshold; None = the setting for all."""
    found: Decimal | None = await connection.fetchval(
        """
        SELECT low_balance
          FROM notice.setting
         WHERE reseller_id = $1
        """,
        reseller_id,
    )
    return found
