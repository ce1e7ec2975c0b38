"""Identifiers as clients send them (RFC 8555 §7.1.3, §9.7.7)."""

import msgspec

from gateway.doors.acme.problem import malformed
from gateway.errors.acme import Refusal
from gateway.rules.names import InvalidName, stored_form

_MAXIMUM_NAMES = 100
_LONGEST_TYPE_SHOWN = 64  # characters


class Identifier(msgspec.Struct):
    """An identifier as sent (RFC 8555 §7.1.3)."""

    type: str
    value: str


def sorted_out(identifiers: list[Identifier]) -> tuple[list[str], list[Refusal]]:
    """Unique names in the client's order, and refusals of those that nobody can get certified.

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
            names[stored_form(item.value)] = None
        except InvalidName as error:
            text = f"No certificate can be issued for this name: {error}."
            refused[Refusal("no_name", (item.value,), text, concerns_name_only=True)] = None
    return list(names), list(refused)


def _unsupported(item: Identifier) -> Refusal:
    return Refusal(
        "unsupported_type",
        (item.value,),
        f'Identifiers of type {item.type[:_LONGEST_TYPE_SHOWN]!r} are not supported; use "dns".',
        concerns_name_only=True,
        type=item.type,
    )
