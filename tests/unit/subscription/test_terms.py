"""R3, R5, R6, R11, R12: expiry, days left, states and the extension window."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.subscription import terms

instants = st.datetimes(
    datetime(2000, 1, 1),  # noqa: DTZ001  the zone is added by the strategy
    datetime(2090, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
term_days = st.sampled_from(terms.TERMS)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("first_added_at", "days", "expires_at"),
    [
        ("2025-01-10T15:30:00", 365, "2026-01-10T23:59:59"),  # X1
        ("2025-01-10T15:30:00", 730, "2027-01-10T23:59:59"),  # X2
        ("2025-01-10T15:30:00", 1095, "2028-01-10T23:59:59"),  # X2
        ("2024-02-29T00:00:00", 365, "2025-02-28T23:59:59"),  # X3
        ("2024-02-29T23:59:59", 1095, "2027-02-28T23:59:59"),  # X3
    ],
)
def test_r3_expiry_is_the_last_second_of_a_day(
    first_added_at: str, days: int, expires_at: str
) -> None:
    assert terms.first_expiry(at(first_added_at), days) == at(expires_at)


def test_a2_days_are_utc_days() -> None:
    late_evening = datetime.fromisoformat("2025-01-10T23:30:00-05:00")
    assert terms.first_expiry(late_evening, 365) == at("2026-01-11T23:59:59")
    assert terms.full_days_left(at("2026-01-11T23:59:59"), late_evening) == 365


@pytest.mark.parametrize(
    ("now", "days"),
    [
        ("2025-01-10T15:30:00", 365),
        ("2025-01-10T23:59:59", 365),
        ("2025-01-11T00:00:00", 364),
        ("2025-06-01T12:00:00", 223),
        ("2026-01-09T23:59:59", 1),
        ("2026-01-10T00:00:00", 0),
    ],
)
def test_x4_a3_a4_full_days_left(now: str, days: int) -> None:
    assert terms.full_days_left(at("2026-01-10T23:59:59"), at(now)) == days


@pytest.mark.parametrize(
    ("now", "state"),
    [
        ("2026-01-10T23:59:59", "active"),
        ("2026-01-10T23:59:59.999999", "active"),
        ("2026-01-11T00:00:00", "grace"),
        ("2026-02-09T23:59:59.5", "grace"),
        ("2026-02-10T00:00:00", "expired"),
    ],
)
def test_r12_states(now: str, state: str) -> None:
    assert terms.state(at("2026-01-10T23:59:59"), at(now)) == state


def test_x1_extension_window() -> None:
    opens, closes = terms.extension_window(at("2026-01-10T23:59:59"))
    assert (opens, closes) == (at("2025-10-02T00:00:00"), at("2026-02-09T23:59:59"))


@pytest.mark.parametrize(
    ("now", "extendable"),
    [
        ("2025-10-01T23:59:59.999999", False),
        ("2025-10-02T00:00:00", True),
        ("2026-02-09T23:59:59.999999", True),
        ("2026-02-10T00:00:00", False),
    ],
)
def test_a10_window_borders(now: str, extendable: bool) -> None:
    assert terms.is_extendable(at("2026-01-10T23:59:59"), at(now)) is extendable


@pytest.mark.parametrize(
    ("expires_at", "days", "extended"),
    [
        ("2025-08-28T23:59:59", 365, "2026-08-28T23:59:59"),  # X6
        ("2025-08-28T23:59:59", 730, "2027-08-28T23:59:59"),  # X7
        ("2025-08-28T23:59:59", 1095, "2028-08-27T23:59:59"),  # X7: days, not anniversaries
    ],
)
def test_x7_extension_counts_days_from_the_old_expiry(
    expires_at: str, days: int, extended: str
) -> None:
    assert terms.extended(at(expires_at), days) == at(extended)


def test_x6_x8_days_left_after_an_extension() -> None:
    assert terms.full_days_left(at("2025-08-28T23:59:59"), at("2025-08-23T10:00:00")) == 5
    extended = terms.extended(at("2025-08-28T23:59:59"), 365)
    assert terms.full_days_left(extended, at("2025-08-23T10:00:00")) == 370
    assert terms.full_days_left(extended, at("2025-09-20T10:00:00")) == 342


@given(instants, term_days)
def test_a1_the_first_day_has_exactly_the_full_term_left(now: datetime, days: int) -> None:
    expires_at = terms.first_expiry(now, days)
    assert terms.full_days_left(expires_at, now) == days
    assert expires_at.strftime("%H:%M:%S.%f") == "23:59:59.000000"


@given(instants, term_days, st.timedeltas(timedelta(days=-1200), timedelta(days=1200)))
def test_full_days_left_is_the_floor_of_the_time_left(
    now: datetime, days: int, passed: timedelta
) -> None:
    expires_at = terms.first_expiry(now, days)
    later = (now + passed).replace(microsecond=0)
    until_midnight = expires_at + timedelta(seconds=1) - later
    # On the stroke of midnight a whole day has just begun, and it counts as a full day no more.
    expected = until_midnight.days - (until_midnight.seconds == 0)
    assert terms.full_days_left(expires_at, later) == expected


@given(instants, term_days, st.timedeltas(timedelta(0), timedelta(days=1300)))
def test_every_instant_has_one_state_and_they_follow_each_other(
    now: datetime, days: int, passed: timedelta
) -> None:
    expires_at = terms.first_expiry(now, days)
    order = ["active", "grace", "expired"]
    before, after = terms.state(expires_at, now), terms.state(expires_at, now + passed)
    assert order.index(before) <= order.index(after)
    if terms.is_extendable(expires_at, now + passed):
        assert after in ("active", "grace")
