"""What operators type, as values; mistakes in plain words."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time

from gateway.errors import OperatorMistake
from gateway.rules.organizations import InvalidDetail

_LAST_SECOND = time(23, 59, 59, tzinfo=UTC)


@contextmanager
def inputs_told() -> Iterator[None]:
    """Turns an InvalidDetail into an OperatorMistake."""
    try:
        yield
    except InvalidDetail as invalid:
        raise OperatorMistake(str(invalid)) from None


def instant_of(text: str) -> datetime:
    """ISO 8601, in UTC unless it says otherwise; a day alone is its last second.

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
