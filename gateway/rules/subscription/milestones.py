"""The milestones of a subscription: instants at which something is due without a request."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.rules.subscription import terms

EXPIRY_DAYS = (60, 30, 7)
"""Days before its expiry on which a subscription's reseller is notified."""

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Milestone:
    """A milestone; `action` is that of the audit trail, `days_left` only before the expiry."""

    action: str
    at: datetime
    days_left: int | None = None


def milestones(expires_at: datetime) -> tuple[Milestone, ...]:
    """Gives all milestones of a subscription with the last second `expires_at`, in order (R12)."""
    warnings = (
        Milestone("subscription.expiring", expires_at - timedelta(days=days), days)
        for days in EXPIRY_DAYS
    )
    return (
        *warnings,
        Milestone("subscription.grace_began", expires_at + _SECOND),
        Milestone("subscription.expired", terms.grace_ends(expires_at) + _SECOND),
    )


def first_after(expires_at: datetime, instant: datetime) -> Milestone | None:
    """The next milestone; None when the subscription has no more."""
    return next((each for each in milestones(expires_at) if each.at > instant), None)


def due_after(expires_at: datetime, instant: datetime) -> datetime | None:
    """When the next milestone is due."""
    found = first_after(expires_at, instant)
    return found.at if found else None
