"""The sandbox clock: business time that a test can set; kept in the database for all processes."""

from datetime import UTC, datetime

from gateway.clock import Clock, SystemClock
from gateway.config import Settings
from gateway.db.pool import Connection, Pool
from gateway.store.operation import clock as store


class SandboxClock:
    """Follows real time until it is set, then stands still until it is set again."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def now(self) -> datetime:
        return await store.standing_at(self._pool) or datetime.now(UTC)


async def hand(pool: Pool | Connection) -> datetime:
    """Gives the instant that the clock shows; whole seconds while it runs."""
    return await store.standing_at(pool) or datetime.now(UTC).replace(microsecond=0)


def choose_clock(settings: Settings, pool: Pool) -> Clock:
    """Gives the clock of business time: the real one, or the sandbox's own."""
    return SandboxClock(pool) if settings.sandbox else SystemClock()
