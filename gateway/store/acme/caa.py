"""When CAA was last checked for names (RFC 8659)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.db.pool import Pool


@dataclass(frozen=True, slots=True)
class Checked:
    """The authorization of one of an order's names, and the challenge type that proved it."""

    authorization_id: UUID
    name: str
    wildcard: bool
    method: str
    checked_at: datetime | None
    account_id: str
    server_path: str


async def of_order(pool: Pool, order_id: UUID) -> list[Checked]:
    """Gives the valid authorizations of an order, and when CAA was checked for each."""
    rows = await pool.fetch(
        """
        SELECT held.id, held.name, held.wildcard, proven.type, held.caa_checked_at,
               account.id AS account_id, server.path
          FROM acme.order_identifier item
          JOIN acme.authorization held ON held.id = item.authorization_id
          JOIN acme.challenge proven
            ON proven.authorization_id = held.id AND proven.status = 'valid'
          JOIN acme.account ON account.id = held.account_id
          JOIN acme.server ON server.id = account.server_id
         WHERE item.order_id = $1
         ORDER BY item.position
        """,
        order_id,
    )
    return [Checked(*row) for row in rows]


async def allowed(pool: Pool, authorization_ids: Sequence[UUID], now: datetime) -> None:
    """Records that CAA was checked `now` for these authorizations and allows issuance."""
    await pool.execute(
        """
        UPDATE acme.authorization
           SET caa_checked_at = $2
         WHERE id = ANY ($1)
        """,
        authorization_ids,
        now,
    )
