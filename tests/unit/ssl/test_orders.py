"""SSL certificate orders: their price, their names, and where each operation leads."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors.money import PricingBroken, PricingMissing
from gateway.rules.money.prices import Price
from gateway.rules.ssl import orders as rules

PRICES = {
    "fqdn": Price(Decimal("1000.00"), "USD"),
    "wildcard": Price(Decimal("100.01"), "USD"),
}


def test_the_vendors_example_1000_less_a_coupon_of_200_leaves_800_to_pay_back() -> None:
    cost = rules.payment(["www.example.com"], 12, PRICES, "USD", Decimal("200.00"))
    assert [cost.total, cost.coupon, cost.cash] == [1000, 200, 800]


def test_each_name_is_rounded_to_cents_and_a_month_is_a_twelfth() -> None:
    cost = rules.payment(["*.example.com", "*.example.org"], 1, PRICES, "USD")
    assert cost.total == 2 * Decimal("8.33")


def test_what_a_coupon_is_worth_beyond_the_price_is_lost() -> None:
    cost = rules.payment(["*.example.com"], 12, PRICES, "USD", Decimal("500.00"))
    assert [cost.coupon, cost.cash] == [Decimal("100.01"), 0]


def test_names_without_a_price_and_prices_in_another_currency_are_refused() -> None:
    with pytest.raises(PricingMissing):
        rules.payment(["*.example.com"], 12, {"fqdn": PRICES["fqdn"]}, "USD")
    with pytest.raises(PricingBroken):
        rules.payment(["www.example.com"], 12, PRICES, "EUR")
    dear = {"fqdn": Price(Decimal("9999999999.99"), "USD")}
    with pytest.raises(PricingBroken):
        rules.payment(["a.example", "b.example"], 12, dear, "USD")


@given(
    st.integers(1, 5),
    st.sampled_from(rules.VALIDITY_MONTHS),
    st.decimals("0.00", "99999.99", places=2),
    st.decimals("0.00", "99999.99", places=2),
)
def test_cash_and_coupon_are_the_price_and_neither_is_negative(
    names: int, months: int, yearly: Decimal, coupon: Decimal
) -> None:
    wanted = [f"n{number}.example.com" for number in range(names)]
    cost = rules.payment(wanted, months, {"fqdn": Price(yearly, "USD")}, "USD", coupon)
    assert cost.cash + cost.coupon == cost.total
    assert 0 <= cost.coupon <= coupon
    assert cost.cash >= 0


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (["www.example.com"], "SINGLE_DOMAIN"),
        (["*.example.com"], "WILDCARD"),
        (["example.com", "*.example.com"], "MULTI_DOMAIN"),
    ],
)
def test_domain_types_are_the_vendors(names: list[str], kind: str) -> None:
    assert rules.domain_type(names) == kind


def test_every_operation_is_a_move_of_the_machine() -> None:
    for operation, after in rules.AFTER.items():
        for before, status in after.items():
            assert status in rules.MOVES[before], (operation, before)


def test_every_status_but_an_upload_can_be_reached() -> None:
    reached = {"PAID"}
    while more := {status for each in reached for status in rules.MOVES[each]} - reached:
        reached |= more
    assert reached == set(rules.STATUSES) - {"UPLOAD"}


def test_the_paid_period_begins_with_the_first_certificate() -> None:
    first = datetime(2025, 12, 1, 12, tzinfo=UTC)
    assert rules.term_ends(first, 12) == first + timedelta(days=365)
    assert not rules.period_is_over(None, 12, first)
    assert not rules.period_is_over(first, 12, first + timedelta(days=364, hours=22))
    assert rules.period_is_over(first, 12, first + timedelta(days=364, hours=23))


def test_pauses_between_looks_grow_to_five_minutes() -> None:
    assert [rules.retry_seconds(attempts) for attempts in (0, 1, 5, 8, 9, 10_000)] == [
        1,
        2,
        32,
        256,
        300,
        300,
    ]
