"""Refunds of SSL certificates: 7 × 24 hours from payment, by status (docs/wire.md §8)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Self

from gateway.rules.money.prices import Family
from gateway.rules.money.purchases import ReportedPurchase

PERIOD = timedelta(hours=7 * 24)
"""B1: a request before the end of this period is in time, to the instant."""

UNDER_REVIEW = "An unsubscription of it is under review."
_REST: dict[str, str] = {
    "CHECKING": "Its application is under way: withdraw it first.",
    "CHECKING_ORG": "Its application is under way: withdraw it first.",
    "ISSUING": "Its application is under way: withdraw it first.",
    "CANCELCHECKING": "The withdrawal of its application is under way.",
    "UNPASSED": "Its application was rejected.",
    "ISSUED": "It is issued: revoke it first.",
    "SUPPLEMENTCHECKING": "It is issued: revoke it first.",
    "REVOKING": "Its revocation is not complete.",
    "EXPIRED": "It has expired.",
    "UPLOAD": "It was not bought here.",
}


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """The facts of the decision. `asked_at` is the instant of the customer's request."""

    family: ClassVar[Family] = "ssl"

    status: str
    bought_here: bool
    paid_at: datetime
    asked_at: datetime
    revoked_at: datetime | None
    """When the revocation was complete."""
    under_review: bool
    """Whether an unsubscription of it waits for an operator already."""
    refunded: bool

    @classmethod
    def of(cls, purchased: ReportedPurchase, asked_at: datetime) -> Self:
        """Makes the facts of a purchase; its `known` has status, revoked_at and under_review."""
        revoked_at = purchased.known["revoked_at"]
        return cls(
            purchased.known["status"],
            bought_here=True,
            paid_at=purchased.purchased_at,
            asked_at=asked_at,
            revoked_at=datetime.fromisoformat(revoked_at) if revoked_at else None,
            under_review=purchased.known["under_review"],
            refunded=False,
        )

    @property
    def deadline(self) -> datetime:
        """The first instant without a refund."""
        return self.paid_at + PERIOD

    def objection(self) -> str | None:
        """Why the certificate is not refunded; None = it is (G1, G2, G3)."""
        if not self.bought_here:
            return _REST["UPLOAD"]
        if self.refunded:
            return "It was refunded before."
        if self.under_review:
            return UNDER_REVIEW
        if self.asked_at >= self.deadline:
            return f"The refund period ended at {_instant(self.deadline)}."
        if self.status == "PAID":
            return None
        if self.status == "REVOKED":
            if self.revoked_at is not None and self.revoked_at < self.deadline:
                return None
            return f"Its revocation was complete only after {_instant(self.deadline)}."
        return _REST[self.status]


def _instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
