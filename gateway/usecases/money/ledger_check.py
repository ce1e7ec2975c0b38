"""Checks that balances agree with the ledger; the database lets them change only together."""

from gateway.db.pool import Pool
from gateway.errors.money import LedgerMismatch
from gateway.store.money import ledger


async def check_ledger(pool: Pool) -> None:
    """Raises LedgerMismatch naming the first differences; ops.ledger_mismatch has them all."""
    problems = await ledger.mismatches(pool, limit=5)
    if problems:
        raise LedgerMismatch("; ".join(problems))
