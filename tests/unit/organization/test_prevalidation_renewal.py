"""When pre-validations are renewed, until when, and when their resellers are warned (O4–O7)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.organization.prevalidation_renewal import (
    LONGEST,
    WARNING_DAYS,
    next_warning,
    renewed_expiry,
    warning_at,
    warning_due,
)

ENDS = datetime(2026, 6, 30, 23, 59, 59, tzinfo=UTC)
INSTANTS = st.integers(0, 50 * 366 * 86400).map(lambda after: ENDS + timedelta(seconds=after))


@pytest.mark.parametrize(
    ("days", "first"), [(30, (6, 1)), (14, (6, 17)), (7, (6, 24)), (1, (6, 30))]
)
def test_a_warning_is_due_on_the_first_day_with_fewer_days_left(
    days: int, first: tuple[int, int]
) -> None:
    assert warning_due(ENDS, days) == datetime(2026, *first, tzinfo=UTC)


def test_exactly_thirty_days_are_no_reason_for_a_warning_one_day_later_is() -> None:
    assert warning_at(ENDS, None, datetime(2026, 5, 31, 23, 59, 59, tzinfo=UTC)) is None
    assert warning_at(ENDS, None, datetime(2026, 6, 1, tzinfo=UTC)) == 30


def test_warnings_that_were_missed_are_passed_over() -> None:
    assert warning_at(ENDS, None, datetime(2026, 6, 25, tzinfo=UTC)) == 7
    assert warning_at(ENDS, 7, datetime(2026, 6, 25, tzinfo=UTC)) is None
    assert next_warning(ENDS, 7) == datetime(2026, 6, 30, tzinfo=UTC)
    assert next_warning(ENDS, 1) is None


@given(ends=INSTANTS)
def test_who_looks_whenever_something_is_due_warns_of_each_threshold_once(ends: datetime) -> None:
    warned: int | None = None
    given_warnings = []
    while (due := next_warning(ends, warned)) is not None:
        assert warning_at(ends, warned, due - timedelta(microseconds=1)) is None
        warned = warning_at(ends, warned, due)
        given_warnings.append(warned)
        days_left = (ends.date() - due.date()).days
        assert warned is not None
        assert days_left == warned - 1
    assert tuple(given_warnings) == WARNING_DAYS


def test_the_term_counts_from_the_old_expiry() -> None:
    renewed = renewed_expiry(ENDS, timedelta(days=365), ENDS - timedelta(days=30))
    assert renewed == datetime(2027, 6, 30, 23, 59, 59, tzinfo=UTC)


@given(now=INSTANTS, lead=st.integers(0, 180), days=st.integers(1, 2000))
def test_no_renewal_outlives_what_the_baseline_requirements_allow(
    now: datetime, lead: int, days: int
) -> None:
    ends = (now + timedelta(days=lead)).replace(microsecond=0)
    renewed = renewed_expiry(ends, timedelta(days=days), now)
    assert renewed <= now + LONGEST
    assert renewed > ends
