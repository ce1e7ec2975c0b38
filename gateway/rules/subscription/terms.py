"""When a subscription ends, its state, and when it may be extended.

All instants are aware datetimes; calendar days are UTC days (A2). An expiry instant is the last
second of validity, 23:59:59, and that whole second still belongs to it.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

State = Literal["active", "grace", "expired"]

TERMS = (365, 730, 1095)
"""Days of 1, 2 and 3 years (R1, R13)."""

GRACE = timedelta(days=30)
"""The grace period in days (R12)."""
_WINDOW_BEFORE_EXPIRY = timedelta(days=100)
_LAST_SECOND = time(23, 59, 59, tzinfo=UTC)


def first_expiry(first_added_at: datetime, term_days: int) -> datetime:
    """The first expiry: `term_days` full days from the next calendar day on (R3, A1)."""
    return _end_of(_day(first_added_at) + timedelta(days=term_days))


def full_days_left(expires_at: datetime, now: datetime) -> int:
    """The days that a name added now is charged for; 0 on the last day (R6, A3, A4)."""
    return (_day(expires_at) - _day(now)).days


def state(expires_at: datetime, now: datetime) -> State:
    """The state: active through the expiry second, 30 days of grace, then expired (R5, R12)."""
    second = now.replace(microsecond=0)
    if second <= expires_at:
        return "active"
    return "grace" if second <= grace_ends(expires_at) else "expired"


def grace_ends(expires_at: datetime) -> datetime:
    """Last second in which the subscription can be extended and names can be removed (R12)."""
    return expires_at + GRACE


def extension_window(expires_at: datetime) -> tuple[datetime, datetime]:
    """First and last second of the extension window, a hundred days before the expiry day.

    R11, A10; it begins at 00:00:00.
    """
    opens = datetime.combine(_day(expires_at - _WINDOW_BEFORE_EXPIRY), time(0), tzinfo=UTC)
    return opens, grace_ends(expires_at)


def is_extendable(expires_at: datetime, now: datetime) -> bool:
    """Whether the subscription may be extended now (R11)."""
    opens, closes = extension_window(expires_at)
    return opens <= now.replace(microsecond=0) <= closes


def extended(expires_at: datetime, days: int) -> datetime:
    """The extended expiry: from the old one on, also in grace (X8), in days (R11, X7)."""
    return expires_at + timedelta(days=days)


def _day(instant: datetime) -> date:
    return instant.astimezone(UTC).date()


def _end_of(day: date) -> datetime:
    return datetime.combine(day, _LAST_SECOND)
