"""A closed gate is told to the client, and kept for those who run it."""

from collections.abc import Sequence
from datetime import datetime

from gateway.db.pool import Pool
from gateway.errors import IssuanceRefused
from gateway.rules import issuance
from gateway.rules.issuance import GateFacts
from gateway.store import orders
from gateway.store.admission import Ticket


async def check_gate(
    pool: Pool,
    facts: GateFacts,
    names: Sequence[str],
    subject: str,
    ticket: Ticket,
    now: datetime,
    source: str | None,
) -> None:
    """Raises IssuanceRefused, after operators and resellers can see why (ops.issuance_refusals)."""
    refused = issuance.refusals(facts, names, now)
    if not refused:
        return
    told = [(name, refusal.reason, refusal.text) for refusal in refused for name in refusal.names]
    await orders.record_refusal(pool, now, ticket.account_id, source, subject, told)
    raise IssuanceRefused(refused)
