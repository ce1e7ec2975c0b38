"""Tokens of the SSL certificate API; only a hash of each secret is stored."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.db.pool import Connection


@dataclass(frozen=True, slots=True)
class TokenState:
    """The facts that decide about a request with the token, read in one statement."""

    reseller_id: UUID
    login: str
    reseller_status: str
    secret_hash: bytes
    address_allowed: bool


async def find(connection: Connection, token_id: str, address: str | None) -> TokenState | None:
    """Finds a token that was not revoked. `address` is the caller's, None if unknown."""
    row = await connection.fetchrow(
        """
        SELECT token.reseller_id, account.login, account.status AS reseller_status,
               token.secret_hash,
               account.allowed_networks = '{}'
               OR coalesce($2::text::inet <<= ANY (account.allowed_networks), false)
               AS address_allowed
          FROM ssl.api_token token
          JOIN reseller.account ON account.id = token.reseller_id
         WHERE token.id = $1
           AND token.revoked_at IS NULL
        """,
        token_id,
        address,
    )
    return TokenState(**row) if row else None


async def add(
    connection: Connection, token_id: str, reseller_id: UUID, secret_hash: bytes, now: datetime
) -> None:
    await connection.execute(
        """
        INSERT INTO ssl.api_token (id, reseller_id, secret_hash, created_at)
        VALUES ($1, $2, $3, $4)
        """,
        token_id,
        reseller_id,
        secret_hash,
        now,
    )


async def revoke_all(connection: Connection, reseller_id: UUID, now: datetime) -> int:
    """Revokes all tokens of a reseller; gives how many."""
    rows = await connection.fetch(
        """
        UPDATE ssl.api_token
           SET revoked_at = $2
         WHERE reseller_id = $1
           AND revoked_at IS NULL
        RETURNING id
        """,
        reseller_id,
        now,
    )
    return len(rows)
