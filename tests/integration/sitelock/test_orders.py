"""Ordering, renewing and upgrading SiteLock licences over HTTP (docs/wire.md §7.1, §7.2)."""

import asyncio
from decimal import Decimal

import pytest

from tests.integration.sitelock.conftest import DOMAIN, SiteLockClient


async def test_an_order_charges_its_price_and_answers_with_number_and_cost(
    sitelock_client: SiteLockClient,
) -> None:
    before = await sitelock_client.balance()
    answer = await sitelock_client.order("1060")
    assert answer["totalCost"] == "149.00"
    assert int(answer["orderNumber"]) > 0
    assert await sitelock_client.balance() == before - Decimal("149.00")


async def test_without_response_format_the_answer_is_lines_of_text(
    sitelock_client: SiteLockClient,
) -> None:
    code, number, cost, delivery, *_ = await sitelock_client.text(
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
    sitelock_client: SiteLockClient, product: str, days: str, cost: str
) -> None:
    assert (await sitelock_client.order(product, days))["totalCost"] == cost


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
    sitelock_client: SiteLockClient, product: str, days: str, code: str, item: str | None
) -> None:
    before = await sitelock_client.balance()
    answer = await sitelock_client.try_order(product, days)
    assert (answer["errorCode"], answer.get("errorItem")) == (code, item)
    assert await sitelock_client.balance() == before
    assert await sitelock_client.licence("number") is None


async def test_a_domain_has_one_licence_whoever_asks(sitelock_client: SiteLockClient) -> None:
    await sitelock_client.order("1060")
    assert (await sitelock_client.try_order("1061"))["errorCode"] == "-122"
    assert (await sitelock_client.try_order("1060", domainName="Other.Example."))[
        "errorCode"
    ] == "0"


async def test_two_orders_for_one_domain_at_once_buy_one_licence(
    sitelock_client: SiteLockClient,
) -> None:
    before = await sitelock_client.balance()
    answers = await asyncio.gather(*(sitelock_client.try_order("1060") for _ in range(6)))
    assert sorted(answer["errorCode"] for answer in answers) == ["-122"] * 5 + ["0"]
    assert await sitelock_client.balance() == before - Decimal("149.00")


async def test_after_its_end_a_licence_makes_room_for_another(
    sitelock_client: SiteLockClient,
) -> None:
    await sitelock_client.order("1060", "30")
    await sitelock_client.gateway.at("2025-02-09T11:59:59Z")
    assert (await sitelock_client.try_order("1060"))["errorCode"] == "-122"
    await sitelock_client.gateway.at("2025-02-09T12:00:00Z")
    assert (await sitelock_client.try_order("1060"))["errorCode"] == "0"


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
    sitelock_client: SiteLockClient, instant: str, code: str
) -> None:
    number = (await sitelock_client.order("1060"))["orderNumber"]
    await sitelock_client.gateway.at(instant)
    assert (await sitelock_client.try_order("1060", previousOrderNumber=number))[
        "errorCode"
    ] == code


async def test_a_renewed_licence_counts_from_the_old_expiry(
    sitelock_client: SiteLockClient,
) -> None:
    number = (await sitelock_client.order("1060"))["orderNumber"]
    await sitelock_client.gateway.at("2025-12-20T00:00:00Z")
    renewed = await sitelock_client.order("1060", previousOrderNumber=number)
    assert renewed["totalCost"] == "149.00"
    assert renewed["orderNumber"] != number
    assert f"{await sitelock_client.licence('expires_at'):%Y-%m-%dT%H}" == "2027-01-10T12"


@pytest.mark.parametrize(
    ("fields", "item"),
    [
        ({"domainName": "other.example"}, "domainName"),
        ({"previousOrderNumber": "1"}, "previousOrderNumber"),
        ({"previousOrderNumber": "x"}, "previousOrderNumber"),
    ],
)
async def test_a_renewal_names_the_domain_and_an_order_of_the_licence(
    sitelock_client: SiteLockClient, fields: dict[str, str], item: str
) -> None:
    number = (await sitelock_client.order("1060"))["orderNumber"]
    await sitelock_client.gateway.at("2025-12-20T00:00:00Z")
    answer = await sitelock_client.try_order(**({"previousOrderNumber": number} | fields))
    assert (answer["errorCode"], answer["errorItem"]) == ("-4", item)


async def test_the_previous_order_of_another_reseller_is_no_order(
    sitelock_client: SiteLockClient,
) -> None:
    number = (await sitelock_client.order("1060"))["orderNumber"]
    await sitelock_client.gateway.at("2025-12-20T00:00:00Z")
    other = await sitelock_client.shop.second_reseller("other")
    answer = await sitelock_client.try_order(previousOrderNumber=number, **other.credentials)
    assert (answer["errorCode"], answer["errorItem"]) == ("-4", "previousOrderNumber")


async def test_an_upgrade_after_six_of_twelve_months_costs_half_the_difference(
    sitelock_client: SiteLockClient,
) -> None:
    number = (await sitelock_client.order("1060"))["orderNumber"]
    before = await sitelock_client.licence("expires_at")
    await sitelock_client.gateway.at("2025-07-10T12:00:00Z")
    upgraded = await sitelock_client.order("1061", previousOrderNumber=number)
    assert upgraded["totalCost"] == "50.00"
    assert await sitelock_client.licence("product") == 1061
    assert await sitelock_client.licence("expires_at") == before


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
    sitelock_client: SiteLockClient, instant: str, cost: str
) -> None:
    number = (await sitelock_client.order("1060", "30"))["orderNumber"]
    await sitelock_client.gateway.at(instant)
    upgraded = await sitelock_client.order("1061", "30", previousOrderNumber=number)
    assert upgraded["totalCost"] == cost


async def test_a_downgrade_is_refused(sitelock_client: SiteLockClient) -> None:
    number = (await sitelock_client.order("1061"))["orderNumber"]
    assert (await sitelock_client.try_order("1060", previousOrderNumber=number))[
        "errorCode"
    ] == "-121"


async def test_a_lower_add_on_is_refused_and_a_higher_one_takes_its_place(
    sitelock_client: SiteLockClient,
) -> None:
    await sitelock_client.order("1060,1069")
    assert (await sitelock_client.try_order("1068"))["errorCode"] == "-121"
    assert (await sitelock_client.try_order("1069"))["errorCode"] == "-122"
    assert (await sitelock_client.order("1070"))["totalCost"] == "75.00"
    held = await sitelock_client.gateway.pool.fetch(
        "SELECT product FROM sitelock.add_on WHERE ended_at IS NULL"
    )
    assert [row["product"] for row in held] == [1070]


async def test_without_money_or_price_nothing_is_ordered(sitelock_client: SiteLockClient) -> None:
    poor = await sitelock_client.shop.second_reseller("poor", deposit="1.00")
    assert (await sitelock_client.try_order(**poor.credentials))["errorCode"] == "-15"
    await sitelock_client.gateway.pool.execute("DELETE FROM reseller.price WHERE item = '1060'")
    assert (await sitelock_client.try_order())["errorCode"] == "-115"
    assert await sitelock_client.licence("number") is None


async def test_a_test_order_is_checked_and_does_nothing(sitelock_client: SiteLockClient) -> None:
    before = await sitelock_client.balance()
    answer = await sitelock_client.order("1060", test="Y")
    assert (answer["orderNumber"], answer["totalCost"]) == ("0", "149.00")
    assert await sitelock_client.balance() == before
    assert (await sitelock_client.try_order("1060"))["errorCode"] == "0"
    assert (await sitelock_client.try_order("1060", test="Y"))["errorCode"] == "-122"
