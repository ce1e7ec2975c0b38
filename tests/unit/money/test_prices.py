"""R6, A4, A5, A21, R21: costs, rounding, price lists and credit."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors.money import PricingBroken, PricingMissing
from gateway.rules.money.prices import NamePrices, Price, covers, total

yearly_prices = st.decimals(0, 100_000, places=2)


def fqdn_at(yearly: str | Decimal) -> NamePrices:
    return NamePrices("USD", {"fqdn": Price(Decimal(yearly), "USD")})


@pytest.mark.parametrize(
    ("yearly", "days", "cost"),
    [
        ("365.00", 365, "365.00"),  # X1
        ("365.00", 730, "730.00"),  # X2
        ("365.00", 1095, "1095.00"),  # X2
        ("365.00", 223, "223.00"),  # X4
        ("1095.00", 223, "669.00"),  # X4
        ("365.00", 1, "1.00"),  # X4
        ("365.00", 0, "0.00"),  # X4, A4
        ("99.99", 223, "61.09"),  # X5
        ("99.99", 100, "27.39"),  # X5
        ("365.00", 370, "370.00"),  # X6
        ("365.00", 666, "666.00"),  # X9, A5
        ("0.73", 2, "0.00"),  # 0.004
        ("1.825", 1, "0.01"),  # 0.005 goes up
    ],
)
def test_x4_x5_cost_of_days(yearly: str, days: int, cost: str) -> None:
    result = fqdn_at(yearly).cost("fqdn", days)
    assert result == Decimal(cost)
    assert result.as_tuple().exponent == -2


@given(yearly_prices, st.integers(0, 2190))
def test_a21_costs_are_rounded_half_up(yearly: Decimal, days: int) -> None:
    exact = Fraction(yearly) * days / 365
    cost = Fraction(fqdn_at(yearly).cost("fqdn", days))
    assert -Fraction(1, 200) < exact - cost < Fraction(1, 200) or exact - cost == -Fraction(1, 200)


@given(yearly_prices, st.integers(0, 2000), st.integers(0, 100))
def test_more_days_never_cost_less(yearly: Decimal, days: int, more: int) -> None:
    prices = fqdn_at(yearly)
    assert prices.cost("fqdn", days) <= prices.cost("fqdn", days + more)


def test_e12_a_missing_price() -> None:
    with pytest.raises(PricingMissing):
        fqdn_at("1").cost("wildcard", 365)


def test_e13_a_price_in_another_currency() -> None:
    prices = NamePrices("EUR", {"fqdn": Price(Decimal(1), "USD")})
    with pytest.raises(PricingBroken):
        prices.cost("fqdn", 365)


def test_e13_a_total_that_no_account_can_hold() -> None:
    assert total([Decimal("0.10"), Decimal("0.20")]) == Decimal("0.30")
    assert total([]) == Decimal("0.00")
    with pytest.raises(PricingBroken):
        total([Decimal("9999999999.99"), Decimal("0.01")])


@pytest.mark.parametrize(
    ("balance", "credit_limit", "cost", "covered"),
    [
        ("10.00", "0.00", "10.00", True),
        ("10.00", "0.00", "10.01", False),
        ("-5.00", "10.00", "5.00", True),
        ("-5.00", "10.00", "5.01", False),
        ("0.00", "0.00", "0.00", True),
    ],
)
def test_r21_credit(balance: str, credit_limit: str, cost: str, covered: bool) -> None:
    assert covers(Decimal(balance), Decimal(credit_limit), Decimal(cost)) is covered
