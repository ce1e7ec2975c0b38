"""The unit of work: what a use case that changes something is done in."""

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
        """Appends to the audit trail what this work changes."""
        await audit.record(self.connection, self.now, self.origin, *changes)


@asynccontextmanager
async def open_work(pool: Pool, now: datetime, origin: Origin) -> AsyncIterator[Work]:
    """A unit of work that is committed when the block ends, and rolled back when it raises."""
    async with transaction(pool) as connection:
        yield Work(connection, now, origin)


@asynccontextmanager
async def open_reading(pool: Pool, now: datetime, origin: Origin) -> AsyncIterator[Work]:
    """The same for what only reads: without a transaction, so that no lock may be taken."""
    async with pool.acquire() as connection:
        yield Work(connection, now, origin)
