"""Refuses a client at a closed gate, and records the refusal for operators and resellers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.db.pool import Pool
from gateway.errors.acme import IssuanceRefused, Refusal
from gateway.rules.acme import issuance
from gateway.rules.acme.issuance import GateFacts
from gateway.store.acme import orders
from gateway.store.acme.admission import Ticket


@dataclass(frozen=True, slots=True)
class GateQuestion:
    """Names that an account wants certificates for, under its credential `kid`."""

    ticket: Ticket
    kid: str
    names: Sequence[str]
    source: str | None
    """The client's address; None = unknown."""
    certifiable_for_nobody: Sequence[Refusal] = ()


async def check_gate(pool: Pool, facts: GateFacts, asked: GateQuestion, now: datetime) -> None:
    """Raises IssuanceRefused, after operators and resellers can see why (ops.issuance_refusals).

    Recorded is what the gate refuses; identifiers that nobody can get a certificate for concern the
    client alone.
    """
    refused = issuance.refusals(facts, asked.names, now)
    if refused:
        entries = [
            (name, refusal.reason, refusal.text) for refusal in refused for name in refusal.names
        ]
        await orders.record_refusal(
            pool, now, asked.ticket.account_id, asked.source, asked.kid, entries
        )
    if refused or asked.certifiable_for_nobody:
        raise IssuanceRefused([*asked.certifiable_for_nobody, *refused])
