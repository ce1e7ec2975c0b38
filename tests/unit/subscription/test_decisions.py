"""Decisions: what adding, extending and removing would do, at what cost."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors.money import PricingMissing
from gateway.errors.subscription import (
    DomainAlreadyPresent,
    DomainNotRemovable,
    NotExtendable,
    SubscriptionInGrace,
)
from gateway.rules.money.prices import NamePrices, Price
from gateway.rules.subscription.decisions import (
    AddDomainDecision,
    Current,
    Offer,
    Policy,
    decide_add,
    decide_extend,
    decide_remove,
)
from gateway.rules.subscription.free_names import FreeBecause, Listed
from gateway.rules.subscription.refund import DomainFacts

PRICES = NamePrices(
    "USD", {"fqdn": Price(Decimal(365), "USD"), "wildcard": Price(Decimal(1095), "USD")}
)
EXPIRY = datetime(2026, 1, 10, 23, 59, 59, tzinfo=UTC)
CURRENT = Current(EXPIRY - timedelta(days=365), EXPIRY)
NOTHING = Listed({}, has_wildcard=False)
OFFER = Offer(365, PRICES, Policy())


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def add(name: str, now: str = "2025-06-01T00:00:00", **given_facts: Any) -> AddDomainDecision:
    facts: dict[str, Any] = {
        "current": CURRENT,
        "listed": NOTHING,
        "offer": OFFER,
        "with_associated": False,
        **given_facts,
    }
    return decide_add(name, now=at(now), **facts)


def test_x1_the_first_name_starts_the_subscription() -> None:
    decision = add("a.example", "2025-01-10T15:30:00", current=None)
    assert decision.starts_subscription
    assert decision.expires_at == EXPIRY
    assert (decision.cost, decision.days) == (Decimal("365.00"), 365)


@pytest.mark.parametrize(("days", "cost"), [(730, "730.00"), (1095, "1095.00")])
def test_x2_the_first_name_pays_the_whole_term(days: int, cost: str) -> None:
    decision = add(
        "a.example", "2025-01-10T15:30:00", current=None, offer=replace(OFFER, term_days=days)
    )
    assert decision.cost == Decimal(cost)


@pytest.mark.parametrize(
    ("name", "now", "cost"),
    [
        ("b.example", "2025-06-01T09:00:00", "223.00"),
        ("*.b.example", "2025-06-01T09:00:00", "669.00"),
        ("b.example", "2025-01-10T20:00:00", "365.00"),
        ("b.example", "2026-01-09T20:00:00", "1.00"),
        ("b.example", "2026-01-10T20:00:00", "0.00"),
    ],
)
def test_x4_later_names_are_pro_rated(name: str, now: str, cost: str) -> None:
    decision = add(name, now, offer=replace(OFFER, term_days=1095))
    assert decision.cost == Decimal(cost)
    assert not decision.starts_subscription
    assert decision.expires_at == EXPIRY


def test_a15_nothing_is_added_in_grace() -> None:
    with pytest.raises(SubscriptionInGrace):
        add("a.example", "2026-01-11T00:00:00")


def test_a16_a17_a19_after_grace_everything_starts_afresh() -> None:
    listed = Listed({"a.example": True, "www.a.example": False}, has_wildcard=False)
    for name in ("a.example", "www.a.example"):
        decision = add(name, "2026-02-10T00:00:00", listed=listed)
        assert decision.starts_subscription
        assert decision.expires_at == at("2027-02-10T23:59:59")
        assert decision.cost == Decimal("365.00")


def test_e18a_a_name_is_listed_once() -> None:
    with pytest.raises(DomainAlreadyPresent):
        add("a.example", listed=Listed({"a.example": True}, has_wildcard=False))


def test_e12_is_raised_only_where_a_price_is_needed() -> None:
    wildcards = NamePrices("USD", {"wildcard": PRICES.prices["wildcard"]})
    only_wildcards = replace(OFFER, prices=wildcards)
    with pytest.raises(PricingMissing):
        add("a.example", offer=only_wildcards)
    listed = Listed({"*.a.example": True}, has_wildcard=True)
    assert add("a.example", offer=only_wildcards, listed=listed).cost == 0


@pytest.mark.parametrize(
    ("name", "present", "added"),
    [
        ("b.example", {}, ["b.example", "www.b.example"]),
        ("*.b.example", {}, ["*.b.example", "b.example"]),
        ("www.b.example", {}, ["www.b.example"]),
        ("b.example", {"www.b.example": True}, ["b.example"]),
        ("*.b.example", {"b.example": True}, ["*.b.example"]),
        ("b.example", {"*.b.example": True}, ["b.example"]),  # free itself: no free www (A13)
    ],
)
def test_r17_associated_name_comes_along_only_where_it_is_free(
    name: str, present: dict[str, bool], added: list[str]
) -> None:
    listed = Listed(present, has_wildcard="*.b.example" in present)
    decision = add(name, with_associated=True, listed=listed)
    assert [each.name for each in decision.names] == added
    assert decision.cost == add(name, listed=listed).cost
    assert [each.free for each in decision.names[1:]] == [
        FreeBecause("www" if name == "b.example" else "wildcard_base", name)
        for _ in decision.names[1:]
    ]


def extend(now: str, **given_facts: Any) -> Any:
    facts: dict[str, Any] = {
        "expires_at": EXPIRY,
        "paid_by_name": [("a.example", True), ("www.a.example", False), ("*.b.example", True)],
        "days": 365,
        "prices": PRICES,
        "policy": Policy(),
        **given_facts,
    }
    return decide_extend(now=at(now), **facts)


def test_r11_paid_names_pay_the_new_term_and_free_ones_stay_free() -> None:
    decision = extend("2026-01-01T00:00:00", days=730)
    assert [name.cost for name in decision.names] == [Decimal(730), 0, Decimal(2190)]
    assert decision.cost == Decimal(2920)
    assert decision.expires_at == at("2028-01-10T23:59:59")


@pytest.mark.parametrize("now", ["2025-10-01T23:59:59", "2026-02-10T00:00:00"])
def test_a10_no_extension_outside_the_window(now: str) -> None:
    with pytest.raises(NotExtendable):
        extend(now)


def test_a9_no_extension_without_names() -> None:
    with pytest.raises(NotExtendable):
        extend("2026-01-01T00:00:00", paid_by_name=[])


def test_a11_a_cumulative_cap_counts_the_days_left() -> None:
    capped = Policy(maximum_days_after_extension=1095)
    with pytest.raises(NotExtendable):
        extend("2026-01-09T00:00:00", days=1095, policy=capped)
    assert extend("2026-01-10T00:00:00", days=1095, policy=capped).days == 1095
    assert extend("2025-10-02T00:00:00", days=1095).days == 1095


def remove(now: str) -> Decimal:
    added = at("2025-12-20T00:00:00")
    facts = DomainFacts(Decimal(21), added, at(now))
    return decide_remove(expires_at=EXPIRY, facts=facts).refund


def test_r7_r8_removal_while_valid_and_in_grace() -> None:
    assert remove("2026-01-01T00:00:00") == Decimal(21)
    assert remove("2026-01-18T23:59:59") == Decimal(21)  # in grace, still within 30 days
    assert remove("2026-01-19T00:00:00") == 0
    assert remove("2026-02-09T23:59:59") == 0


def test_a18_no_removal_after_grace() -> None:
    with pytest.raises(DomainNotRemovable):
        remove("2026-02-10T00:00:00")


@given(st.integers(0, 365), st.booleans())
def test_the_cost_is_the_sum_of_its_names(day: int, wildcard: bool) -> None:
    now = datetime.fromordinal(EXPIRY.toordinal() - day).replace(tzinfo=UTC).isoformat()[:19]
    decision = add("*.b.example" if wildcard else "b.example", now, with_associated=True)
    assert decision.cost == sum(name.cost for name in decision.names)
    assert all((name.free is None) or name.cost == 0 for name in decision.names)
    assert decision.days == day
