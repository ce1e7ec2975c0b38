"""Notices from the audit trail: for which reseller, with which data, and each once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from gateway.rules.notice.kinds import TEST, instant
from gateway.rules.subscription import terms

REFUSALS_A_DAY = 20
"""The most notices of refused issuance for one EAB credential and UTC day."""

_OF_PREVALIDATIONS = ("daysLeft", "previousNumber", "type", "previousType")
_OTHERS_CURE = frozenset({"caa"})
"""Reasons of refusal that the owner of the DNS zone can fix, not the reseller."""


@dataclass(frozen=True, slots=True)
class Event:
    """An entry of the audit trail."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    after: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Draft:
    """A notice to be made, unless there is one with the same `once` already."""

    reseller_id: UUID
    kind: str
    subject: str
    due_at: datetime
    data: Mapping[str, Any]
    once: str
    event_id: int | None


@dataclass(frozen=True, slots=True)
class AccountOwner:
    """The owner of an ACME account."""

    account_id: str
    kid: str
    reseller_id: UUID


@dataclass(frozen=True, slots=True)
class EventCertificate:
    """The certificate of an event, and its owner."""

    serial: str
    names: Sequence[str]
    not_before: datetime
    not_after: datetime
    account_id: str
    kid: str
    reseller_id: UUID


@dataclass(frozen=True, slots=True)
class AnchorFacts:
    """The pre-validation of an event."""

    number: int
    reseller_id: UUID
    expires_at: datetime | None
    organization: str


@dataclass(frozen=True, slots=True)
class Charge:
    """A ledger entry of a purchase. `threshold` is the reseller's own, if there is one."""

    entry_id: int
    reseller_id: UUID
    login: str
    currency: str
    amount: Decimal
    balance_after: Decimal
    threshold: Decimal | None


@dataclass(frozen=True, slots=True)
class RefusedNames:
    """The names that one event refused for one reason."""

    reason: str
    text: str
    names: Sequence[str]


def refusals_to_notify_of(event: Event) -> list[RefusedNames]:
    """Gives what an `issuance.refused` contains that the reseller can fix, by reason."""
    found: dict[str, RefusedNames] = {}
    for refusal in event.after.get("refusals", ()):
        reason = refusal["reason"]
        if reason in _OTHERS_CURE:
            continue
        before = found.get(reason)
        names = [*(before.names if before else ()), refusal["name"]]
        found[reason] = RefusedNames(reason, before.text if before else refusal["text"], names)
    return list(found.values())


def refusal(
    event: Event, owner: AccountOwner, refused: RefusedNames, new_names: Collection[str]
) -> Draft:
    """Makes a notice of refused issuance.

    `new_names` are those names that no notice of the day (`day_of` the event) has contained.
    """
    return Draft(
        owner.reseller_id,
        "issuance.refused",
        owner.kid,
        event.at,
        {
            "acmeAccountID": owner.account_id,
            "eabMACIDb64url": owner.kid,
            "domainNames": [name for name in refused.names if name in new_names],
            "reason": refused.reason,
            "detail": refused.text,
        },
        f"issuance.refused:{event.id}:{refused.reason}",
        event.id,
    )


def certificate(event: Event, facts: EventCertificate) -> Draft:
    """Makes a notice of a `certificate.issued` or `certificate.revoked`."""
    reason = event.after.get("reason")
    return Draft(
        facts.reseller_id,
        event.action,
        facts.serial,
        event.at,
        {
            "acmeAccountID": facts.account_id,
            "eabMACIDb64url": facts.kid,
            "serialNumber": facts.serial,
            "domainNames": list(facts.names),
            "validNotBefore": instant(facts.not_before),
            "validNotAfter": instant(facts.not_after),
            **({"reason": reason} if event.action == "certificate.revoked" and reason else {}),
        },
        f"{event.action}:{facts.serial}",
        event.id,
    )


def low_balance(event: Event, charge: Charge, threshold_of_all: Decimal) -> Draft | None:
    """Makes a notice of the charge that takes the balance below the threshold, not of later."""
    threshold = threshold_of_all if charge.threshold is None else charge.threshold
    if not charge.balance_after < threshold <= charge.balance_after - charge.amount:
        return None
    return Draft(
        charge.reseller_id,
        "balance.low",
        charge.login,
        event.at,
        {
            "balance": f"{charge.balance_after:.2f}",
            "threshold": f"{threshold:.2f}",
            "currency": charge.currency,
            "orderNumber": int(event.subject),
        },
        f"balance.low:{charge.entry_id}",
        event.id,
    )


def subscription(event: Event, owner: AccountOwner, expires_at: datetime) -> Draft:
    """Makes a notice of a subscription near its end, in grace, or expired."""
    data: dict[str, Any] = {
        "acmeAccountID": owner.kid,
        "expiresAt": instant(expires_at),
        "extendableUntil": instant(terms.grace_ends(expires_at)),
    }
    if event.action == "subscription.expiring":
        data["daysLeft"] = event.after["daysLeft"]
    return Draft(
        owner.reseller_id,
        event.action,
        owner.kid,
        event.at,
        data,
        f"{event.action}:{owner.kid}:{instant(expires_at)}:{data.get('daysLeft', '')}",
        event.id,
    )


def prevalidation(event: Event, facts: AnchorFacts) -> Draft:
    """Makes a notice of a pre-validation; members of the event are kept."""
    data: dict[str, Any] = {
        "ovAnchorOrderNumber": facts.number,
        "organization": facts.organization,
        **({"expiresAt": instant(facts.expires_at)} if facts.expires_at else {}),
        **{name: event.after[name] for name in _OF_PREVALIDATIONS if name in event.after},
    }
    return Draft(
        facts.reseller_id,
        event.action,
        str(facts.number),
        event.at,
        data,
        f"{event.action}:{facts.number}:{data.get('expiresAt', '')}:{data.get('daysLeft', '')}",
        event.id,
    )


def test(reseller_id: UUID, login: str, now: datetime, notice_id: UUID) -> Draft:
    """Makes a notice that tests a destination; each is a new one."""
    return Draft(reseller_id, TEST, login, now, {"login": login}, f"{TEST}:{notice_id}", None)


def in_order(drafts: Sequence[Draft]) -> list[Draft]:
    """Sorts drafts by the business time they are due at, then in the order of recording."""
    return sorted(drafts, key=lambda draft: (draft.due_at, draft.event_id or 0))


def day_of(event: Event) -> date:
    """The UTC day of an event; a refusal makes one notice a day."""
    return event.at.astimezone(UTC).date()
