"""When a certificate should be renewed (ARI, RFC 9773 §4)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

_SHORT_LIVED = timedelta(days=10)
_LONGEST_WINDOW = timedelta(days=2)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Window:
    """When to renew, at a random moment in the window; a window in the past means at once."""

    start: datetime
    end: datetime


def suggested_window(
    not_before: datetime,
    not_after: datetime,
    revoked_at: datetime | None,
    gate_closes_at: datetime | None,
) -> Window:
    """Suggests a window after two thirds of the lifetime, after half of a short one.

    The window ends before `gate_closes_at`, the last second of the subscription or of the
    pre-validation of a name. A revoked certificate should have been replaced when it was revoked.
    """
    if revoked_at is not None:
        return Window(revoked_at - timedelta(hours=1), revoked_at)
    lifetime = not_after - not_before + _SECOND
    start = not_after - (lifetime / 2 if lifetime < _SHORT_LIVED else lifetime / 3)
    length = min(_LONGEST_WINDOW, lifetime / 12)
    end = start + length
    if gate_closes_at is not None and end > gate_closes_at:
        end = max(gate_closes_at, not_before + _SECOND)
        start = end - min(length, (end - not_before) / 2)
    return Window(start.replace(microsecond=0), end.replace(microsecond=0))
