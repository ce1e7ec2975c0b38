"""The epoch of nonces. Burning one is part of each request's own statement (acme.burn_nonce)."""

import secrets
import time

from gateway.db.pool import Connection, Pool

LIFETIME_SECONDS = 3600
"""In real time; an older nonce is not taken."""

_SKEW_SECONDS = 120


async def current_epoch(connection: Connection | Pool) -> int:
    """The epoch of the used-nonce table; a new one when the table was emptied by a crash."""
    epoch: int | None = await connection.fetchval("SELECT epoch FROM acme.nonce_epoch")
    if epoch is not None:
        return epoch
    # The update changes nothing: it gives the epoch that another process has just begun.
    begun: int = await connection.fetchval(
        """
        INSERT INTO acme.nonce_epoch (epoch)
        VALUES ($1)
            ON CONFLICT (only_row) DO UPDATE SET epoch = nonce_epoch.epoch
        RETURNING epoch
        """,
        secrets.randbits(62),
    )
    return begun


async def burn(connection: Connection | Pool, nonce: bytes, epoch: int) -> bool:
    """True once per nonce. For requests without an account; others burn while they read."""
    fresh: bool = await connection.fetchval("SELECT acme.burn_nonce($1, $2)", nonce, epoch)
    return fresh


def oldest_alive() -> bytes:
    """Burnt nonces below this value are refused for their age: they begin with their real time."""
    return (int(time.time()) - LIFETIME_SECONDS - _SKEW_SECONDS).to_bytes(4, "big")


async def delete_outlived(pool: Pool, limit: int) -> int:
    """Forgets some of the nonces that are refused for their age anyway; gives how many."""
    deleted: int = await pool.fetchval(
        """
        WITH outlived AS (
            DELETE FROM acme.nonce
             WHERE nonce IN (SELECT nonce
                               FROM acme.nonce
                              WHERE nonce < $1
                              ORDER BY nonce
                              LIMIT $2
                                FOR UPDATE SKIP LOCKED)
            RETURNING nonce
        )
        SELECT count(*) FROM outlived
        """,
        oldest_alive(),
        limit,
    )
    return deleted
