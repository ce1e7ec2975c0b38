"""What an operator's search text could be, in the form in which things are stored."""

import re

from gateway.rules.names import InvalidName, normalise

_SERIAL = re.compile("[0-9a-f]{1,40}")
_NUMBER = re.compile("[0-9]{1,18}")
_SHORTEST_BEGINNING = 3
_WILDCARD = "*."
_AFTER_ALL = "\U0010ffff"


def serial_of(text: str) -> str | None:
    """The serial that a text is: hexadecimal as certificates, openssl or browsers show it."""
    digits = re.sub("[: ]", "", text.lower()).removeprefix("0x")
    if not _SERIAL.fullmatch(digits):
        return None
    stripped = digits.lstrip("0")
    return stripped if len(stripped) % 2 == 0 else f"0{stripped}"


def number_of(text: str) -> int | None:
    """The order number that a text is."""
    return int(text) if _NUMBER.fullmatch(text) else None


def names_of(text: str) -> list[str]:
    """The names that a text may stand for: the name, its wildcard, and what a wildcard is above."""
    try:
        name = normalise(text.removeprefix("https://").partition("/")[0])
    except InvalidName:
        return []
    base = name.removeprefix(_WILDCARD)
    return [base, f"{_WILDCARD}{base}"]


def beginning_of(text: str) -> tuple[str, str] | None:
    """The names that begin with a text: from the first to before the second. None = too many."""
    lowered = text.lower()
    if len(lowered) < _SHORTEST_BEGINNING or not lowered.isascii():
        return None
    return lowered, f"{lowered}{_AFTER_ALL}"
