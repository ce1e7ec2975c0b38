"""Refunds of names in subscriptions: 30 days from the order that added them (R8)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import ClassVar, Self

from gateway.rules.money import once_per_name
from gateway.rules.money.once_per_name import NO_LIMIT, NameRefunds
from gateway.rules.money.prices import Family
from gateway.rules.money.purchases import ReportedPurchase

PERIOD = timedelta(hours=30 * 24)
"""A6: "less than 30 days", to the instant."""


@dataclass(frozen=True, slots=True)
class DomainFacts:
    """The facts of the decision. `asked_at` is the instant of the removal."""

    family: ClassVar[Family] = "acme"

    charged: Decimal
    """The price in the order that added the name: 0 for a free one, never an extension's (A8)."""
    added_at: datetime
    asked_at: datetime
    removed: bool = False
    """Whether the name was removed before, with or without a refund."""
    extension: bool = False
    """Whether the order extended a subscription (A8)."""
    refunds: NameRefunds = NO_LIMIT

    @classmethod
    def of(cls, purchased: ReportedPurchase, asked_at: datetime) -> Self:
        """Makes the facts of a purchase; its `known` has added_at and removed."""
        return cls(
            charged=purchased.cost,
            added_at=datetime.fromisoformat(purchased.known["added_at"]),
            asked_at=asked_at,
            removed=purchased.known["removed"],
            extension=purchased.kind == "extend_domains",
            refunds=purchased.refunds,
        )

    @property
    def deadline(self) -> datetime:
        """The first instant without a refund."""
        return self.added_at + PERIOD

    def objection(self) -> str | None:
        """Why removing the name now is not refunded; None = it is (R8, A7, A23)."""
        if self.extension:
            return "Extensions are not refunded."
        if self.charged == 0:
            return "Nothing was charged for it."
        if self.removed:
            return "The name was removed before."
        if self.asked_at >= self.deadline:
            return f"The refund period ended at {self.deadline:%Y-%m-%dT%H:%M:%SZ}."
        return once_per_name.objection(self.refunds, self.asked_at)
