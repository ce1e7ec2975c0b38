"""A quote that a person has seen binds: nothing is bought at another price."""

from decimal import Decimal

from gateway.errors.money import QuoteChanged


def require_quoted(quoted: Decimal | None, cost: Decimal, currency: str) -> None:
    """Raises QuoteChanged if `cost` is not what was quoted; None = the caller saw no quote."""
    if quoted is not None and quoted != cost:
        raise QuoteChanged(
            f"The price is {cost} {currency} now, not {quoted} {currency}."
            " Nothing was bought; confirm the new price."
        )
