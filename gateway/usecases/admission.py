"""Is a signed request admitted? Decided on what its own first statement read."""

from gateway.errors import AccountRefused, KeyChanged, NonceUsed
from gateway.rules.issuance import standing_refusal
from gateway.store.admission import Admission, Ticket


def admit(ticket: Ticket, admission: Admission) -> None:
    """Raises NonceUsed, KeyChanged or AccountRefused (RFC 8555 §6.5, §7.3.5, §7.3.6)."""
    if not admission.nonce_fresh:
        raise NonceUsed
    if admission.key_version != ticket.key_version:
        raise KeyChanged
    if refusal := standing_refusal(admission.standing):
        raise AccountRefused(refusal)
