"""What a SiteLock order does, and what it costs (docs/wire.md §7.2)."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import OperatorMistake
from gateway.errors.money import PricingMissing
from gateway.errors.request import ArgumentInvalid, ArgumentMissing
from gateway.errors.sitelock import LicenceExists, LowerTier, OnlyWithSsl, OutsideRenewalPeriod
from gateway.rules.money.prices import Price
from gateway.rules.sitelock.licences import (
    PRODUCTS,
    Licence,
    LicencePrices,
    article_of,
    basket,
    decide_change,
    decide_order,
)

T0 = datetime(2025, 12, 1, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
BASIC, PRO, BUSINESS, REPAIR, BACKUP_5, BACKUP_10 = 1060, 1061, 1062, 1082, 1068, 1069
PRICES = LicencePrices(
    "USD",
    {
        (str(product.number), str(days)): Price(Decimal(product.tier * days), "USD")
        for product in PRODUCTS.values()
        for days in product.lengths or (0,)
    },
)
lengths = st.sampled_from([30, 365])


def held(
    product: int = BASIC,
    days: int = 365,
    status: str = "active",
    add_ons: Mapping[int, datetime] | None = None,
) -> Licence:
    """A licence that began at T0."""
    return Licence(product, days, status, T0, T0 + timedelta(days=days), add_ons or {})


@pytest.mark.parametrize(
    ("numbers", "days", "refusal"),
    [
        ([], 365, ArgumentMissing),
        ([9999], 365, ArgumentInvalid),
        ([BASIC, BASIC], 365, ArgumentInvalid),
        ([BASIC, PRO], 365, ArgumentInvalid),
        ([BACKUP_5, BACKUP_10], 365, ArgumentInvalid),
        ([REPAIR, BACKUP_5], None, ArgumentInvalid),
        ([REPAIR], 30, ArgumentInvalid),
        ([BASIC], 31, ArgumentInvalid),
        ([BASIC], None, ArgumentMissing),
        ([1072], 365, OnlyWithSsl),
    ],
)
def test_a_basket_holds_one_plan_and_one_add_on_of_a_line(
    numbers: list[int], days: int | None, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        basket(numbers, days)


def test_days_may_be_left_out_where_only_one_length_is_sold() -> None:
    assert basket([1059], None).days == 365
    assert basket([REPAIR], None).days == 0


@given(lengths, st.sampled_from([BASIC, PRO, BUSINESS]))
def test_a_first_order_costs_the_price_of_its_length_and_ends_after_it(
    days: int, product: int
) -> None:
    decision = decide_order(basket([product], days), PRICES, T0, None)
    assert decision.cost == PRICES.cost(PRODUCTS[product], days)
    assert decision.expires_at == T0 + timedelta(days=days)


def test_what_is_bought_once_never_ends() -> None:
    assert decide_order(basket([REPAIR], None), PRICES, T0, None).expires_at is None


def test_a_domain_has_one_active_licence() -> None:
    with pytest.raises(LicenceExists):
        decide_order(basket([PRO], 365), PRICES, T0, held())
    ended = T0 + timedelta(days=365)
    assert decide_order(basket([PRO], 365), PRICES, ended, held()).lines[0].kind == "order"


def test_add_ons_need_a_licence_that_has_not_ended() -> None:
    wanted = basket([BACKUP_5], 365)
    for licence in (None, held(status="cancelled"), held(days=30)):
        with pytest.raises(ArgumentInvalid):
            decide_order(wanted, PRICES, T0 + timedelta(days=30), licence)


@given(lengths, st.integers(-1, 31))
def test_a_licence_is_renewed_in_its_last_thirty_days_from_its_end_on(days: int, left: int) -> None:
    licence = held(days=days)
    ends = T0 + timedelta(days=days)
    now, wanted = ends - timedelta(days=left), basket([BASIC], days)
    if not 0 < left <= 30:
        with pytest.raises(OutsideRenewalPeriod):
            decide_change(wanted, PRICES, now, licence)
        return
    decision = decide_change(wanted, PRICES, now, licence)
    assert decision.lines[0].kind == "renewal"
    assert decision.expires_at == ends + timedelta(days=days)


@given(lengths, st.integers(0, 364), st.sampled_from([PRO, BUSINESS]))
def test_an_upgrade_costs_a_part_of_the_difference_and_keeps_the_end(
    days: int, passed: int, product: int
) -> None:
    licence, now = held(days=days), T0 + timedelta(days=passed % days)
    decision = decide_change(basket([product], days), PRICES, now, licence)
    difference = PRICES.cost(PRODUCTS[product], days) - PRICES.cost(PRODUCTS[BASIC], days)
    assert 0 < decision.cost <= difference
    assert decision.expires_at == licence.expires_at
    if now == T0:
        assert decision.cost == difference


def test_a_begun_month_of_a_year_is_charged_whole() -> None:
    wanted, licence = basket([PRO], 365), held()
    after = decide_change(wanted, PRICES, T0 + timedelta(days=31) - SECOND, licence).cost
    assert after == PRICES.cost(PRODUCTS[PRO], 365) - PRICES.cost(PRODUCTS[BASIC], 365)
    assert decide_change(wanted, PRICES, T0 + timedelta(days=31), licence).cost < after


@pytest.mark.parametrize(
    ("product", "days", "refusal"),
    [(BASIC, 365, LowerTier), (BUSINESS, 30, ArgumentInvalid), (REPAIR, None, ArgumentInvalid)],
)
def test_a_licence_moves_up_only_and_keeps_its_length(
    product: int, days: int | None, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        decide_change(basket([product], days), PRICES, T0, held(PRO))


def test_a_higher_add_on_replaces_the_lower_of_its_line() -> None:
    licence = held(add_ons={BACKUP_5: T0 + timedelta(days=100)})
    decision = decide_change(basket([BACKUP_10], 365), PRICES, T0, licence)
    assert decision.replaced == (BACKUP_5,)
    assert decision.add_on_expiry == {BACKUP_10: T0 + timedelta(days=365)}
    higher = held(add_ons={BACKUP_10: T0 + timedelta(days=100)})
    with pytest.raises(LowerTier):
        decide_change(basket([BACKUP_5], 365), PRICES, T0, higher)
    with pytest.raises(LicenceExists):
        decide_change(basket([BACKUP_10], 365), PRICES, T0, higher)


def test_an_add_on_is_renewed_with_its_licence_from_its_own_end_on() -> None:
    own = T0 + timedelta(days=350)
    licence = held(add_ons={BACKUP_5: own})
    now = T0 + timedelta(days=340)
    decision = decide_change(basket([BASIC, BACKUP_5], 365), PRICES, now, licence)
    assert decision.add_on_expiry == {BACKUP_5: own + timedelta(days=365)}


def test_a_price_in_another_currency_is_none() -> None:
    euro = LicencePrices("EUR", PRICES.prices)
    with pytest.raises(PricingMissing):
        euro.cost(PRODUCTS[BASIC], 365)
    assert euro.cost(PRODUCTS[1059], 365) == 0


@pytest.mark.parametrize(("number", "days"), [(9999, 365), (BASIC, 31), (REPAIR, 365)])
def test_operators_price_what_is_sold(number: int, days: int) -> None:
    with pytest.raises(OperatorMistake):
        article_of(number, days)
