"""The epoch of nonces. Burning one is part of each request's own statement (acme.burn_nonce)."""

import secrets

from gateway.db.pool import Connection, Pool


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


async def delete_below(connection: Connection | Pool, oldest: bytes) -> None:
    """Forgets nonces that are refused for their age anyway."""
    await connection.execute("DELETE FROM acme.nonce WHERE nonce < $1", oldest)
