"""SSL certificate orders: their statuses, the operations in each status, their costs.

The statuses are those of the vendor's certificate service (docs/wire.md §8). The same machine is in
the database (triggers `moves` of ssl."order") and in docs/status-machines.md.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from gateway.errors.money import PricingBroken, PricingMissing
from gateway.rules.money.amounts import storable
from gateway.rules.money.prices import Price
from gateway.rules.names import name_type

Status = Literal[
    "PAID",
    "CHECKING",
    "CHECKING_ORG",
    "ISSUING",
    "ISSUED",
    "SUPPLEMENTCHECKING",
    "REVOKING",
    "REVOKED",
    "CANCELCHECKING",
    "UNPASSED",
    "EXPIRED",
    "UPLOAD",
]
Operation = Literal["apply", "cancel-apply", "revoke", "unsubscribe"]
DomainType = Literal["SINGLE_DOMAIN", "WILDCARD", "MULTI_DOMAIN"]

MOVES: Mapping[str, frozenset[str]] = {
    "PAID": frozenset({"CHECKING"}),
    "CHECKING": frozenset({"CHECKING_ORG", "ISSUING", "CANCELCHECKING", "UNPASSED"}),
    "CHECKING_ORG": frozenset({"ISSUING", "CANCELCHECKING", "UNPASSED"}),
    "ISSUING": frozenset({"ISSUED", "CANCELCHECKING", "UNPASSED"}),
    "ISSUED": frozenset({"SUPPLEMENTCHECKING", "REVOKING", "EXPIRED"}),
    "SUPPLEMENTCHECKING": frozenset({"ISSUED", "REVOKING"}),
    "REVOKING": frozenset({"REVOKED"}),
    "REVOKED": frozenset(),
    "CANCELCHECKING": frozenset({"PAID"}),
    "UNPASSED": frozenset({"CHECKING"}),
    "EXPIRED": frozenset({"SUPPLEMENTCHECKING"}),
    "UPLOAD": frozenset(),
}
"""EXPIRED is shown, never stored: an issued certificate that has expired."""

STATUSES = tuple(MOVES)

AFTER: Mapping[str, Mapping[str, Status]] = {
    "apply": {
        "PAID": "CHECKING",
        "UNPASSED": "CHECKING",
        "ISSUED": "SUPPLEMENTCHECKING",
        "EXPIRED": "SUPPLEMENTCHECKING",
    },
    "cancel-apply": {
        "CHECKING": "CANCELCHECKING",
        "CHECKING_ORG": "CANCELCHECKING",
        "ISSUING": "CANCELCHECKING",
        "SUPPLEMENTCHECKING": "ISSUED",
    },
    "revoke": {"ISSUED": "REVOKING", "SUPPLEMENTCHECKING": "REVOKING"},
}
"""Status after a customer's operation, by the status before; from any other it is refused."""

TYPES: Mapping[str, bool] = {"DV_SSL_CERT": False, "OV_SSL_CERT": True}
"""Certificate types on sale; True = an operator checks the organization."""

REVOCATION_REASONS: Mapping[str, int] = {
    "unspecified": 0,
    "keyCompromise": 1,
    "affiliationChanged": 3,
    "superseded": 4,
    "cessationOfOperation": 5,
}
"""Revocation reasons that subscribers may give (BR §4.9.1.1)."""

VALIDITY_MONTHS = (1, 3, 6, 12)
"""Months that an order can pay for. Within that time certificates are re-issued at no cost."""

CERT_ID = re.compile("scs[0-9]{13}")
MOST_NAMES = 100
LONGEST_NAME = 63
"""Length in characters of a customer's name for a certificate."""
PROOF_PERIOD = timedelta(days=30)
"""How long a customer may take to prove control over the names (BR §3.2.2.4: random values)."""

PERIOD_OVER = "The paid period is over; buy another certificate."

_HOUR = timedelta(hours=1)
_CENT = Decimal("0.01")
_DAYS_OF_A_YEAR = 365
_MONTHS_OF_A_YEAR = 12


@dataclass(frozen=True, slots=True)
class Payment:
    """The parts of an order's price. `coupon` is never refunded, `cash` may be."""

    total: Decimal
    coupon: Decimal

    @property
    def cash(self) -> Decimal:
        return self.total - self.coupon


def item_of(brand: str, kind: str) -> str:
    """The item of a certificate on the price list."""
    return f"{brand}/{kind}"


def next_status(operation: str, status: str) -> Status | None:
    """Status after a customer's operation; None = it is refused in this status."""
    return AFTER[operation].get(status)


def domain_type(names: Sequence[str]) -> DomainType:
    """The vendor's API's name for a set of normalised names."""
    if len(names) > 1:
        return "MULTI_DOMAIN"
    return "WILDCARD" if name_type(names[0]) == "wildcard" else "SINGLE_DOMAIN"


def wildcard_count(names: Sequence[str]) -> int:
    return sum(name_type(name) == "wildcard" for name in names)


def paid_days(months: int) -> int:
    """Days that an order of so many months pays for; a year has 365."""
    return _DAYS_OF_A_YEAR * months // _MONTHS_OF_A_YEAR


def payment(
    names: Sequence[str],
    months: int,
    prices: Mapping[str, Price],
    currency: str,
    coupon: Decimal = Decimal("0.00"),
) -> Payment:
    """Charges each name a twelfth of its yearly price a month; then applies the coupon.

    Rounded half-up to cents. What a coupon is worth beyond the total is lost. Raises
    PricingMissing, and PricingBroken for a price in another currency than the reseller's or a total
    that no account could hold.
    """
    total = Decimal("0.00")
    for name in names:
        price = prices.get(name_type(name))
        if price is None:
            raise PricingMissing
        if price.currency != currency:
            raise PricingBroken
        exact = price.amount * months / _MONTHS_OF_A_YEAR
        total += exact.quantize(_CENT, ROUND_HALF_UP)
    stored = storable(total)
    if stored is None:
        raise PricingBroken
    return Payment(stored, min(coupon, stored))


def term_ends(first_issued_at: datetime, months: int) -> datetime:
    """The end of the paid period, which begins with the first certificate; none lasts longer."""
    return first_issued_at + timedelta(days=paid_days(months))


def period_is_over(first_issued_at: datetime | None, months: int, now: datetime) -> bool:
    """Whether it is too late for a further certificate: it would end within the hour."""
    return first_issued_at is not None and now >= term_ends(first_issued_at, months) - _HOUR


def retry_seconds(attempts: int) -> int:
    """Pause before the next look at a proof: the customer may need minutes, or days."""
    return min(int(2 ** min(attempts, 16)), 300)
