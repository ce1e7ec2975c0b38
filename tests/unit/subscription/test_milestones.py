"""The instants in the life of a subscription (R12)."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.subscription.milestones import due_after, first_after, milestones

ENDS = datetime(2026, 1, 10, 23, 59, 59, tzinfo=UTC)


def test_they_come_in_order_and_grace_begins_with_the_second_after_the_last_one() -> None:
    found = [
        (each.action, f"{each.at:%m-%d %H:%M:%S}", each.days_left) for each in milestones(ENDS)
    ]
    assert found == [
        ("subscription.expiring", "11-11 23:59:59", 60),
        ("subscription.expiring", "12-11 23:59:59", 30),
        ("subscription.expiring", "01-03 23:59:59", 7),
        ("subscription.grace_began", "01-11 00:00:00", None),
        ("subscription.expired", "02-10 00:00:00", None),
    ]


def test_after_the_last_one_nothing_is_due() -> None:
    last = milestones(ENDS)[-1].at
    assert first_after(ENDS, last) is None
    assert due_after(ENDS, last) is None


@given(ahead=st.integers(0, 200 * 86400))
def test_going_from_one_to_the_next_meets_all_that_are_left(ahead: int) -> None:
    begin = ENDS - timedelta(seconds=ahead)
    met, instant = [], begin
    while (found := first_after(ENDS, instant)) is not None:
        assert due_after(ENDS, instant) == found.at
        met.append(found)
        instant = found.at
    assert met == [each for each in milestones(ENDS) if each.at > begin]
