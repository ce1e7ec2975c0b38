"""Refunds and cancellations of SiteLock licences (docs/wire.md §7.3, §7.4)."""

import asyncio
from decimal import Decimal

import pytest

from tests.integration.sitelock.conftest import SiteLockClient


@pytest.mark.parametrize(
    ("days", "instant", "code"),
    [
        ("365", "2025-01-10T12:00:00Z", "0"),
        ("365", "2025-01-24T11:59:59Z", "0"),
        ("365", "2025-01-24T12:00:00Z", "-54"),
        ("365", "2026-02-01T00:00:00Z", "-54"),
        ("30", "2025-01-10T12:00:00Z", "-54"),
        ("30", "2025-01-20T00:00:00Z", "-54"),
    ],
)
async def test_annual_licences_are_refunded_for_fourteen_days_monthly_ones_never(
    sitelock_client: SiteLockClient, days: str, instant: str, code: str
) -> None:
    paid = Decimal("149.00") if days == "365" else Decimal("14.90")
    before = await sitelock_client.balance()
    number = (await sitelock_client.order("1060", days))["orderNumber"]
    await sitelock_client.gateway.at(instant)
    assert (await sitelock_client.refund(number))["errorCode"] == code
    assert await sitelock_client.balance() == (before if code == "0" else before - paid)
    if code == "0":
        assert await sitelock_client.licence("status") == "refunded"


async def test_the_period_begins_again_with_a_renewal(sitelock_client: SiteLockClient) -> None:
    first = (await sitelock_client.order("1060"))["orderNumber"]
    await sitelock_client.gateway.at("2025-12-20T00:00:00Z")
    second = (await sitelock_client.order("1060", previousOrderNumber=first))["orderNumber"]
    before = await sitelock_client.balance()
    await sitelock_client.gateway.at("2026-01-02T23:59:59Z")
    assert (await sitelock_client.refund(first))["errorCode"] == "-54"
    assert (await sitelock_client.refund(second))["refundedAmount"] == "149.00"
    assert await sitelock_client.balance() == before + Decimal("149.00")


async def test_a_refund_pays_an_upgrade_back_too(sitelock_client: SiteLockClient) -> None:
    before = await sitelock_client.balance()
    number = (await sitelock_client.order("1060"))["orderNumber"]
    await sitelock_client.order("1061", previousOrderNumber=number)
    assert (await sitelock_client.refund(number))["refundedAmount"] == "249.00"
    assert await sitelock_client.balance() == before


async def test_a_second_refund_is_refused_and_a_cancelled_order_is_not_refunded(
    sitelock_client: SiteLockClient,
) -> None:
    first = (await sitelock_client.order("1060"))["orderNumber"]
    assert (await sitelock_client.refund(first))["errorCode"] == "0"
    assert (await sitelock_client.refund(first))["errorCode"] == "-18"
    assert (await sitelock_client.cancel(first, "1060"))["errorCode"] == "-18"
    second = (await sitelock_client.order("1060", "30"))["orderNumber"]
    assert (await sitelock_client.cancel(second, "1060"))["refundedAmount"] == "0.00"
    assert (await sitelock_client.refund(second))["errorCode"] == "-20"
    assert (await sitelock_client.cancel(second, "1060"))["errorCode"] == "-20"


async def test_an_order_of_add_ons_alone_is_not_refunded(sitelock_client: SiteLockClient) -> None:
    await sitelock_client.order("1060")
    number = (await sitelock_client.order("1069"))["orderNumber"]
    assert (await sitelock_client.refund(number))["errorCode"] == "-69"


async def test_add_ons_end_with_their_licence_and_can_be_cancelled_alone_without_money(
    sitelock_client: SiteLockClient,
) -> None:
    number = (await sitelock_client.order("1060,1069,1071"))["orderNumber"]
    before = await sitelock_client.balance()
    assert (await sitelock_client.cancel(number, "1069"))["refundedAmount"] == "0.00"
    assert (await sitelock_client.cancel(number, "1069"))["errorCode"] == "-4"
    assert await sitelock_client.balance() == before
    assert (await sitelock_client.refund(number))["refundedAmount"] == "304.00"
    live = await sitelock_client.gateway.pool.fetchval(
        "SELECT count(*) FROM sitelock.add_on WHERE ended_at IS NULL"
    )
    assert live == 0


async def test_a_cancellation_within_the_refund_period_pays_back(
    sitelock_client: SiteLockClient,
) -> None:
    before = await sitelock_client.balance()
    number = (await sitelock_client.order("1060"))["orderNumber"]
    assert (await sitelock_client.cancel(number, "1060"))["refundedAmount"] == "149.00"
    assert await sitelock_client.balance() == before


async def test_ten_refunds_at_once_pay_once(sitelock_client: SiteLockClient) -> None:
    before = await sitelock_client.balance()
    number = (await sitelock_client.order("1060"))["orderNumber"]
    answers = await asyncio.gather(*(sitelock_client.refund(number) for _ in range(10)))
    assert sorted(answer["errorCode"] for answer in answers) == ["-18"] * 9 + ["0"]
    assert await sitelock_client.balance() == before


@pytest.mark.parametrize(
    ("fields", "code", "item"),
    [
        ({"orderNumber": "1", "refundReasonCode": "11"}, "-4", "orderNumber"),
        ({"orderNumber": "x", "refundReasonCode": "11"}, "-4", "orderNumber"),
        ({"orderNumber": "1", "refundReasonCode": "0"}, "-4", "refundReasonCode"),
        ({"orderNumber": "1", "refundReasonCode": "12"}, "-4", "refundReasonCode"),
        ({"orderNumber": "1"}, "-3", "refundReasonCode"),
        ({"refundReasonCode": "1"}, "-3", "orderNumber"),
        ({"orderNumber": "1", "refundReasonCode": "1", "why": "x"}, "-2", "why"),
    ],
)
async def test_a_refund_needs_an_order_and_a_reason(
    sitelock_client: SiteLockClient, fields: dict[str, str], code: str, item: str
) -> None:
    answer = await sitelock_client.pairs("AutoRefund", **fields)
    assert (answer["errorCode"], answer["errorItem"]) == (code, item)


async def test_orders_of_other_families_and_other_resellers_are_not_refunded_here(
    sitelock_client: SiteLockClient,
) -> None:
    account = await sitelock_client.shop.credential()
    added = await sitelock_client.shop.do(
        "ADDDOMAIN", acmeAccountID=account, domainName="a.example"
    )
    assert (await sitelock_client.refund(str(added["orderNumber"])))["errorCode"] == "-4"
    number = (await sitelock_client.order("1060"))["orderNumber"]
    other = await sitelock_client.shop.second_reseller("other")
    answer = await sitelock_client.pairs(
        "AutoRefund", orderNumber=number, refundReasonCode="1", **other.credentials
    )
    assert (answer["errorCode"], answer["errorItem"]) == ("-4", "orderNumber")
