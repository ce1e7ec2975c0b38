"""Ordering, renewing and upgrading SiteLock licences over HTTP (§7.1, §7.2)."""

import asyncio
from decimal import Decimal

import pytest

from tests.integration.sitelock.conftest import DOMAIN, Counter


async def test_an_order_charges_its_price_and_answers_with_number_and_cost(
    counter: Counter,
) -> None:
    before = await counter.balance()
    answer = await counter.order("1060")
    assert answer["totalCost"] == "149.00"
    assert int(answer["orderNumber"]) > 0
    assert await counter.balance() == before - Decimal("149.00")


async def test_without_response_format_the_answer_is_lines_of_text(counter: Counter) -> None:
    code, number, cost, delivery, *_ = await counter.text(
        "AutoApplyOrder",
        product="1060",
        days="365",
        domainName=DOMAIN,
        appRepEmailAddress="owner@shop.example",
    )
    assert (code, cost, delivery) == ("0", "149.00", "1")
    assert number.isdigit()


@pytest.mark.parametrize(
    ("product", "days", "cost"),
    [
        ("1059", "365", "0.00"),
        ("1060", "30", "14.90"),
        ("1062", "365", "499.00"),
        ("1082", "", "199.00"),
        ("1061,1069,1071", "365", "404.00"),
    ],
)
async def test_products_and_add_ons_cost_what_the_list_says(
    counter: Counter, product: str, days: str, cost: str
) -> None:
    assert (await counter.order(product, days))["totalCost"] == cost


@pytest.mark.parametrize(
    ("product", "days", "code", "item"),
    [
        ("1060", "364", "-4", "days"),
        ("1060", "", "-3", "days"),
        ("1059", "30", "-4", "days"),
        ("1082", "365", "-4", "days"),
        ("1060,1061", "365", "-4", "product"),
        ("1060,1060", "365", "-4", "product"),
        ("1060,1068,1069", "365", "-4", "product"),
        ("1068", "365", "-4", "product"),
        ("9999", "365", "-4", "product"),
        ("abc", "365", "-4", "product"),
        ("1072", "365", "-124", None),
        ("1060,1072", "365", "-124", None),
    ],
)
async def test_what_cannot_be_ordered_is_refused_by_code_and_changes_nothing(
    counter: Counter, product: str, days: str, code: str, item: str | None
) -> None:
    before = await counter.balance()
    answer = await counter.try_order(product, days)
    assert (answer["errorCode"], answer.get("errorItem")) == (code, item)
    assert await counter.balance() == before
    assert await counter.licence("number") is None


async def test_a_domain_has_one_licence_whoever_asks(counter: Counter) -> None:
    await counter.order("1060")
    assert (await counter.try_order("1061"))["errorCode"] == "-122"
    assert (await counter.try_order("1060", domainName="Other.Example."))["errorCode"] == "0"


async def test_two_orders_for_one_domain_at_once_buy_one_licence(counter: Counter) -> None:
    before = await counter.balance()
    answers = await asyncio.gather(*(counter.try_order("1060") for _ in range(6)))
    assert sorted(answer["errorCode"] for answer in answers) == ["-122"] * 5 + ["0"]
    assert await counter.balance() == before - Decimal("149.00")


async def test_after_its_end_a_licence_makes_room_for_another(counter: Counter) -> None:
    await counter.order("1060", "30")
    await counter.gateway.at("2025-02-09T11:59:59Z")
    assert (await counter.try_order("1060"))["errorCode"] == "-122"
    await counter.gateway.at("2025-02-09T12:00:00Z")
    assert (await counter.try_order("1060"))["errorCode"] == "0"


@pytest.mark.parametrize(
    ("instant", "code"),
    [
        ("2025-12-11T11:59:59Z", "-121"),
        ("2025-12-11T12:00:00Z", "0"),
        ("2026-01-10T11:59:59Z", "0"),
        ("2026-01-10T12:00:00Z", "-121"),
    ],
)
async def test_a_renewal_is_possible_in_the_thirty_days_before_expiry_to_the_second(
    counter: Counter, instant: str, code: str
) -> None:
    number = (await counter.order("1060"))["orderNumber"]
    await counter.gateway.at(instant)
    assert (await counter.try_order("1060", previousOrderNumber=number))["errorCode"] == code


