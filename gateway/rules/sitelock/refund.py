"""Refunds of annual SiteLock licences: 14 days from purchase or renewal (docs/wire.md §7.3)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Self

from gateway.rules.money import once_per_name
from gateway.rules.money.once_per_name import NO_LIMIT, NameRefunds
from gateway.rules.money.prices import Family
from gateway.rules.money.purchases import ReportedPurchase

PERIOD = timedelta(hours=14 * 24)

_ANNUAL = 365


@dataclass(frozen=True, slots=True)
class LicenceFacts:
    """The facts of the decision. `asked_at` is the instant of the request."""

    family: ClassVar[Family] = "sitelock"

    days: int
    purchased_at: datetime
    """When the order that is to be refunded was made."""
    period_started_at: datetime
    """When the licence was bought or last renewed."""
    asked_at: datetime
    status: str
    only_add_ons: bool = False
    refunds: NameRefunds = NO_LIMIT

    @classmethod
    def of(cls, purchased: ReportedPurchase, asked_at: datetime) -> Self:
        """Makes the facts of a purchase.

        Its `known` has days, period_started_at, status and only_add_ons.
        """
        return cls(
            days=purchased.known["days"],
            purchased_at=purchased.purchased_at,
            period_started_at=datetime.fromisoformat(purchased.known["period_started_at"]),
            asked_at=asked_at,
            status=purchased.known["status"],
            only_add_ons=purchased.known["only_add_ons"],
            refunds=purchased.refunds,
        )

    @property
    def deadline(self) -> datetime:
        """The first instant without a refund."""
        return self.period_started_at + PERIOD

    def objection(self) -> str | None:
        """Why the order is not refunded; None = it is, and the licence ends."""
        if self.only_add_ons:
            return "Add-ons are not refunded by themselves."
        if self.purchased_at < self.period_started_at:
            return "The licence was renewed since; the renewal's order is the one to refund."
        if self.status == "refunded":
            return "It was refunded before."
        if self.status == "cancelled":
            return "It was cancelled."
        if self.days != _ANNUAL:
            return "Only annual licences are refunded."
        if self.asked_at >= self.deadline:
            return f"The refund period ended at {self.deadline:%Y-%m-%dT%H:%M:%SZ}."
        if self.status == "expired":  # A30: even if its end is in the future again
            return "It has expired."
        return once_per_name.objection(self.refunds, self.asked_at)
