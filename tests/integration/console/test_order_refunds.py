"""The refund window of Report on Your Orders: what it says, asks again, and pays back once."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.integration.console.test_orders import BOUGHT, REPORT, add, button, order, refund, words
from tests.integration.sitelock.conftest import DOMAIN, SiteLockClient
from tests.support.certificate_shop import shop_of
from tests.support.console import ConsolePerson
from tests.support.gateway import RunningGateway
from tests.support.shop import Shop


@pytest.fixture
async def shop(gateway: RunningGateway) -> Shop:
    await gateway.at(BOUGHT)
    return Shop(gateway)


@pytest.fixture
def site(gateway: RunningGateway, shop: Shop) -> SiteLockClient:
    return SiteLockClient(gateway, shop)


async def test_the_refund_window_says_amount_deadline_and_what_is_lost(
    reseller: ConsolePerson, shop: Shop, site: SiteLockClient
) -> None:
    number = await add(shop, "*.one.example", addAssociatedFQDN="Y")
    page = await reseller.get(f"{REPORT}/{number}/refund")
    lost = re.findall(r"<li>([^<]*example)</li>", page.text)
    assert lost == ["*.one.example", "one.example"]
    shown = words(page.text)
    assert "This pays back 1095.00 USD; the balance is 10000.00 USD after it." in shown
    assert "It is possible before 2025-02-09 12:00." in shown
    for code in range(1, 12):
        assert f'<option value="{code}">' in page.text
    licence = await order(site, "1060,1068")
    page = await reseller.get(f"{REPORT}/{licence}/refund")
    assert re.findall(r"<li>([^<]*example)</li>", page.text) == [DOMAIN]
    assert "SiteLock does not protect this domain any more" in page.text


async def test_refunding_means_that_the_product_no_longer_protects_and_names_are_removed(
    gateway: RunningGateway, reseller: ConsolePerson, shop: Shop, site: SiteLockClient
) -> None:
    account = await shop.credential()
    added = await shop.do(
        "ADDDOMAIN", acmeAccountID=account, domainName="*.one.example", addAssociatedFQDN="Y"
    )
    licence = await order(site)
    await refund(reseller, added["orderNumber"])
    await refund(reseller, licence)
    assert (await shop.do("LISTDOMAINS", acmeAccountID=account))["Domains"] == []
    assert await site.licence("status") == "refunded"
    assert await site.licence("refund_reason") == 10
    actors = await gateway.pool.fetch(
        "SELECT actor FROM audit.event WHERE action = 'purchase.refunded'"
    )
    assert {row["actor"] for row in actors} == {"reseller:demo"}


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"reason": ""}, 'id="refund-reason-error"'),
        ({"reason": "12"}, 'id="refund-reason-error"'),
        ({"reason": "x" * 5000}, 'id="refund-reason-error"'),
        ({"quoted": "1.00"}, "The refund is 365.00 USD now, not 1.00 USD."),
        ({"names": "two.example"}, "Other names would be removed now: one.example."),
        ({"names": ""}, "Check the marked fields."),
        ({"quoted": "much"}, "Check the marked fields."),
    ],
)
async def test_a_wrong_or_stale_form_refunds_nothing_and_asks_again(
    reseller: ConsolePerson, shop: Shop, fields: dict[str, str], shown: str
) -> None:
    number = await add(shop, "one.example")
    before = await shop.balance()
    answer = await reseller.submit(
        f"{REPORT}/{number}/refund", "refund", **({"reason": "10"} | fields)
    )
    assert answer.status in (409, 422)
    assert shown in answer.text
    assert answer.hidden("refund")["quoted"] == "365.00"
    assert answer.hidden("refund")["names"] == "one.example"
    assert await shop.balance() == before
    assert (await button(reseller, number))[0] == "eligible"


async def test_names_that_became_free_since_are_shown_before_they_are_removed(
    reseller: ConsolePerson, shop: Shop
) -> None:
    account = await shop.credential()
    added = await shop.do("ADDDOMAIN", acmeAccountID=account, domainName="*.one.example")
    path = f"{REPORT}/{added['orderNumber']}/refund"
    page = await reseller.get(path)
    await shop.do("ADDDOMAIN", acmeAccountID=account, domainName="one.example")
    answer = await reseller.post(path, {**page.hidden("refund"), "reason": "1"})
    assert answer.status == 409
    assert "<li>one.example</li>" in answer.text
    assert len((await shop.do("LISTDOMAINS", acmeAccountID=account))["Domains"]) == 2


async def test_a_form_sent_twice_and_a_second_tab_pay_back_once(
    reseller: ConsolePerson, shop: Shop, site: SiteLockClient
) -> None:
    for number in (await add(shop, "one.example"), await order(site)):
        before, path = await shop.balance(), f"{REPORT}/{number}/refund"
        page, other_tab = await reseller.get(path), await reseller.get(path)
        form = {**page.hidden("refund"), "reason": "10"}
        answers = await asyncio.gather(*(reseller.post(path, form) for _ in range(3)))
        assert {(each.status, each.to) for each in answers} == {(303, f"{REPORT}?orders={number}")}
        paid = await shop.balance()
        assert paid > before
        late = await reseller.post(path, {**other_tab.hidden("refund"), "reason": "10"})
        assert late.status == 422
        assert "The order was refunded before." in late.text
        assert (await reseller.get(path)).status == 200  # back, and loaded again
        assert await shop.balance() == paid


async def test_a_name_that_was_bought_again_is_not_removed_by_the_refund_of_its_first_order(
    reseller: ConsolePerson, shop: Shop
) -> None:
    account = await shop.credential()
    first = await shop.do("ADDDOMAIN", acmeAccountID=account, domainName="one.example")
    path = f"{REPORT}/{first['orderNumber']}/refund"
    form = (await reseller.get(path)).hidden("refund")
    await shop.do("REMOVEDOMAIN", acmeAccountID=account, domainName="one.example")
    await shop.do("ADDDOMAIN", acmeAccountID=account, domainName="one.example")
    assert (await reseller.post(path, {**form, "reason": "10"})).status == 422
    assert len((await shop.do("LISTDOMAINS", acmeAccountID=account))["Domains"]) == 1


async def test_the_order_can_be_refunded_only_if_it_meets_the_refund_policy(
    gateway: RunningGateway, reseller: ConsolePerson, shop: Shop, site: SiteLockClient
) -> None:
    for number, days in ((await add(shop, "one.example"), 30), (await order(site), 14)):
        await gateway.at(BOUGHT)
        path = f"{REPORT}/{number}/refund"
        form = (await reseller.get(path)).hidden("refund")
        late = datetime.fromisoformat(BOUGHT).astimezone(UTC) + timedelta(days=days)
        await gateway.at(f"{late:%Y-%m-%dT%H:%M:%SZ}")
        answer = await reseller.post(path, {**form, "reason": "10"})
        assert answer.status == 422
        assert "The refund period ended at" in answer.text


async def test_an_upgraded_licence_is_refunded_with_all_orders_of_its_period(
    reseller: ConsolePerson, shop: Shop, site: SiteLockClient
) -> None:
    number = await order(site)
    later = await order(site, "1061", previousOrderNumber=str(number))
    page = await reseller.get(f"{REPORT}/{later}/refund")
    assert page.hidden("refund")["quoted"] == "249.00"
    assert (await refund(reseller, later)).status == 303
    assert await shop.balance() == Decimal("10000.00")
    assert (await button(reseller, number))[0] == (await button(reseller, later))[0] == "refunded"


async def test_an_ssl_certificate_is_refunded_by_its_unsubscription(
    gateway: RunningGateway, reseller: ConsolePerson, shop: Shop
) -> None:
    certificates = await shop_of(gateway, gateway.login, None)
    cert_id = await certificates.buy("www.example.com")
    number = (await certificates.show(cert_id))["order_number"]
    assert (await button(reseller, number))[:2] == ("eligible", True)
    page = await reseller.get(f"{REPORT}/{number}/refund")
    assert f'href="/console/certificates/{cert_id}/unsubscribe"' in page.text
    assert 'id="refund"' not in page.text
    form = (await reseller.get("/console/settings")).hidden("zone")
    sent = {**form, "reason": "1", "quoted": "120.00", "names": "www.example.com"}
    answer = await reseller.post(f"{REPORT}/{number}/refund", sent)
    assert answer.status == 422
    await certificates.approve(await certificates.unsubscribe(cert_id))
    state, _, description = await button(reseller, number)
    assert state == "refunded"
    assert description.endswith("120.00 USD. Reason: The certificate was unsubscribed.")
