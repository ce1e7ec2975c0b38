"""Names of ACME subscriptions: 30 days from the order that added them, by their removal (R8)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from gateway.rules.money import once_per_name
from gateway.rules.money.once_per_name import NO_LIMIT, NameRefunds
from gateway.rules.money.purchases import Purchased

PERIOD = timedelta(hours=30 * 24)
"""A6: "less than 30 days", to the instant."""


@dataclass(frozen=True, slots=True)
class DomainFacts:
    """What the decision depends on. `asked_at` is the instant of the removal."""

    charged: Decimal
    """By the order that added the name: 0 for a free one, never the fee of an extension (A8)."""
    added_at: datetime
    asked_at: datetime
    removed: bool = False
    """It was removed before, for its money or too late for that."""
    extension: bool = False
    """The order extended a subscription (A8)."""
    refunds: NameRefunds = NO_LIMIT


def objection(facts: DomainFacts) -> str | None:
    """None = removing the name now pays its order back; otherwise why not (R8, A7, A23)."""
    deadline = facts.added_at + PERIOD
    if facts.extension:
        return "Extensions are not refunded."
    if facts.charged == 0:
        return "Nothing was charged for it."
    if facts.removed:
        return "The name was removed before."
    if facts.asked_at >= deadline:
        return f"The refund period ended at {deadline:%Y-%m-%dT%H:%M:%SZ}."
    return once_per_name.objection(facts.refunds, facts.asked_at)


def facts_of(purchased: Purchased, asked_at: datetime) -> DomainFacts:
    """Known are `added_at`, `removed` and what once_per_name looks at."""
    return DomainFacts(
        charged=purchased.cost,
        added_at=datetime.fromisoformat(purchased.known["added_at"]),
        asked_at=asked_at,
        removed=purchased.known["removed"],
        extension=purchased.kind == "extend_domains",
        refunds=once_per_name.refunds_of(purchased.known),
    )
