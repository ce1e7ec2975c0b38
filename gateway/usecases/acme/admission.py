"""Decides whether a signed request is admitted, on what its own first statement read."""

from gateway.config import Settings
from gateway.errors.acme import AccountRefused, KeyChanged, NonceUsed, TermsNotAgreed
from gateway.rules.acme.issuance import standing_refusal
from gateway.store.acme.admission import Admission, Ticket


def admit(ticket: Ticket, admission: Admission) -> None:
    """Raises NonceUsed, KeyChanged or AccountRefused (RFC 8555 §6.5, §7.3.5, §7.3.6)."""
    if not admission.nonce_fresh:
        raise NonceUsed
    if admission.key_version != ticket.key_version:
        raise KeyChanged
    if refusal := standing_refusal(admission.standing):
        raise AccountRefused(refusal)


def require_terms(settings: Settings, agreed_terms: str | None) -> None:
    """Raises TermsNotAgreed when there are terms that the account did not agree to."""
    terms = settings.directory.terms_of_service
    if terms is not None and agreed_terms != terms:
        raise TermsNotAgreed(terms)
