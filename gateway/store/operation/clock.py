"""The sandbox clock's row."""

from datetime import datetime

from gateway.db.pool import Connection, Pool


async def standing_at(pool: Pool | Connection) -> datetime | None:
    """Gives where business time stands still, or None when it follows real time."""
    instant: datetime | None = await pool.fetchval("SELECT stands_at FROM sandbox.clock")
    return instant


async def stand_at(connection: Connection, instant: datetime) -> None:
    """Stops business time at `instant` from this commit on, in all processes."""
    await connection.execute(
        """
        INSERT INTO sandbox.clock (stands_at)
        VALUES ($1)
        ON CONFLICT (only_row) DO UPDATE SET stands_at = excluded.stands_at
        """,
        instant,
    )


async def lock(connection: Connection) -> None:
    """Makes callers that move the clock relative to itself wait for each other."""
    await connection.execute("LOCK TABLE sandbox.clock IN SHARE ROW EXCLUSIVE MODE")
