"""What names of ACME servers cost, as operators see it; purchases read store.ledger."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from gateway.db.pool import Connection


@dataclass(frozen=True, slots=True)
class ListedPrice:
    """A price for 365 days; `own` = of the reseller itself, not of the default list."""

    server: str
    name_type: str
    yearly: Decimal
    currency: str
    own: bool


async def listed(connection: Connection, reseller_id: UUID | None) -> list[ListedPrice]:
    """What a reseller pays, or None = the default list, in the order of LISTSERVERS."""
    rows = await connection.fetch(
        """
        SELECT DISTINCT ON (server.position, price.name_type)
               server.name AS server, price.name_type, price.yearly, price.currency,
               price.account_id IS NOT NULL AS own
          FROM reseller.price
          JOIN acme.server ON server.id = price.server_id
         WHERE price.account_id = $1
            OR price.account_id IS NULL
         ORDER BY server.position, price.name_type, price.account_id IS NULL
        """,
        reseller_id,
    )
    return [ListedPrice(**row) for row in rows]


async def remove(
    connection: Connection, reseller_id: UUID | None, server_id: UUID, name_type: str
) -> tuple[Decimal, str] | None:
    """Takes a price off the reseller's list (None = default); gives it, None if there was none."""
    row = await connection.fetchrow(
        """
        DELETE FROM reseller.price
         WHERE account_id IS NOT DISTINCT FROM $1
           AND server_id = $2
           AND name_type = $3
        RETURNING yearly, currency
        """,
        reseller_id,
        server_id,
        name_type,
    )
    return None if row is None else (row["yearly"], row["currency"])
