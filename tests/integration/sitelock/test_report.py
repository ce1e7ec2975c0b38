"""The order report: what was bought, and may it be paid back now? (§7.5, §7.6)"""

from datetime import UTC, datetime

import pytest

from tests.integration.sitelock.conftest import DOMAIN, Counter


def unix(text: str) -> str:
    return str(int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()))


async def test_all_families_are_in_it_each_with_its_own_refund_rule(counter: Counter) -> None:
    account = await counter.shop.credential()
    await counter.shop.add(account, "a.example", addAssociatedFQDN="Y")
    annual = (await counter.order("1060,1069"))["orderNumber"]
    monthly = (await counter.order("1060", "30", domainName="m.example"))["orderNumber"]
    await counter.gateway.at("2025-01-24T11:59:59Z")
    rows = await counter.report()
    assert [(row["fqdn"], row["refund"]) for row in rows] == [
        ("m.example", "not eligible"),
        (DOMAIN, "eligible"),
        ("a.example,www.a.example", "eligible"),
    ]
    assert rows[0]["refundDetails"] == "Only annual licences are refunded."
    assert (rows[0]["orderNumber"], rows[1]["orderNumber"]) == (monthly, annual)
    assert rows[1]["product"] == "1060,1069"
    assert rows[2]["product"] == "608"
    await counter.gateway.at("2025-01-24T12:00:00Z")
    [_, sitelock, _] = await counter.report()
    assert sitelock["refund"] == "not eligible"
    assert "2025-01-24T12:00:00Z" in sitelock["refundDetails"]


async def test_what_was_refunded_says_how_much_and_when(counter: Counter) -> None:
    number = (await counter.order("1060"))["orderNumber"]
    await counter.refund(number)
    [row] = await counter.report(orderNumber=number)
    assert (row["refund"], row["orderStatus"]) == ("refunded", "Refunded")
    assert row["refundDetails"] == "149.00 USD paid back on 2025-01-10T12:00:00Z, reason 11"


async def test_a_removed_name_is_refunded_and_an_extension_never(counter: Counter) -> None:
    account = await counter.shop.credential()
    await counter.shop.add(account, "a.example")
    await counter.gateway.at("2025-12-01T00:00:00Z")
    await counter.shop.extend(account)
    extension, added = await counter.report()
    assert extension["refundDetails"] == "Extensions are not refunded."
    assert added["refund"] == "not eligible"


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"fqdn": "shop%"}, ["shop.example"]),
        ({"fqdn": "_.example"}, ["m.example"]),
        ({"fqdn": "example"}, []),
        ({"product": "1061"}, ["m.example"]),
        ({"product": "1060,1061"}, ["m.example", "shop.example"]),
        ({"notBefore": unix("2025-01-11T00:00:00")}, ["m.example"]),
        ({"notAfter": unix("2025-01-11T00:00:00")}, ["shop.example"]),
        ({"orderStatus": "Expired"}, ["m.example"]),
        ({"orderStatus": "Current"}, ["shop.example"]),
        ({"firstResultNo": "2"}, ["shop.example"]),
        ({"firstResultNo": "1", "lastResultNo": "1"}, ["m.example"]),
    ],
)
async def test_it_is_searched_by_name_product_date_and_status(
    counter: Counter, fields: dict[str, str], found: list[str]
) -> None:
    await counter.order("1060")
    await counter.gateway.at("2025-02-01T00:00:00Z")
    await counter.order("1061", "30", domainName="m.example")
    await counter.gateway.at("2025-03-15T00:00:00Z")
    assert [row["fqdn"] for row in await counter.report(**fields)] == found


async def test_several_order_numbers_are_separated_by_commas(counter: Counter) -> None:
    numbers = [
        (await counter.order(domainName=f"n{number}.example"))["orderNumber"] for number in range(3)
    ]
    rows = await counter.report(orderNumber=f"{numbers[2]},{numbers[0]}")
    assert [row["orderNumber"] for row in rows] == [numbers[2], numbers[0]]


async def test_nobody_sees_the_orders_of_others(counter: Counter) -> None:
    await counter.order()
    other = await counter.shop.second_reseller("other")
    assert await counter.report(**other.credentials) == []
