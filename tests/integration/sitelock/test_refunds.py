"""Refunds and cancellations of SiteLock licences (§7.3, §7.4)."""

import asyncio
from decimal import Decimal

import pytest

from tests.integration.sitelock.conftest import Counter


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
    counter: Counter, days: str, instant: str, code: str
) -> None:
    paid = Decimal("149.00") if days == "365" else Decimal("14.90")
    before = await counter.balance()
    number = (await counter.order("1060", days))["orderNumber"]
    await counter.gateway.at(instant)
    assert (await counter.refund(number))["errorCode"] == code
    assert await counter.balance() == (before if code == "0" else before - paid)
    if code == "0":
        assert await counter.licence("status") == "refunded"


async def test_the_period_begins_again_with_a_renewal(counter: Counter) -> None:
    first = (await counter.order("1060"))["orderNumber"]
    await counter.gateway.at("2025-12-20T00:00:00Z")
    second = (await counter.order("1060", previousOrderNumber=first))["orderNumber"]
    before = await counter.balance()
    await counter.gateway.at("2026-01-02T23:59:59Z")
    assert (await counter.refund(first))["errorCode"] == "-54"
    assert (await counter.refund(second))["refundedAmount"] == "149.00"
    assert await counter.balance() == before + Decimal("149.00")


async def test_a_refund_pays_an_upgrade_back_too(counter: Counter) -> None:
    before = await counter.balance()
    number = (await counter.order("1060"))["orderNumber"]
    await counter.order("1061", previousOrderNumber=number)
    assert (await counter.refund(number))["refundedAmount"] == "249.00"
    assert await counter.balance() == before


async def test_a_second_refund_is_refused_and_a_cancelled_order_is_not_refunded(
    counter: Counter,
) -> None:
    first = (await counter.order("1060"))["orderNumber"]
    assert (await counter.refund(first))["errorCode"] == "0"
    assert (await counter.refund(first))["errorCode"] == "-18"
    assert (await counter.cancel(first, "1060"))["errorCode"] == "-18"
    second = (await counter.order("1060", "30"))["orderNumber"]
    assert (await counter.cancel(second, "1060"))["refundedAmount"] == "0.00"
    assert (await counter.refund(second))["errorCode"] == "-20"
    assert (await counter.cancel(second, "1060"))["errorCode"] == "-20"


async def test_an_order_of_add_ons_alone_is_not_refunded(counter: Counter) -> None:
    await counter.order("1060")
    number = (await counter.order("1069"))["orderNumber"]
    assert (await counter.refund(number))["errorCode"] == "-69"


async def test_add_ons_end_with_their_licence_and_can_be_cancelled_alone_without_money(
    counter: Counter,
) -> None:
    number = (await counter.order("1060,1069,1071"))["orderNumber"]
    before = await counter.balance()
    assert (await counter.cancel(number, "1069"))["refundedAmount"] == "0.00"
    assert (await counter.cancel(number, "1069"))["errorCode"] == "-4"
    assert await counter.balance() == before
    assert (await counter.refund(number))["refundedAmount"] == "304.00"
    live = await counter.gateway.pool.fetchval(
        "SELECT count(*) FROM sitelock.add_on WHERE ended_at IS NULL"
    )
    assert live == 0


async def test_a_cancellation_within_the_refund_period_pays_back(counter: Counter) -> None:
    before = await counter.balance()
    number = (await counter.order("1060"))["orderNumber"]
    assert (await counter.cancel(number, "1060"))["refundedAmount"] == "149.00"
    assert await counter.balance() == before


async def test_ten_refunds_at_once_pay_once(counter: Counter) -> None:
    before = await counter.balance()
    number = (await counter.order("1060"))["orderNumber"]
    answers = await asyncio.gather(*(counter.refund(number) for _ in range(10)))
    assert sorted(answer["errorCode"] for answer in answers) == ["-18"] * 9 + ["0"]
    assert await counter.balance() == before


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
    counter: Counter, fields: dict[str, str], code: str, item: str
) -> None:
    answer = await counter.pairs("AutoRefund", **fields)
    assert (answer["errorCode"], answer["errorItem"]) == (code, item)


async def test_orders_of_other_families_and_other_resellers_are_not_refunded_here(
    counter: Counter,
) -> None:
    account = await counter.shop.credential()
    added = await counter.shop.do("ADDDOMAIN", acmeAccountID=account, domainName="a.example")
    assert (await counter.refund(str(added["orderNumber"])))["errorCode"] == "-4"
    number = (await counter.order("1060"))["orderNumber"]
    other = await counter.shop.second_reseller("other")
    answer = await counter.pairs(
        "AutoRefund", orderNumber=number, refundReasonCode="1", **other.credentials
    )
    assert (answer["errorCode"], answer["errorItem"]) == ("-4", "orderNumber")
