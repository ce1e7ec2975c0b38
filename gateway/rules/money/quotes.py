"""A quote that a person has seen binds: nothing is bought or paid back at another amount."""

from decimal import Decimal

from gateway.errors.money import QuoteChanged


def require_quoted(quoted: Decimal | None, cost: Decimal, currency: str) -> None:
    """Raises QuoteChanged if `cost` is not what was quoted; None = the caller saw no quote."""
    if quoted is not None and quoted != cost:
        raise QuoteChanged(
            f"The price is {cost} {currency} now, not {quoted} {currency}."
            " Nothing was bought; confirm the new price."
        )


def require_quoted_refund(quoted: Decimal | None, refund: Decimal) -> None:
    """Raises QuoteChanged if not as much is paid back as was quoted; None = no quote was seen."""
    if quoted is not None and quoted != refund:
        raise QuoteChanged(
            f"The refund is {refund} now, not {quoted}. Nothing was removed; confirm it again."
        )
