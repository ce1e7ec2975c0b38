"""The gate as a pure function, and how long a certificate may live."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.config import Issuance
from gateway.config.sources import made
from gateway.errors import ConfigurationError
from gateway.errors.acme import BadValidity
from gateway.rules.acme.issuance import (
    AccountStanding,
    GateFacts,
    SubscriptionFacts,
    refusals,
    standing_refusal,
    validity,
)

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
GOOD = AccountStanding("valid", False, "active", False)
CURRENT = SubscriptionFacts(NOW - timedelta(days=10), NOW + timedelta(days=100))
NAMES = ["a.example.com", "b.example.com"]


def facts(
    standing: AccountStanding = GOOD,
    subscription: SubscriptionFacts | None = CURRENT,
    listed: list[str] | None = None,
) -> GateFacts:
    return GateFacts(standing, subscription, frozenset(NAMES if listed is None else listed))


def test_the_gate_is_open_when_all_is_well() -> None:
    assert refusals(facts(), NAMES, NOW) == []


@pytest.mark.parametrize(
    ("standing", "said"),
    [
        (AccountStanding("pending", False, "active", False), "pending"),
        (AccountStanding("deactivated", False, "active", False), "deactivated"),
        (AccountStanding("valid", True, "active", False), "account is suspended"),
        (
            AccountStanding("valid", False, "active", True),
            "EAB credential of this account is suspended",
        ),
        (AccountStanding("valid", False, "deactivated", False), "was deactivated"),
    ],
)
def test_standing_closes_it_for_all_names(standing: AccountStanding, said: str) -> None:
    [refusal] = refusals(facts(standing), NAMES, NOW)
    assert refusal.names == tuple(NAMES)
    assert said in refusal.text
    assert said in standing_refusal(standing)
    assert not refusal.concerns_name_only


@pytest.mark.parametrize(
    ("expires_at", "reason"),
    [
        (NOW, None),
        (NOW - timedelta(seconds=1), "grace"),
        (NOW - timedelta(days=30), "grace"),
        (NOW - timedelta(days=30, seconds=1), "expired"),
    ],
)
def test_the_subscription_must_be_valid_now(expires_at: datetime, reason: str | None) -> None:
    subscription = SubscriptionFacts(NOW - timedelta(days=365), expires_at)
    found = [refusal.reason for refusal in refusals(facts(subscription=subscription), NAMES, NOW)]
    assert found == ([reason] if reason else [])


def test_no_subscription_and_one_that_has_not_started_close_it() -> None:
    future = SubscriptionFacts(NOW + timedelta(seconds=1), NOW + timedelta(days=365))
    for subscription in (None, future):
        [refusal] = refusals(facts(subscription=subscription), NAMES, NOW)
        assert refusal.reason == "not_started"


@given(st.sets(st.sampled_from([*NAMES, "*.example.com", "c.example.com"])))
def test_exactly_the_unlisted_names_are_refused(listed: set[str]) -> None:
    asked = [*NAMES, "*.example.com"]
    found = refusals(facts(listed=list(listed)), asked, NOW)
    assert [refusal.names for refusal in found] == [(name,) for name in asked if name not in listed]
    assert all(refusal.concerns_name_only for refusal in found)


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("a.internal", True),
        ("*.a.internal", True),
        ("a.nosuchtld", True),
        ("a.example.com", False),
        ("*.a.example.com", False),
    ],
)
def test_a_server_of_a_public_ca_certifies_public_names_only(name: str, refused: bool) -> None:
    open_to_all = facts(listed=[name])
    assert refusals(open_to_all, [name], NOW) == []
    found = refusals(replace(open_to_all, public_only=True), [name], NOW)
    assert [(each.reason, each.names) for each in found] == [("not_public", (name,))] * refused
    assert all(each.concerns_name_only and name in each.text for each in found)


def test_a_name_that_is_neither_public_nor_listed_is_not_to_be_added() -> None:
    [found] = refusals(replace(facts(listed=[]), public_only=True), ["a.internal"], NOW)
    assert found.reason == "not_public"


LONGEST = timedelta(days=90)


def test_a_certificate_lasts_the_whole_profile_counted_inclusively() -> None:
    start, end = validity(NOW, None, None, LONGEST)
    assert (start, end) == (NOW, NOW + LONGEST - timedelta(seconds=1))


@pytest.mark.parametrize("hours", [0, 1, 48])
def test_it_begins_earlier_by_a_part_of_its_life(hours: int) -> None:
    backdated = timedelta(hours=hours)
    start, end = validity(NOW, None, None, LONGEST, backdated)
    assert (start, end) == (NOW - backdated, NOW - backdated + LONGEST - timedelta(seconds=1))


@pytest.mark.parametrize(
    "wanted",
    [
        {"backdate_seconds": 48 * 3600 + 1},
        {"backdate_seconds": -1},
        {"backdate_seconds": 13 * 3600, "certificate_days": 1},
    ],
    ids=["more than BR §7.1.2.7 allows", "the future", "more than half of its life"],
)
def test_an_operator_cannot_set_it_so_that_certificates_would_be_wrong(
    wanted: dict[str, int],
) -> None:
    with pytest.raises(ConfigurationError, match="backdate_seconds"):
        made(Issuance, wanted)


def test_an_end_that_was_possible_stays_possible() -> None:
    """Then it begins as much earlier as its longest life allows."""
    latest = NOW + LONGEST - timedelta(seconds=1)
    hour = timedelta(hours=1)
    assert validity(NOW, None, latest, LONGEST, hour) == (NOW, latest)
    minutes = timedelta(minutes=20)
    assert validity(NOW, None, latest - minutes, LONGEST, hour) == (NOW - minutes, latest - minutes)
    with pytest.raises(BadValidity, match="too late"):
        validity(NOW, None, latest + timedelta(seconds=1), LONGEST, hour)


@given(
    st.none() | st.timedeltas(timedelta(days=-2), timedelta(days=2)),
    st.none() | st.timedeltas(timedelta(days=-2), timedelta(days=100)),
    st.timedeltas(timedelta(days=1), timedelta(days=200)),
    st.timedeltas(timedelta(0), timedelta(hours=48)),
)
def test_it_is_never_longer_than_the_profile(
    start: timedelta | None, end: timedelta | None, longest: timedelta, backdated: timedelta
) -> None:
    backdated = min(backdated, longest / 2)
    not_before = None if start is None else NOW + start
    not_after = None if end is None else NOW + end
    try:
        first, last = validity(NOW, not_before, not_after, longest, backdated)
    except BadValidity:
        return
    assert last - first + timedelta(seconds=1) <= longest
    assert first <= NOW + timedelta(hours=1)
    # BR §7.1.2.7
    assert NOW - first <= timedelta(hours=48, seconds=1)
    if start is None:
        assert NOW - backdated - timedelta(seconds=1) < first <= NOW
    assert last > NOW
    assert not_after is None or last <= not_after