async def test_a_renewed_licence_counts_from_the_old_expiry(counter: Counter) -> None:
    number = (await counter.order("1060"))["orderNumber"]
    await counter.gateway.at("2025-12-20T00:00:00Z")
    renewed = await counter.order("1060", previousOrderNumber=number)
    assert renewed["totalCost"] == "149.00"
    assert renewed["orderNumber"] != number
    assert f"{await counter.licence('expires_at'):%Y-%m-%dT%H}" == "2027-01-10T12"


@pytest.mark.parametrize(
    ("fields", "item"),
    [
        ({"domainName": "other.example"}, "domainName"),
        ({"previousOrderNumber": "1"}, "previousOrderNumber"),
        ({"previousOrderNumber": "x"}, "previousOrderNumber"),
    ],
)
async def test_a_renewal_names_the_domain_and_an_order_of_the_licence(
    counter: Counter, fields: dict[str, str], item: str
) -> None:
    number = (await counter.order("1060"))["orderNumber"]
    await counter.gateway.at("2025-12-20T00:00:00Z")
    answer = await counter.try_order(**({"previousOrderNumber": number} | fields))
    assert (answer["errorCode"], answer["errorItem"]) == ("-4", item)


async def test_the_previous_order_of_another_reseller_is_no_order(counter: Counter) -> None:
    number = (await counter.order("1060"))["orderNumber"]
    await counter.gateway.at("2025-12-20T00:00:00Z")
    other = await counter.shop.second_reseller("other")
    answer = await counter.try_order(previousOrderNumber=number, **other.credentials)
    assert (answer["errorCode"], answer["errorItem"]) == ("-4", "previousOrderNumber")


async def test_an_upgrade_after_six_of_twelve_months_costs_half_the_difference(
    counter: Counter,
) -> None:
    number = (await counter.order("1060"))["orderNumber"]
    before = await counter.licence("expires_at")
    await counter.gateway.at("2025-07-10T12:00:00Z")
    upgraded = await counter.order("1061", previousOrderNumber=number)
    assert upgraded["totalCost"] == "50.00"
    assert await counter.licence("product") == 1061
    assert await counter.licence("expires_at") == before


@pytest.mark.parametrize(
    ("instant", "cost"),
    [
        ("2025-01-10T12:00:00Z", "10.00"),
        ("2025-01-11T11:59:59Z", "10.00"),
        ("2025-01-11T12:00:00Z", "9.67"),
        ("2025-01-25T12:00:00Z", "5.00"),
        ("2025-02-09T11:59:59Z", "0.33"),
    ],
)
async def test_an_upgrade_of_a_monthly_licence_costs_the_difference_for_the_days_left(
    counter: Counter, instant: str, cost: str
) -> None:
    number = (await counter.order("1060", "30"))["orderNumber"]
    await counter.gateway.at(instant)
    upgraded = await counter.order("1061", "30", previousOrderNumber=number)
    assert upgraded["totalCost"] == cost


async def test_a_downgrade_is_refused(counter: Counter) -> None:
    number = (await counter.order("1061"))["orderNumber"]
    assert (await counter.try_order("1060", previousOrderNumber=number))["errorCode"] == "-121"


async def test_a_lower_add_on_is_refused_and_a_higher_one_takes_its_place(counter: Counter) -> None:
    await counter.order("1060,1069")
    assert (await counter.try_order("1068"))["errorCode"] == "-121"
    assert (await counter.try_order("1069"))["errorCode"] == "-122"
    assert (await counter.order("1070"))["totalCost"] == "75.00"
    held = await counter.gateway.pool.fetch(
        "SELECT product FROM sitelock.add_on WHERE ended_at IS NULL"
    )
    assert [row["product"] for row in held] == [1070]


async def test_without_money_or_price_nothing_is_ordered(counter: Counter) -> None:
    poor = await counter.shop.second_reseller("poor", deposit="1.00")
    assert (await counter.try_order(**poor.credentials))["errorCode"] == "-15"
    await counter.gateway.pool.execute("DELETE FROM reseller.price WHERE item = '1060'")
    assert (await counter.try_order())["errorCode"] == "-115"
    assert await counter.licence("number") is None


async def test_a_test_order_is_checked_and_does_nothing(counter: Counter) -> None:
    before = await counter.balance()
    answer = await counter.order("1060", test="Y")
    assert (answer["orderNumber"], answer["totalCost"]) == ("0", "149.00")
    assert await counter.balance() == before
    assert (await counter.try_order("1060"))["errorCode"] == "0"
    assert (await counter.try_order("1060", test="Y"))["errorCode"] == "-122"
