"""R22: the same name of a reseller is paid back once in so many days, if the operator wants."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gateway.config import Refund
from tests.support.gateway import RunningGateway, running_gateway
from tests.support.issued import acme_order, certificate
from tests.support.shop import Shop

FEE = Decimal("365.00")
START = datetime.fromisoformat("2025-01-10T15:30:00Z")
AGAIN = "the same name is refunded once in 365 days"


def day(number: int, seconds: int = 0) -> str:
    return (START + timedelta(days=number, seconds=seconds)).isoformat()


@pytest.fixture(params=[365])
async def gateway(
    database: str, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[RunningGateway]:
    refund = Refund(once_per_name_days=request.param)
    async with running_gateway(database, tmp_path, refund=refund) as running:
        yield running
        mismatches = await running.pool.fetchval("SELECT count(*) FROM ops.ledger_mismatch")
        assert mismatches == 0


async def removed(shop: Shop, account: str, name: str) -> dict[str, Any]:
    return await shop.do("REMOVEDOMAIN", acmeAccountID=account, domainName=name)


async def turn(shop: Shop, account: str, times: int) -> Decimal:
    """Adds a name and removes it on the 29th day, again and again; gives what that cost."""
    before = await shop.balance()
    for number in range(times):
        await shop.at(day(29 * number))
        await shop.add(account, "a.example")
        await shop.at(day(29 * number + 29))
        await removed(shop, account, "a.example")
    return before - await shop.balance()


@pytest.mark.parametrize("gateway", [0, 365], indirect=True)
async def test_r22_a_name_that_turns_twelve_times_is_paid_back_once(
    shop: Shop, gateway: RunningGateway
) -> None:
    account = await shop.credential()
    cost = await turn(shop, account, 12)
    if gateway.services.settings.refund.once_per_name_days:
        assert cost == sum(Decimal(365 - 29 * number) for number in range(1, 12))
    else:
        assert cost == 0
    listed = await shop.do("LISTTRANSACTIONS", acmeAccountID=account)
    kinds = [each["transactionType"] for each in listed["subscriptions"][0]["transactions"]]
    assert kinds.count("refundDomain") == (12 if cost == 0 else 1)


async def test_r22_the_removal_is_done_and_its_answer_says_why_no_money_comes(shop: Shop) -> None:
    account = await shop.credential()
    await shop.add(account, "a.example")
    assert "refundRefused" not in await removed(shop, account, "a.example")
    await shop.add(account, "a.example", addAssociatedFQDN="Y")
    before = await shop.balance()
    answer = await removed(shop, account, "a.example")
    assert [each["domainName"] for each in answer["Domains"]] == ["a.example", "www.a.example"]
    assert answer["refundRefused"] == (
        "The name was refunded on 2025-01-10T15:30:00Z; the same name is refunded once in 365 days."
    )
    assert await shop.domains(account) == {}
    assert await shop.balance() == before
    [kept] = await shop.gateway.pool.fetch(
        "SELECT after FROM audit.event WHERE action = 'purchase.refund_refused'"
    )
    assert (kept["after"]["name"], kept["after"]["amount"]) == ("a.example", "365.00")


async def test_r22_a_name_that_is_too_old_for_a_refund_is_removed_as_ever(shop: Shop) -> None:
    account = await shop.credential()
    await shop.add(account, "a.example")
    await removed(shop, account, "a.example")
    await shop.add(account, "a.example")
    await shop.at(day(31))
    assert "refundRefused" not in await removed(shop, account, "a.example")


@pytest.mark.parametrize(("instant", "refund"), [(day(365, -1), 0), (day(365), FEE)])
async def test_r22_counts_from_the_last_refund_to_the_instant(
    shop: Shop, instant: str, refund: Decimal
) -> None:
    account = await shop.credential()
    await shop.add(account, "a.example")
    await removed(shop, account, "a.example")
    await shop.at(day(364))
    other = await shop.credential()
    await shop.add(other, "a.example")
    before = await shop.balance()
    await shop.at(instant)
    await removed(shop, other, "a.example")
    assert await shop.balance() == before + refund


async def test_r22_counts_all_accounts_of_a_reseller_and_no_other_reseller(shop: Shop) -> None:
    for number in range(3):
        account = await shop.credential(years=number + 1)
        await shop.add(account, "a.example")
        reason = (await removed(shop, account, "a.example")).get("refundRefused", "")
        assert (AGAIN in reason) == (number > 0)
    other = await shop.second_reseller("other")
    account = await other.credential()
    await other.add(account, "a.example")
    assert "refundRefused" not in await removed(other, account, "a.example")


async def test_r22_a_wildcard_and_its_base_are_two_names_and_free_ones_are_none(
    shop: Shop,
) -> None:
    account = await shop.credential()
    before = await shop.balance()
    for name in ("*.a.example", "a.example", "www.a.example"):
        await shop.add(account, name, addAssociatedFQDN="Y")
        assert "refundRefused" not in await removed(shop, account, name)
    assert await shop.balance() == before
    # A free name came and went with the paid one: that is no refund of it, then or now.
    await shop.add(account, "*.a.example", addAssociatedFQDN="Y")
    assert "refundRefused" not in await removed(shop, account, "a.example")
    assert AGAIN in (await removed(shop, account, "*.a.example"))["refundRefused"]


async def test_r22_removals_at_the_same_moment_from_many_accounts_pay_once(shop: Shop) -> None:
    before = await shop.balance()
    accounts = [await shop.credential() for _ in range(8)]
    for account in accounts:
        await shop.add(account, "a.example")
    answers = await asyncio.gather(*(removed(shop, account, "a.example") for account in accounts))
    assert sum("refundRefused" in answer for answer in answers) == 7
    assert await shop.balance() == before - 7 * FEE


async def test_r22_children_and_their_tier_1_parent_do_not_deadlock(shop: Shop) -> None:
    turning = []
    for number in range(4):
        child = await shop.second_reseller(f"child{number}")
        await shop.set_reseller(f"child{number}", tier1=shop.gateway.login)
        turning.append((child, await child.credential()))
    turning.append((shop, await shop.credential()))
    turning.append((shop, await shop.credential()))
    for buyer, account in turning:
        await buyer.add(account, "a.example")
    answers = await asyncio.gather(*(removed(*each, "a.example") for each in turning))
    assert ["refundRefused" in answer for answer in answers].count(True) == 1


async def test_r22_the_order_report_says_it_beforehand(shop: Shop, gateway: RunningGateway) -> None:
    account = await shop.credential()
    await shop.add(account, "a.example")
    await removed(shop, account, "a.example")
    await shop.add(account, "a.example")
    await shop.add(account, "b.example")
    form = {"loginName": gateway.login, "loginPassword": gateway.password, "fqdn": "%.example"}
    url = f"{gateway.url}/products/!WebHostReport"
    async with gateway.session.post(url, data=form) as response:
        text = await response.text()
    assert "1_fqdn=b.example" in text
    assert "1_refund=eligible" in text
    assert "2_refund=not+eligible" in text
    assert AGAIN.replace(" ", "+") in text


async def order(gateway: RunningGateway, endpoint: str, **fields: str) -> list[str]:
    form = {"loginName": gateway.login, "loginPassword": gateway.password, **fields}
    url = f"{gateway.url}/products/!{endpoint}"
    async with gateway.session.post(url, data=form) as response:
        return (await response.text()).splitlines()


async def licence(gateway: RunningGateway) -> str:
    wanted = {"product": "1060", "days": "365", "domainName": "a.example"}
    answer = await order(gateway, "AutoApplyOrder", **wanted, appRepEmailAddress="a@a.example")
    assert answer[0] == "0", answer
    return answer[1]


@pytest.mark.parametrize("gateway", [0, 365], indirect=True)
async def test_r22_a_sitelock_licence_turns_no_better(shop: Shop, gateway: RunningGateway) -> None:
    before = await shop.balance()
    stops = gateway.services.settings.refund.once_per_name_days > 0
    number = await licence(gateway)
    refund = {"refundReasonCode": "11"}
    assert (await order(gateway, "AutoRefund", orderNumber=number, **refund))[0] == "0"
    number = await licence(gateway)
    if stops:
        answer = await order(gateway, "AutoRefund", orderNumber=number, **refund)
        assert answer[0] == "-54"
        assert AGAIN in answer[1]
    cancel = {"orderNumber": number, "product": "1060", "action": "cancel"}
    answer = await order(gateway, "modifyThirdPartyDetails", **cancel)
    assert answer == [f"errorCode=0&refundedAmount={'0.00' if stops else '149.00'}"]
    assert await shop.balance() == before - (Decimal(149) if stops else 0)
    # Names of subscriptions and licences are two products.
    account = await shop.credential()
    await shop.add(account, "a.example")
    assert "refundRefused" not in await removed(shop, account, "a.example")


@pytest.mark.parametrize("gateway", [0], indirect=True)
async def test_operators_see_who_turns(shop: Shop, gateway: RunningGateway) -> None:
    account = await shop.credential()
    await turn(shop, account, 2)
    await shop.add(account, "once.example")
    await removed(shop, account, "once.example")
    await shop.add(account, "a.example")
    now = START + timedelta(days=60)
    await shop.at(now.isoformat())
    made = await acme_order(gateway.pool, account, "a.example", now)
    await certificate(gateway.pool, made, "a.example", now)
    await removed(shop, account, "a.example")
    for _ in range(2):
        number = await licence(gateway)
        await order(gateway, "AutoRefund", orderNumber=number, refundReasonCode="1")
    rows = await gateway.pool.fetch("SELECT * FROM ops.refund_carousels")
    assert [tuple(row.values()) for row in rows] == [
        (
            *(gateway.login, "acme", "a.example", 3, START, now),
            *(Decimal(365 + 336 + 307), "USD", 1),
        ),
        (*(gateway.login, "sitelock", "a.example", 2, now, now), *(Decimal(298), "USD", 0)),
    ]
