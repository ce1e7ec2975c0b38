"""Amounts of money: Decimal with two places, as numeric(12,2) stores them."""

from decimal import Decimal

_CENT = Decimal("0.01")
_TOO_LARGE = Decimal(10) ** 10


def storable(amount: Decimal) -> Decimal | None:
    """Gives `amount` with exactly two decimals, or None if it cannot be stored.

    None for NaN and infinity, for fractions of a cent and for what numeric(12,2) cannot hold.
    """
    if not amount.is_finite() or amount.copy_abs() >= _TOO_LARGE:
        return None
    cents = amount.quantize(_CENT)
    return cents if cents == amount else None
