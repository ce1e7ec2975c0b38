"""The epoch of nonces. Each request burns its nonce in its own statement (acme.burn_nonce)."""

import secrets
import time

from gateway.db.pool import Connection, Pool

LIFETIME_SECONDS = 3600
"""The age in real time from which a nonce is refused."""

_SKEW_SECONDS = 120


async def current_epoch(connection: Connection | Pool) -> int:
    """Gives the epoch of the used-nonce table; a new one when a crash has emptied the table."""
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
    """Burns a nonce for a request without an account; True once per nonce.

    Requests with an account burn theirs in the statement that reads.
    """
    fresh: bool = await connection.fetchval("SELECT acme.burn_nonce($1, $2)", nonce, epoch)
    return fresh


def oldest_alive() -> bytes:
    """The smallest nonce that is not too old: nonces begin with their real time."""
    return (int(time.time()) - LIFETIME_SECONDS - _SKEW_SECONDS).to_bytes(4, "big")


async def delete_outlived(pool: Pool, limit: int) -> int:
    """Deletes some nonces that are refused for their age anyway; gives how many."""
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
