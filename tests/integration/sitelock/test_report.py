"""The order report: what was bought, and may it be paid back now? (docs/wire.md §7.5, §7.6)"""

from datetime import UTC, datetime

import pytest

from tests.integration.sitelock.conftest import DOMAIN, SiteLockClient


def unix(text: str) -> str:
    return str(int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()))


async def test_all_families_are_in_it_each_with_its_own_refund_rule(
    sitelock_client: SiteLockClient,
) -> None:
    account = await sitelock_client.shop.credential()
    await sitelock_client.shop.add(account, "a.example", addAssociatedFQDN="Y")
    annual = (await sitelock_client.order("1060,1069"))["orderNumber"]
    monthly = (await sitelock_client.order("1060", "30", domainName="m.example"))["orderNumber"]
    await sitelock_client.gateway.at("2025-01-24T11:59:59Z")
    rows = await sitelock_client.report()
    assert [(row["fqdn"], row["refund"]) for row in rows] == [
        ("m.example", "not eligible"),
        (DOMAIN, "eligible"),
        ("a.example,www.a.example", "eligible"),
    ]
    assert rows[0]["refundDetails"] == "Only annual licences are refunded."
    assert (rows[0]["orderNumber"], rows[1]["orderNumber"]) == (monthly, annual)
    assert rows[1]["product"] == "1060,1069"
    assert rows[2]["product"] == "608"
    await sitelock_client.gateway.at("2025-01-24T12:00:00Z")
    [_, sitelock, _] = await sitelock_client.report()
    assert sitelock["refund"] == "not eligible"
    assert "2025-01-24T12:00:00Z" in sitelock["refundDetails"]


async def test_what_was_refunded_says_how_much_and_when(sitelock_client: SiteLockClient) -> None:
    number = (await sitelock_client.order("1060"))["orderNumber"]
    await sitelock_client.refund(number)
    [row] = await sitelock_client.report(orderNumber=number)
    assert (row["refund"], row["orderStatus"]) == ("refunded", "Refunded")
    assert row["refundDetails"] == "149.00 USD paid back on 2025-01-10T12:00:00Z, reason 11"


async def test_a_removed_name_is_refunded_and_an_extension_never(
    sitelock_client: SiteLockClient,
) -> None:
    account = await sitelock_client.shop.credential()
    await sitelock_client.shop.add(account, "a.example")
    await sitelock_client.gateway.at("2025-12-01T00:00:00Z")
    await sitelock_client.shop.extend(account)
    extension, added = await sitelock_client.report()
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
    sitelock_client: SiteLockClient, fields: dict[str, str], found: list[str]
) -> None:
    await sitelock_client.order("1060")
    await sitelock_client.gateway.at("2025-02-01T00:00:00Z")
    await sitelock_client.order("1061", "30", domainName="m.example")
    await sitelock_client.gateway.at("2025-03-15T00:00:00Z")
    assert [row["fqdn"] for row in await sitelock_client.report(**fields)] == found


async def test_several_order_numbers_are_separated_by_commas(
    sitelock_client: SiteLockClient,
) -> None:
    numbers = [
        (await sitelock_client.order(domainName=f"n{number}.example"))["orderNumber"]
        for number in range(3)
    ]
    rows = await sitelock_client.report(orderNumber=f"{numbers[2]},{numbers[0]}")
    assert [row["orderNumber"] for row in rows] == [numbers[2], numbers[0]]


async def test_nobody_sees_the_orders_of_others(sitelock_client: SiteLockClient) -> None:
    await sitelock_client.order()
    other = await sitelock_client.shop.second_reseller("other")
    assert await sitelock_client.report(**other.credentials) == []
