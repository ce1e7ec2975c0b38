"""Names of ACME subscriptions: 30 days from the order that added them, by their removal (R8)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import ClassVar, Self

from gateway.rules.money import once_per_name
from gateway.rules.money.once_per_name import NO_LIMIT, NameRefunds
from gateway.rules.money.pricing import Family
from gateway.rules.money.purchases import ReportedPurchase

PERIOD = timedelta(hours=30 * 24)
"""A6: "less than 30 days", to the instant."""


@dataclass(frozen=True, slots=True)
class DomainFacts:
    """What the decision depends on. `asked_at` is the instant of the removal."""

    family: ClassVar[Family] = "acme"

    charged: Decimal
    """By the order that added the name: 0 for a free one, never the fee of an extension (A8)."""
    added_at: datetime
    asked_at: datetime
    removed: bool = False
    """It was removed before, for its money or too late for that."""
    extension: bool = False
    """The order extended a subscription (A8)."""
    refunds: NameRefunds = NO_LIMIT

    @classmethod
    def of(cls, purchased: ReportedPurchase, asked_at: datetime) -> Self:
        """Known are `added_at` and `removed`."""
        return cls(
            charged=purchased.cost,
            added_at=datetime.fromisoformat(purchased.known["added_at"]),
            asked_at=asked_at,
            removed=purchased.known["removed"],
            extension=purchased.kind == "extend_domains",
            refunds=purchased.refunds,
        )

    def objection(self) -> str | None:
        """None = removing the name now pays its order back; otherwise why not (R8, A7, A23)."""
        deadline = self.added_at + PERIOD
        if self.extension:
            return "Extensions are not refunded."
        if self.charged == 0:
            return "Nothing was charged for it."
        if self.removed:
            return "The name was removed before."
        if self.asked_at >= deadline:
            return f"The refund period ended at {deadline:%Y-%m-%dT%H:%M:%SZ}."
        return once_per_name.objection(self.refunds, self.asked_at)
