"""What certificates can have in common that are revoked at once (BR §4.9.1.1)."""

import re
from collections.abc import Mapping
from typing import Literal, get_args

from gateway.errors.operation import SelectionChanged, SelectionMistake
from gateway.rules.names import InvalidName, normalise
from gateway.rules.operation.clues import serial_of

Criterion = Literal["name", "key", "account", "credential", "serials"]

CRITERIA: Mapping[Criterion, str] = {
    "name": "all certificates that list a name",
    "key": "all certificates of a key",
    "account": "all certificates of an ACME account",
    "credential": "all certificates of an EAB credential",
    "serials": "the certificates of a list",
}

MOST = 100_000
"""Certificates that one bulk revocation has at most."""
LONGEST_WHY = 500

_LONGEST_ID = 100
_SEPARATORS = re.compile(r"[\s,;]+")
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_SHOWN = 60
_SHOWN_MISTAKES = 3


def criterion_of(text: str) -> Criterion:
    """The criterion of that name; raises SelectionMistake."""
    for known in get_args(Criterion):
        if text == known:
            found: Criterion = known
            return found
    raise SelectionMistake("criterion", f"{text!r} is none of {', '.join(CRITERIA)}")


def name_of(text: str) -> str:
    """The name as certificates list it; raises SelectionMistake."""
    try:
        return normalise(text)
    except InvalidName as error:
        raise SelectionMistake("value", f"{text[:_SHOWN]!r} is no domain name: {error}") from None


def id_of(text: str) -> str:
    """The id of an account or credential; raises SelectionMistake for what cannot be one."""
    if not text or len(text) > _LONGEST_ID or not text.isprintable():
        raise SelectionMistake("value", f"{text[:_SHOWN]!r} cannot be an id")
    return text


def fingerprint_of(text: str) -> str | None:
    """The SHA-256 of a public key that a text is, in hexadecimal; None = it is no such thing."""
    digits = text.lower().replace(":", "")
    return digits if _FINGERPRINT.fullmatch(digits) else None


def serials_of(text: str) -> list[str]:
    """The serials of a list, as stored: each once, in order; raises SelectionMistake.

    White space, commas and semicolons separate them; lines that begin with # are left out.
    """
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    words = [each for line in lines for each in _SEPARATORS.split(line) if each]
    read = {each: serial_of(each) for each in words}
    wrong = [each for each, serial in read.items() if serial is None]
    if wrong:
        shown = ", ".join(repr(each[:_SHOWN]) for each in wrong[:_SHOWN_MISTAKES])
        more = f" and {len(wrong) - _SHOWN_MISTAKES} more" if len(wrong) > _SHOWN_MISTAKES else ""
        raise SelectionMistake("value", f"no serials (hexadecimal): {shown}{more}")
    serials = sorted({serial for serial in read.values() if serial})
    if not serials:
        raise SelectionMistake("value", "the list has no serial")
    require_at_most(len(serials))
    return serials


def require_why(text: str) -> str:
    """Why they are revoked, in one line; raises SelectionMistake."""
    why = " ".join(text.split())
    if not why or len(why) > LONGEST_WHY:
        raise SelectionMistake("why", f"say why, in 1 to {LONGEST_WHY} characters")
    return why


def require_at_most(number: int) -> None:
    """Raises SelectionMistake for more than MOST certificates."""
    if number > MOST:
        raise SelectionMistake("value", f"these are more than {MOST} certificates: take fewer")


def require_counted(shown: int | None, found: int) -> None:
    """Raises SelectionChanged unless as many are found as a person has seen; None = nobody has."""
    if shown is not None and shown != found:
        raise SelectionChanged(
            f"It would be {found} certificates now, not {shown}. Nothing was revoked; look at them,"
            " and confirm again."
        )
