"""When a pre-validation in use is renewed, or its reseller warned (O4–O7)."""

from datetime import UTC, datetime, time, timedelta

WARNING_DAYS = (30, 14, 7, 1)
"""Manual mode: one warning each when fewer days than these remain."""

LONGEST = timedelta(days=398)
"""BR §4.2.1: how long validated data about an organization may be used."""

RENEWED_TYPE = "OV"
"""O7: a type designed for EV or S/MIME as well is renewed for OV only."""


def renewed_expiry(expires_at: datetime, term: timedelta, now: datetime) -> datetime:
    """The new expiry: from the old one on, so that renewing early costs no day; within the BR."""
    return min(expires_at + term, now.replace(microsecond=0) + LONGEST)


def warning_due(expires_at: datetime, days: int) -> datetime:
    """00:00 of the first day on which fewer than `days` full days remain."""
    last_day = expires_at.astimezone(UTC).date()
    first = last_day - timedelta(days=days - 1)
    return datetime.combine(first, time(0), tzinfo=UTC)


def next_warning(expires_at: datetime, warned_days: int | None) -> datetime | None:
    """When the warning after that of `warned_days` is due; None = all were given."""
    left = [days for days in WARNING_DAYS if warned_days is None or days < warned_days]
    return warning_due(expires_at, left[0]) if left else None


def warning_at(expires_at: datetime, warned_days: int | None, now: datetime) -> int | None:
    """The warning to give now: the last one due; earlier ones that were missed are skipped."""
    due = [
        days
        for days in WARNING_DAYS
        if (warned_days is None or days < warned_days) and warning_due(expires_at, days) <= now
    ]
    return due[-1] if due else None
