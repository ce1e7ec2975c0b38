"""R21, E12–E16: prices, credit and Tier-1 parents. A refused action changes nothing."""

from decimal import Decimal
from typing import Any

import pytest

from tests.support.shop import Refused, Shop

FEE = Decimal("365.00")


async def refused_and_unchanged(shop: Shop, action: str, **fields: str) -> Refused:
    before = await shop.state()
    refused = await shop.refused(action, **fields)
    assert await shop.state() == before
    assert (refused.status, refused.kind) == (403, "unauthorized")
    return refused


async def remove_prices(shop: Shop, where: str = "true") -> None:
    async with shop.gateway.pool.acquire() as connection:
        await connection.execute(f"DELETE FROM reseller.price WHERE {where}")


async def test_e12_no_price(shop: Shop) -> None:
    account = await shop.credential()
    await remove_prices(shop)
    for fields in ({}, {"quoteOnly": "Y"}):
        refused = await refused_and_unchanged(
            shop, "ADDDOMAIN", acmeAccountID=account, domainName="a.example", **fields
        )
        assert refused.detail == "Pricing is not configured!"


async def test_e12_no_price_for_a_wildcard_leaves_fqdns_for_sale(shop: Shop) -> None:
    account = await shop.credential()
    await remove_prices(shop, "variant = 'wildcard'")
    assert await shop.add(account, "a.example") == FEE
    refused = await refused_and_unchanged(
        shop, "ADDDOMAIN", acmeAccountID=account, domainName="*.a.example"
    )
    assert refused.detail == "Pricing is not configured!"


async def test_e12_e13_extensions_need_prices_too(shop: Shop) -> None:
    account = await shop.credential()
    await shop.add(account, "a.example")
    await shop.at("2026-01-01T00:00:00Z")
    await shop.set_price("300.00", login=None, currency="EUR")
    refused = await refused_and_unchanged(shop, "EXTENDDOMAINS", acmeAccountID=account)
    assert refused.detail == "Invalid price configuration!"
    await remove_prices(shop)
    refused = await refused_and_unchanged(shop, "EXTENDDOMAINS", acmeAccountID=account)
    assert refused.detail == "Pricing is not configured!"


async def test_e13_a_price_in_another_currency(shop: Shop) -> None:
    account = await shop.credential()
    await shop.set_price("300.00", login=None, currency="EUR")
    refused = await refused_and_unchanged(
        shop, "ADDDOMAIN", acmeAccountID=account, domainName="a.example"
    )
    assert refused.detail == "Invalid price configuration!"


async def test_e13_a_cost_that_no_account_could_hold(shop: Shop) -> None:
    account = await shop.credential(3)
    await shop.set_price("9999999999.99")
    refused = await refused_and_unchanged(
        shop, "ADDDOMAIN", acmeAccountID=account, domainName="a.example"
    )
    assert refused.detail == "Invalid price configuration!"


async def test_an_own_price_comes_before_the_default_list(shop: Shop) -> None:
    account = await shop.credential()
    await shop.set_price("300.00")
    assert await shop.add(account, "a.example") == Decimal("300.00")
    other = await shop.second_reseller("other")
    assert await other.add(await other.credential(), "a.example") == FEE


async def test_e14_not_enough_credit(shop: Shop) -> None:
    poor = await shop.second_reseller("poor", deposit="364.99")
    account = await poor.credential()
    refused = await refused_and_unchanged(
        poor, "ADDDOMAIN", acmeAccountID=account, domainName="a.example"
    )
    assert refused.detail == "Not enough credit!"
    await shop.set_reseller("poor", credit_limit=Decimal("0.01"))
    assert await poor.add(account, "a.example") == FEE
    assert await poor.balance() == Decimal("-0.01")
    assert await poor.add(account, "www.a.example") == 0  # free names need no credit


async def test_e14_an_extension_is_all_or_nothing(shop: Shop) -> None:
    poor = await shop.second_reseller("poor", deposit="1000.00")
    account = await poor.credential()
    for name in ("a.example", "b.example"):
        await poor.add(account, name)
    await shop.at("2026-01-01T00:00:00Z")
    refused = await refused_and_unchanged(poor, "EXTENDDOMAINS", acmeAccountID=account)
    assert refused.detail == "Not enough credit!"


async def test_a_tier_1_parent_is_debited_and_refunded_too(shop: Shop) -> None:
    child = await shop.second_reseller("child")
    await shop.set_reseller("child", tier1=shop.gateway.login)
    before = (await shop.balance(), await child.balance())
    account = await child.credential()
    await child.add(account, "a.example")
    assert (await shop.balance(), await child.balance()) == (before[0] - FEE, before[1] - FEE)
    await shop.set_reseller("child", tier1="")  # who paid gets the money, whatever changed since
    await child.remove(account, "a.example")
    assert (await shop.balance(), await child.balance()) == before


@pytest.mark.parametrize(
    ("parent", "detail"),
    [
        ({"status": "suspended"}, "The Tier 1 account could not be debited!"),
        ({}, "The credit limit of the Tier 1 account is reached!"),
    ],
)
async def test_e15_e16_when_the_parent_cannot_pay_nobody_does(
    shop: Shop, parent: dict[str, Any], detail: str
) -> None:
    child = await shop.second_reseller("child")
    await shop.second_reseller("parent", deposit="364.99")
    await shop.set_reseller("child", tier1="parent")
    await shop.set_reseller("parent", **parent)
    account = await child.credential()
    refused = await refused_and_unchanged(
        child, "ADDDOMAIN", acmeAccountID=account, domainName="a.example"
    )
    assert refused.detail == detail


async def test_the_ledger_explains_every_balance(shop: Shop) -> None:
    account = await shop.credential()
    await shop.add(account, "a.example", addAssociatedFQDN="Y")
    await shop.add(account, "*.b.example")
    await shop.remove(account, "*.b.example")
    async with shop.gateway.pool.acquire() as connection:
        entries = await connection.fetch(
            """
            SELECT entry.kind, entry.amount
              FROM reseller.ledger_entry entry
              JOIN reseller.account ON account.id = entry.account_id
             WHERE account.login = $1
               AND entry.kind <> 'deposit'
             ORDER BY entry.id
            """,
            shop.gateway.login,
        )
    assert [tuple(entry) for entry in entries] == [
        ("charge", Decimal("-365.00")),
        ("charge", Decimal("-1095.00")),
        ("refund", Decimal("1095.00")),
    ]


async def test_every_change_is_audited_in_its_transaction(shop: Shop) -> None:
    account = await shop.credential()
    await shop.add(account, "a.example", addAssociatedFQDN="Y")
    await shop.remove(account, "a.example")
    async with shop.gateway.pool.acquire() as connection:
        events = await connection.fetch(
            "SELECT actor, action, subject FROM audit.event"
            " WHERE action NOT LIKE 'credential.%' AND actor LIKE 'reseller:%' ORDER BY id"
        )
        order_number = await connection.fetchval("SELECT max(order_number) FROM reseller.purchase")
    assert {event["actor"] for event in events} == {f"reseller:{shop.gateway.login}"}
    assert [(event["action"], event["subject"]) for event in events] == [
        ("purchase.charged", str(order_number)),
        ("subscription.started", account),
        ("domain.added", "a.example"),
        ("domain.added", "www.a.example"),
        ("domain.removed", "a.example"),
        ("domain.removed", "www.a.example"),
        ("purchase.refunded", str(order_number)),
    ]
