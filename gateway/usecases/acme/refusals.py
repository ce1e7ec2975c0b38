"""Refuses a client at a closed gate, and records the refusal for operators and resellers."""

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

    Recorded is what the gate refuses; identifiers that nobody can get a certificate for concern the
    client alone.
    """
    refused = issuance.refusals(facts, names, now)
    if refused:
        entries = [
            (name, refusal.reason, refusal.text) for refusal in refused for name in refusal.names
        ]
        await orders.record_refusal(pool, now, ticket.account_id, source, subject, entries)
    if refused or certifiable_for_nobody:
        raise IssuanceRefused([*certifiable_for_nobody, *refused])
