"""The unit of work, in which a use case makes its changes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from gateway.db.pool import Connection, Pool, transaction
from gateway.origin import Origin
from gateway.store.operation import audit
from gateway.store.operation.audit import Change


@dataclass(frozen=True, slots=True)
class Work:
    """One transaction, the business time at which it happens, and who asks for it."""

    connection: Connection
    now: datetime
    origin: Origin

    async def record(self, *changes: Change) -> None:
        """Appends the changes of this work to the audit trail."""
        await audit.record(self.connection, self.now, self.origin, *changes)


@asynccontextmanager
async def open_work(pool: Pool, now: datetime, origin: Origin) -> AsyncIterator[Work]:
    """Opens a unit of work; it is committed when the block ends, and rolled back when it raises."""
    async with transaction(pool) as connection:
        yield Work(connection, now, origin)


@asynccontextmanager
async def open_reading(pool: Pool, now: datetime, origin: Origin) -> AsyncIterator[Work]:
    """Opens a unit of work that only reads: it has no transaction, so it must take no locks."""
    async with pool.acquire() as connection:
        yield Work(connection, now, origin)
