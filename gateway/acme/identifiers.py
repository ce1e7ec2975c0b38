"""Identifiers as clients send them (RFC 8555 §7.1.3, §9.7.7)."""

import msgspec

from gateway.acme.problem import malformed
from gateway.errors import Refusal
from gateway.rules.names import InvalidName, normalise

_MAXIMUM_NAMES = 100


class Identifier(msgspec.Struct):
    """RFC 8555 §7.1.3."""

    type: str
    value: str


def sorted_out(identifiers: list[Identifier]) -> tuple[list[str], list[Refusal]]:
    """Unique names in the client's order, and what can be certified for nobody.

    Raises Problem when there are too many or none.
    """
    if not 0 < len(identifiers) <= _MAXIMUM_NAMES:
        raise malformed(f"An order has 1 to {_MAXIMUM_NAMES} identifiers.")
    names: dict[str, None] = {}
    refused: dict[Refusal, None] = {}
    for item in identifiers:
        if item.type != "dns":
            refused[_unsupported(item)] = None
            continue
        try:
            names[_name_of(item)] = None
        except InvalidName as error:
            text = f"No certificate can be issued for this name: {error}."
            refused[Refusal("no_name", (item.value,), text, concerns_name_only=True)] = None
    return list(names), list(refused)


def _name_of(item: Identifier) -> str:
    """Raises InvalidName."""
    if not item.value.isascii():
        raise InvalidName("internationalized names must be sent as A-labels (xn--)")
    return normalise(item.value)


def _unsupported(item: Identifier) -> Refusal:
    return Refusal(
        "unsupported_type",
        (item.value,),
        f'Identifiers of type {item.type!r} are not supported; use "dns".',
        concerns_name_only=True,
        type=item.type,
    )
