"""Checks that balances agree with the ledger; the database lets them change only together."""

from gateway.db.pool import Pool
from gateway.errors import GatewayError
from gateway.store.money import ledger


class LedgerMismatch(GatewayError):
    """The books were changed by other means than the gateway's."""


async def check_ledger(pool: Pool) -> None:
    """Raises LedgerMismatch naming the first differences; ops.ledger_mismatch has them all."""
    problems = await ledger.mismatches(pool, limit=5)
    if problems:
        raise LedgerMismatch("; ".join(problems))
