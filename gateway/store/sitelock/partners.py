"""Which resellers may order SiteLock products."""

from datetime import datetime
from uuid import UUID

from gateway.db.pool import Connection


async def is_active(connection: Connection, reseller_id: UUID) -> bool:
    """Whether the reseller's partner account is activated; a new reseller's is."""
    inactive: bool = await connection.fetchval(
        """
        SELECT EXISTS (SELECT
                         FROM sitelock.inactive_partner
                        WHERE account_id = $1)
        """,
        reseller_id,
    )
    return not inactive


async def set_active(
    connection: Connection, reseller_id: UUID, now: datetime, *, active: bool
) -> None:
    """Sets whether the partner account is activated, from the next order on."""
    await connection.execute(
        """
        WITH activated AS (
            DELETE FROM sitelock.inactive_partner
             WHERE account_id = $1
               AND $2
        )
        INSERT INTO sitelock.inactive_partner (account_id, since)
        SELECT $1, $3
         WHERE NOT $2
            ON CONFLICT DO NOTHING
        """,
        reseller_id,
        active,
        now,
    )
