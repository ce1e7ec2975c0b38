"""The suggested renewal window (RFC 9773 §4)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.acme.renewal import suggested_window

START = datetime(2025, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def end_of(days: float) -> datetime:
    return START + timedelta(days=days) - SECOND


@pytest.mark.parametrize(
    ("days", "opens", "closes"), [(90, 60, 62), (45, 30, 32), (6, 3, 3.5), (1, 0.5, 0.5 + 1 / 12)]
)
def test_the_window_opens_after_two_thirds_and_for_short_lives_after_half(
    days: float, opens: float, closes: float
) -> None:
    window = suggested_window(START, end_of(days), None, None)
    assert abs(window.start - (START + timedelta(days=opens))) <= 2 * SECOND
    assert abs(window.end - (START + timedelta(days=closes))) <= 2 * SECOND


def test_a_revoked_certificate_is_to_be_replaced_at_once() -> None:
    revoked_at = START + timedelta(days=3)
    window = suggested_window(START, end_of(90), revoked_at, None)
    assert window.end <= revoked_at


@given(
    st.timedeltas(timedelta(hours=1), timedelta(days=200)),
    st.none() | st.timedeltas(timedelta(days=-30), timedelta(days=400)),
)
def test_the_window_lies_in_the_lifetime_and_ends_inside_the_subscription(
    lifetime: timedelta, expires_in: timedelta | None
) -> None:
    not_after = START + lifetime - SECOND
    expires_at = None if expires_in is None else START + expires_in
    window = suggested_window(START, not_after, None, expires_at)
    assert START - SECOND <= window.start <= window.end <= not_after
    if expires_at is not None and expires_at > START + SECOND:
        assert window.end <= expires_at
