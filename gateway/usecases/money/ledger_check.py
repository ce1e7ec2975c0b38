"""Does the money add up? It must, always: the database moves balances with the ledger only."""

from gateway.db.pool import Pool
from gateway.errors import GatewayError
from gateway.store.money import ledger


class LedgerMismatch(GatewayError):
    """Somebody has changed the books by other means than the gateway's."""


async def check_ledger(pool: Pool) -> None:
    """Raises LedgerMismatch naming the first differences; ops.ledger_mismatch has them all."""
    problems = await ledger.mismatches(pool, limit=5)
    if problems:
        raise LedgerMismatch("; ".join(problems))
