"""A purchase as the rules see it, and the question whether it is paid back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Protocol, Self

from gateway.rules.money.once_per_name import NO_LIMIT, NameRefunds
from gateway.rules.money.pricing import Family


@dataclass(frozen=True, slots=True)
class ReportedPurchase:
    """A purchase in the order report; `kind` is that of reseller.purchase."""

    kind: str
    cost: Decimal
    purchased_at: datetime
    known: Mapping[str, Any]
    """What the policy of its family looks at besides (column `facts` of reported_order)."""
    refunds: NameRefunds = NO_LIMIT


class RefundFacts(Protocol):
    """What the refund policy of a family decides on; each has a class of its own."""

    family: ClassVar[Family]

    @classmethod
    def of(cls, purchased: ReportedPurchase, asked_at: datetime) -> Self:
        """The facts of a purchase in the order report, for a request at `asked_at`."""
        ...

    def objection(self) -> str | None:
        """Why the purchase is not paid back; None = it is."""
        ...
