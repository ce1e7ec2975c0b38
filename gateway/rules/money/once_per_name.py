"""R22: how often a reseller is refunded for the same name without an operator.

Without this rule a name that is added, removed on day 29 and added again costs next to nothing. It
is applied last, after the period and the other conditions of a family.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class NameRefunds:
    """Earlier refunds of the name in the same family to the same reseller.

    A wildcard and its base are two names. All accounts and subscriptions of the reseller count.
    """

    once_in_days: int = 0
    """Setting refund.once_per_name_days; 0 = as often as the name is added (the source)."""
    last_at: datetime | None = None
    """The last refund; None = never."""


NO_LIMIT = NameRefunds()
"""No limit, as the source has it."""


def objection(refunds: NameRefunds, asked_at: datetime) -> str | None:
    """Why R22 allows no other refund; None = it allows one.

    The days are spans of 24 hours from the last refund; one ahead of `asked_at` counts too (A30).
    """
    if refunds.once_in_days == 0 or refunds.last_at is None:
        return None
    again = refunds.last_at + timedelta(days=refunds.once_in_days)
    if asked_at >= again:
        return None
    return (
        f"The name was refunded on {refunds.last_at:%Y-%m-%dT%H:%M:%SZ}; the same name is refunded"
        f" once in {refunds.once_in_days} days."
    )
