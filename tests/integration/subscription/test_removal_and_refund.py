"""R7–R9, A6–A9, A18, A23, X10: removing names and money back."""

from decimal import Decimal

import pytest

from tests.support.shop import Shop

FEE = Decimal("365.00")
NOT_REMOVABLE = "Domain could not be removed!"


@pytest.mark.parametrize(
    ("now", "refund"),
    [("2025-02-09T15:29:59Z", FEE), ("2025-02-09T15:30:00Z", Decimal(0))],
)
async def test_x10_r8_full_refund_for_thirty_days_to_the_second(
    shop: Shop, now: str, refund: Decimal
) -> None:
    account = await shop.credential()
    before = await shop.balance()
    await shop.add(account, "a.example")
    await shop.at(now)
    assert await shop.remove(account, "a.example") == ["a.example"]
    assert await shop.balance() == before - FEE + refund
    assert await shop.domains(account) == {}


async def test_r8_the_amount_charged_is_refunded_not_todays_price(shop: Shop) -> None:
    account = await shop.credential()
    await shop.add(account, "a.example")
    await shop.at("2025-06-01T08:00:00Z")
    before = await shop.balance()
    assert await shop.add(account, "b.example") == Decimal("223.00")
    await shop.set_price("500.00")
    await shop.at("2025-06-20T08:00:00Z")
    await shop.remove(account, "b.example")
    assert await shop.balance() == before


async def test_a7_only_the_paid_name_of_an_order_of_two_is_refunded_and_once(shop: Shop) -> None:
    account = await shop.credential()
    before = await shop.balance()
    await shop.add(account, "a.example", addAssociatedFQDN="Y")
    await shop.remove(account, "www.a.example")
    assert await shop.balance() == before - FEE
    assert await shop.add(account, "www.a.example") == 0
    await shop.remove(account, "a.example")
    assert await shop.balance() == before


async def test_a8_the_fee_of_an_extension_is_not_refunded(shop: Shop) -> None:
    account = await shop.credential()
    await shop.add(account, "a.example")
    await shop.at("2026-01-01T00:00:00Z")
    before = await shop.balance()
    assert await shop.add(account, "b.example") == Decimal("9.00")
    await shop.extend(account)
    await shop.remove(account, "b.example")
    assert await shop.balance() == before - 2 * FEE


async def test_a9_a28_the_subscription_outlives_its_last_name(shop: Shop) -> None:
    account = await shop.credential()
    before = await shop.balance()
    await shop.add(account, "a.example")
    await shop.at("2025-01-20T00:00:00Z")
    await shop.remove(account, "a.example")
    assert await shop.balance() == before
    assert await shop.add(account, "b.example") == Decimal("355.00")
    assert await shop.domains(account) == {"b.example": "2026-01-10T23:59:59Z"}


async def test_a9_an_empty_subscription_cannot_be_extended(shop: Shop) -> None:
    account = await shop.credential()
    await shop.add(account, "a.example")
    await shop.at("2026-01-01T00:00:00Z")
    await shop.remove(account, "a.example")
    refused = await shop.refused("EXTENDDOMAINS", acmeAccountID=account)
    assert (refused.status, refused.kind) == (403, "unauthorized")
    assert refused.detail.startswith("Subscription has expired")


async def test_r7_a_name_can_be_removed_until_the_grace_period_ends(shop: Shop) -> None:
    account = await shop.credential()
    for name in ("a.example", "b.example"):
        await shop.add(account, name)
    await shop.at("2026-02-09T23:59:59Z")
    assert await shop.remove(account, "a.example") == ["a.example"]
    await shop.at("2026-02-10T00:00:00Z")
    refused = await shop.refused("REMOVEDOMAIN", acmeAccountID=account, domainName="b.example")
    assert (refused.status, refused.kind, refused.detail) == (403, "unauthorized", NOT_REMOVABLE)
    assert list(await shop.domains(account)) == ["b.example"]


async def test_e8_a_name_that_is_not_in_the_subscription(shop: Shop) -> None:
    account = await shop.credential()
    fields = {"acmeAccountID": account, "domainName": "a.example"}
    assert (await shop.refused("REMOVEDOMAIN", **fields)).detail == NOT_REMOVABLE
    await shop.add(account, "b.example")
    assert (await shop.refused("REMOVEDOMAIN", **fields)).detail == NOT_REMOVABLE
    await shop.add(account, "a.example")
    await shop.remove(account, "A.example.")
    assert (await shop.refused("REMOVEDOMAIN", **fields)).detail == NOT_REMOVABLE


async def test_a23_an_old_name_leaves_without_money_and_without_a_refund_row(shop: Shop) -> None:
    account = await shop.credential()
    await shop.add(account, "a.example")
    await shop.at("2025-03-01T00:00:00Z")
    before = await shop.balance()
    await shop.remove(account, "a.example")
    assert await shop.balance() == before
    answer = await shop.do("LISTTRANSACTIONS", acmeAccountID=account)
    types = [row["transactionType"] for row in answer["subscriptions"][0]["transactions"]]
    assert types == ["addDomain"]


async def test_a26_a_suspended_credential_still_lets_names_go(shop: Shop) -> None:
    account = await shop.credential()
    await shop.add(account, "a.example")
    await shop.do("SUSPENDACCOUNT", acmeAccountID=account)
    assert await shop.remove(account, "a.example") == ["a.example"]
