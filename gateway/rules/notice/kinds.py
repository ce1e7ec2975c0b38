"""The kinds of notices, and their form for programs and for people."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

Channel = Literal["webhook", "mail"]


@dataclass(frozen=True, slots=True)
class NoticeKind:
    """A kind of notice. `headline` and `advice` are for people; braces name members of its data."""

    headline: str
    advice: str
    by_default: bool = True


KINDS: Mapping[str, NoticeKind] = {
    "subscription.expiring": NoticeKind(
        "Subscription {acmeAccountID} expires in {daysLeft} days",
        "Extend it with EXTENDDOMAINS; certificates are issued until it expires.",
    ),
    "subscription.grace_began": NoticeKind(
        "Subscription {acmeAccountID} expired and can still be extended",
        "No certificates are issued. Extend it with EXTENDDOMAINS before the time given.",
    ),
    "subscription.expired": NoticeKind(
        "Subscription {acmeAccountID} is over",
        "It can no longer be extended. Add the names again with ADDDOMAIN to start a new one.",
    ),
    "prevalidation.expiring": NoticeKind(
        "Pre-validation {ovAnchorOrderNumber} expires in {daysLeft} days",
        "Order a new one and move its names with UPDATEDOMAINS; OV certificates stop when it ends.",
    ),
    "prevalidation.renewed": NoticeKind(
        "Pre-validation {previousNumber} was renewed as {ovAnchorOrderNumber}",
        "Its names depend on the new one; nothing is to be done.",
    ),
    "balance.low": NoticeKind(
        "The balance is {balance} {currency}",
        "Pay in more, or names can no longer be added and subscriptions not be extended.",
    ),
    "issuance.refused": NoticeKind(
        "No certificate for {acmeAccountID}: {reason}",
        "Once this is cured, the client gets its certificate at its next attempt.",
    ),
    "certificate.issued": NoticeKind(
        "Certificate {serialNumber} was issued",
        "Nothing is to be done.",
        by_default=False,
    ),
    "certificate.revoked": NoticeKind(
        "Certificate {serialNumber} was revoked",
        "If it is still in use, its ACME client must get another one.",
    ),
}
"""Every kind, in the order they are listed."""

TEST = "notice.test"
"""The notice that tests whether a destination works; it is sent whatever kinds were chosen."""

BY_DEFAULT = tuple(name for name, kind in KINDS.items() if kind.by_default)

_TEST_KIND = NoticeKind("A test notice for {login}", "It was asked for; nothing is to be done.")


def instant(moment: datetime) -> str:
    """Gives an instant as the action API writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def message_id(notice_id: UUID) -> str:
    """Gives the webhook-id: the same at every attempt and replay, for every destination."""
    return f"msg_{notice_id.hex}"


def payload(kind: str, due_at: datetime, data: Mapping[str, Any]) -> dict[str, Any]:
    """Gives the body for a webhook: the three members that Standard Webhooks recommends."""
    return {"type": kind, "timestamp": instant(due_at), "data": dict(data)}


def headline(kind: str, data: Mapping[str, Any]) -> str:
    """Gives a notice in one line, for people."""
    return KINDS.get(kind, _TEST_KIND).headline.format_map(data)


def mail(kind: str, due_at: datetime, data: Mapping[str, Any]) -> tuple[str, str]:
    """Gives subject and text of a mail."""
    about, subject = KINDS.get(kind, _TEST_KIND), headline(kind, data)
    members = "\n".join(f"{name}: {_shown(value)}" for name, value in data.items())
    text = f"{subject}.\n\n{members}\n\n{about.advice}\n\n{kind} at {instant(due_at)}\n"
    return subject, text


def _shown(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)
