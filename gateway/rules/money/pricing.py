"""What things cost: prices of all families, and what names of subscriptions cost by the day."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from gateway.errors.money import PricingBroken, PricingMissing
from gateway.rules.money.amounts import storable
from gateway.rules.names import NameType

Family = Literal["acme", "sitelock", "ssl"]
"""Of what is sold, as in reseller.purchase.family."""

_CENT = Decimal("0.01")
_DAYS_OF_A_PRICE = 365


@dataclass(frozen=True, slots=True)
class Article:
    """What has a price of its own, in the words of its family (comments of reseller.price)."""

    family: Family
    item: str
    variant: str


@dataclass(frozen=True, slots=True)
class Price:
    """What an article costs: a name for a year, a licence for its days."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class NamePrices:
    """What names of one server cost a reseller: own prices, and default ones where it has none."""

    currency: str
    """The reseller's."""
    prices: Mapping[str, Price]
    """By name type, for 365 days."""

    def cost(self, name_type: NameType, days: int) -> Decimal:
        """R6, A5, A21: a 365th of today's yearly price per day, rounded half-up to cents.

        Raises PricingMissing (E12), and PricingBroken (E13) for a price in another currency than
        the reseller's.
        """
        price = self.prices.get(name_type)
        if price is None:
            raise PricingMissing
        if price.currency != self.currency:
            raise PricingBroken
        exact = price.amount * days / _DAYS_OF_A_PRICE
        return exact.quantize(_CENT, ROUND_HALF_UP)


def total(costs: list[Decimal]) -> Decimal:
    """A21: the sum of the rounded costs. Raises PricingBroken when no account could hold it."""
    amount = storable(sum(costs, Decimal("0.00")))
    if amount is None:
        raise PricingBroken
    return amount


def covers(balance: Decimal, credit_limit: Decimal, cost: Decimal) -> bool:
    """R21: may an account with this balance be debited `cost`?"""
    return cost <= 0 or balance + credit_limit >= cost
