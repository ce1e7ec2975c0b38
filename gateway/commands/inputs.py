"""Parses what operators type; mistakes become OperatorMistake with a clear text."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

from gateway.errors import OperatorMistake
from gateway.errors.organization import InvalidDetail

_AMOUNT = re.compile(r"-?[0-9]{1,10}(\.[0-9]{1,2})?")
_SHOWN = 64
_LAST_SECOND = time(23, 59, 59, tzinfo=UTC)


def amount(text: str) -> Decimal:
    """Parses an amount: digits, and at most two more after a point; raises OperatorMistake.

    It refuses other texts that Decimal reads, such as 1e3, NaN, 1_000 and digits of other scripts.
    """
    if not _AMOUNT.fullmatch(text):
        raise OperatorMistake(f"{text[:_SHOWN]!r} is not an amount like 365.00")
    return Decimal(text)


def password_in(file: Path) -> str:
    """The password in a file, without one trailing newline; raises OperatorMistake."""
    try:
        return file.read_text().removesuffix("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise OperatorMistake(f"the password file cannot be read: {error}") from None


@contextmanager
def input_mistakes() -> Iterator[None]:
    """Turns an InvalidDetail into an OperatorMistake."""
    try:
        yield
    except InvalidDetail as invalid:
        raise OperatorMistake(str(invalid)) from None


def instant_of(text: str) -> datetime:
    """Parses ISO 8601, in UTC unless it has an offset; a day alone means its last second.

    Raises OperatorMistake.
    """
    try:
        if len(text) == len("2026-06-30"):
            return datetime.combine(date.fromisoformat(text), _LAST_SECOND)
        moment = datetime.fromisoformat(text)
        zoned = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise OperatorMistake(f"{text!r} is no instant like 2026-06-30T23:59:59Z") from None
    return zoned.replace(microsecond=0)
