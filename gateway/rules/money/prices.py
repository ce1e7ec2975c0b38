"""Costs: the prices of all families, and the daily price of names in subscriptions."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from gateway.errors.money import PricingBroken, PricingMissing
from gateway.rules.money.amounts import storable
from gateway.rules.names import NameType

Family = Literal["acme", "sitelock", "ssl"]
"""Product families, as in reseller.purchase.family."""

_CENT = Decimal("0.01")
_DAYS_OF_A_PRICE = 365


@dataclass(frozen=True, slots=True)
class Article:
    """A thing with a price of its own, named as its family does (comments of reseller.price)."""

    family: Family
    item: str
    variant: str


@dataclass(frozen=True, slots=True)
class Price:
    """The price of an article: a name for a year, a licence for its days."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class NamePrices:
    """Prices of names on one server for a reseller: its own, or default ones where it has none."""

    currency: str
    """Currency of the reseller."""
    prices: Mapping[str, Price]
    """Prices for 365 days, by name type."""

    def cost(self, name_type: NameType, days: int) -> Decimal:
        """The cost of days at a 365th of today's yearly price, rounded half-up (R6, A5, A21).

        It is rounded to cents. Raises PricingMissing (E12), and PricingBroken (E13) for a price in
        another currency than the reseller's.
        """
        price = self.prices.get(name_type)
        if price is None:
            raise PricingMissing
        if price.currency != self.currency:
            raise PricingBroken
        exact = price.amount * days / _DAYS_OF_A_PRICE
        return exact.quantize(_CENT, ROUND_HALF_UP)


def total(costs: list[Decimal]) -> Decimal:
    """Gives the sum of rounded costs (A21); raises PricingBroken when no account could hold it."""
    amount = storable(sum(costs, Decimal("0.00")))
    if amount is None:
        raise PricingBroken
    return amount


def covers(balance: Decimal, credit_limit: Decimal, cost: Decimal) -> bool:
    """Whether an account with this balance may be debited `cost` (R21)."""
    return cost <= 0 or balance + credit_limit >= cost
