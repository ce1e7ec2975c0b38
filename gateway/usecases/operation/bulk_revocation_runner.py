"""Carries bulk revocations out in the background, some certificates in each transaction.

Each transaction locks the row, so that one process works on it at a time; what is committed is not
done again, whoever goes on after a process was killed.
"""

from datetime import datetime
from uuid import UUID

import asyncpg

from gateway.db.pool import Pool, is_outage, transaction
from gateway.errors import GatewayError
from gateway.logging import log_fault
from gateway.origin import Origin
from gateway.store.operation import bulk_revocation_items as items
from gateway.store.operation import bulk_revocations as store
from gateway.store.operation.audit import Change
from gateway.store.operation.bulk_revocations import BulkRevocation
from gateway.usecases.operation.certificates import revoke_all
from gateway.usecases.work import Work

AT_ONCE = 250
"""Certificates of one transaction; a cancellation waits for as many."""
_FOUND_AT_ONCE = 20


async def due(pool: Pool, until: datetime) -> list[tuple[datetime, UUID]]:
    """Gives those that run, by when they were started."""
    return await store.running(pool, until, _FOUND_AT_ONCE)


async def carry_out(pool: Pool, bulk_id: UUID, now: datetime) -> None:
    """Revokes what is left of one, until it is done or somebody cancels it.

    A certificate that cannot be revoked is found by ever smaller transactions, and left out.
    """
    number = AT_ONCE
    while number:
        async with transaction(pool) as connection:
            bulk = await store.lock(connection, bulk_id)
            if bulk is None or bulk.status != "running":
                return
            # In the name of whoever has decided it.
            work = Work(connection, now, Origin(bulk.actor, bulk.source))
            number = await _revoke_some(work, bulk, number)


async def _revoke_some(work: Work, bulk: BulkRevocation, at_most: int) -> int:
    """Revokes the next ones; gives how many to try next, 0 when it is done."""
    serials = await items.waiting(work.connection, bulk.id, at_most)
    if not serials:
        await store.end(work.connection, bulk.id, "done", work.now)
        after = {"total": bulk.total, "done": bulk.done, "failed": bulk.failed}
        await work.record(Change("bulk_revocation.done", str(bulk.id), after=after))
        return 0
    try:
        async with work.connection.transaction():  # a savepoint
            revoked = await revoke_all(work, serials, bulk.reason, {"bulkRevocation": str(bulk.id)})
    except Exception as error:
        if not _is_about_certificates(error):
            raise
        if len(serials) > 1:
            return len(serials) // 2
        await items.give_up(work.connection, bulk.id, serials[0], _problem(error, serials[0]))
        return 1
    await items.settle(work.connection, bulk.id, taken=serials, revoked=revoked)
    return min(len(serials) * 2, AT_ONCE)


def _problem(error: Exception, serial: str) -> str:
    """What operators are shown; a fault of ours is logged."""
    if isinstance(error, GatewayError):
        return str(error) or type(error).__name__
    log_fault("bulk_revocation", error, serial=serial)
    return f"a fault on our side ({type(error).__name__})"


def _is_about_certificates(error: Exception) -> bool:
    """Whether others can be revoked all the same: no outage, and nothing that passes by itself."""
    if isinstance(error, GatewayError):
        return True
    return isinstance(error, asyncpg.PostgresError) and not (
        is_outage(error)
        or isinstance(error, asyncpg.TransactionRollbackError | asyncpg.OperatorInterventionError)
    )
