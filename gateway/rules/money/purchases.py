"""Purchases as the refund rules see them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Protocol, Self

from gateway.rules.money.once_per_name import NO_LIMIT, NameRefunds
from gateway.rules.money.prices import Family


@dataclass(frozen=True, slots=True)
class ReportedPurchase:
    """A purchase in the order report; `kind` is that of reseller.purchase."""

    kind: str
    cost: Decimal
    purchased_at: datetime
    known: Mapping[str, Any]
    """Further facts for the refund policy of its family (column `facts` of reported_order)."""
    refunds: NameRefunds = NO_LIMIT


class RefundFacts(Protocol):
    """The facts on which the refund policy of a family decides; each family has its class."""

    family: ClassVar[Family]

    @classmethod
    def of(cls, purchased: ReportedPurchase, asked_at: datetime) -> Self:
        """Makes the facts of a purchase in the order report, for a request at `asked_at`."""
        ...

    @property
    def deadline(self) -> datetime:
        """The first instant without a refund."""
        ...

    def objection(self) -> str | None:
        """Why the purchase is not refunded; None = it is."""
        ...
