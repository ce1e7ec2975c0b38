"""Which amounts can be booked."""

from decimal import Decimal

import pytest

from gateway.rules.money.amounts import storable


@pytest.mark.parametrize(
    "text", ["NaN", "sNaN", "Infinity", "-Infinity", "0.001", "1E+10", "1e99", "1e3000000"]
)
def test_no_amount_of_money(text: str) -> None:
    assert storable(Decimal(text)) is None


@pytest.mark.parametrize(
    ("text", "stored"),
    [("1", "1.00"), ("0.10", "0.10"), ("1.000", "1.00"), ("9999999999.99", "9999999999.99")],
)
def test_an_amount_gets_two_decimals(text: str, stored: str) -> None:
    assert str(storable(Decimal(text))) == stored
