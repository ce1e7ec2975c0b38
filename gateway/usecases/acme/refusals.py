"""A closed gate is told to the client, and kept for those who run it."""

from collections.abc import Sequence
from datetime import datetime

from gateway.db.pool import Pool
from gateway.errors.acme import IssuanceRefused, Refusal
from gateway.rules.acme import issuance
from gateway.rules.acme.issuance import GateFacts
from gateway.store.acme import orders
from gateway.store.acme.admission import Ticket


async def check_gate(
    pool: Pool,
    facts: GateFacts,
    names: Sequence[str],
    subject: str,
    ticket: Ticket,
    now: datetime,
    source: str | None,
    certifiable_for_nobody: Sequence[Refusal] = (),
) -> None:
    """Raises IssuanceRefused, after operators and resellers can see why (ops.issuance_refusals).

    They are told what the gate refuses; what is no name at all concerns the client alone.
    """
    refused = issuance.refusals(facts, names, now)
    if refused:
        told = [
            (name, refusal.reason, refusal.text) for refusal in refused for name in refusal.names
        ]
        await orders.record_refusal(pool, now, ticket.account_id, source, subject, told)
    if refused or certifiable_for_nobody:
        raise IssuanceRefused([*certifiable_for_nobody, *refused])
