"""SiteLock's pages: the list, an order with its quote, renewing, upgrading, cancelling."""

import asyncio
import re
from decimal import Decimal
from html import unescape
from urllib.parse import urlencode

import pytest

from tests.support.console import ConsolePerson, PageAnswer
from tests.support.gateway import RunningGateway

SITELOCK = "/console/sitelock"
ORDER = f"{SITELOCK}/order"
WANTED = {
    "product": "1060",
    "days": "365",
    "domainName": "shop.example",
    "email": "owner@shop.example",
}


def url_of(**changed: str) -> str:
    return f"{ORDER}?{urlencode({**WANTED, **changed})}"


async def quoted(person: ConsolePerson, url: str) -> str:
    answer = await person.get(url)
    assert answer.status == 200, answer.text
    [found] = re.findall(r'data-quote="([^"]+)"', answer.text)
    return str(found)


async def buy(person: ConsolePerson, url: str = "") -> PageAnswer:
    """Orders what a quote is for; gives the licence's page."""
    answer = await person.submit(url or url_of(), "sitelock-order")
    assert answer.status == 303, answer.text
    return await person.get(answer.to)


def links(answer: PageAnswer) -> dict[str, str]:
    found = re.findall(r'<li><a href="(/console/sitelock/order[^"]+)">([^<]+)</a>', answer.text)
    return {label: unescape(to) for to, label in found}


async def balance(gateway: RunningGateway) -> Decimal:
    found: Decimal = await gateway.pool.fetchval(
        "SELECT balance FROM reseller.account WHERE login = 'demo'"
    )
    return found


def number_in(answer: PageAnswer) -> str:
    [number] = re.findall(r"<h1>SiteLock licence (\d+)</h1>", answer.text)
    return str(number)


async def test_an_order_is_made_at_the_price_that_was_shown_before_the_click(
    gateway: RunningGateway, reseller: ConsolePerson
) -> None:
    page = await reseller.get(url_of(addOn="1071"))
    assert 'data-quote="269.00"' in page.text
    assert "9731.00\u00a0USD after it" in page.text
    assert await balance(gateway) == 10000
    shown = await buy(reseller, url_of(addOn="1071"))
    assert "SiteLock Basic, a year" in shown.text
    assert "TrueShield" in shown.text
    assert await balance(gateway) == 9731
    listed = await reseller.get(SITELOCK)
    assert f'data-licence="{number_in(shown)}"' in listed.text
    actor = "SELECT actor FROM audit.event WHERE action = 'licence.ordered'"
    assert await gateway.pool.fetchval(actor) == "reseller:demo"


async def test_an_order_that_is_sent_twice_pays_once(
    gateway: RunningGateway, reseller: ConsolePerson
) -> None:
    page = await reseller.get(url_of())
    fields = page.hidden("sitelock-order")
    answers = await asyncio.gather(*(reseller.post(ORDER, fields) for _ in range(4)))
    assert len({(each.status, each.to) for each in answers}) == 1
    assert await balance(gateway) == 9851


async def test_a_price_that_changed_since_the_quote_is_asked_again(
    gateway: RunningGateway, reseller: ConsolePerson
) -> None:
    fields = (await reseller.get(url_of(addOn="1071"))).hidden("sitelock-order")
    await gateway.pool.execute(
        "UPDATE reseller.price SET amount = 159 WHERE item = '1060' AND variant = '365'"
    )
    answer = await reseller.post(ORDER, fields)
    assert answer.status == 409
    assert "The price is 279.00 USD now, not 269.00 USD." in answer.text
    assert 'data-quote="279.00"' in answer.text
    assert await balance(gateway) == 10000
    again = await reseller.post(ORDER, answer.hidden("sitelock-order"))
    assert again.status == 303
    assert await balance(gateway) == 9721


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"product": "9"}, "product"),
        ({"product": ""}, "product"),
        ({"product": "1072"}, "product"),
        ({"days": "364"}, "days"),
        ({"days": ""}, "days"),
        ({"product": "1059", "days": "30"}, "days"),
        ({"product": "1082"}, "days"),
        ({"domainName": "*.shop.example"}, "domainName"),
        ({"domainName": "no domain"}, "domainName"),
        ({"domainName": ""}, "domainName"),
        ({"domainName": "x" * 300}, "domainName"),
        ({"email": "nobody"}, "email"),
        ({"addOn": "1"}, "addOn"),
        ({"product": "0"}, "product"),
        ({"product": "1082", "days": "", "addOn": "1071"}, "product"),
    ],
)
async def test_a_wrong_field_of_an_order_is_shown_beside_it(
    reseller: ConsolePerson, changed: dict[str, str], field: str
) -> None:
    answer = await reseller.get(url_of(**changed))
    assert answer.status == 422
    assert f'id="sitelock-quote-{field}-error"' in answer.text
    assert "Order with payment" not in answer.text


async def test_a_second_licence_of_a_domain_and_an_order_of_another_are_refused(
    reseller: ConsolePerson,
) -> None:
    await buy(reseller)
    second = await reseller.get(url_of())
    assert second.status == 422
    assert "There is a licence for this domain already." in second.text
    foreign = await reseller.get(url_of(previousOrderNumber="999999999"))
    assert foreign.status == 422
    assert "Order with payment" not in foreign.text


async def test_a_balance_that_does_not_suffice_buys_nothing(
    gateway: RunningGateway, reseller: ConsolePerson
) -> None:
    page = await reseller.get(url_of())
    await gateway.pool.execute(
        """
        INSERT INTO reseller.ledger_entry (account_id, amount, balance_after, kind, booked_at)
        SELECT id, -9900, 0, 'deposit', '2026-01-01' FROM reseller.account WHERE login = 'demo'
        """
    )
    answer = await reseller.post(ORDER, page.hidden("sitelock-order"))
    assert answer.status == 422
    assert "The balance does not suffice." in answer.text
    assert await balance(gateway) == 100


async def test_a_licence_is_renewed_in_its_last_30_days_only(
    gateway: RunningGateway, reseller: ConsolePerson
) -> None:
    await gateway.at("2027-01-10T00:00:00Z")
    early = await buy(reseller)
    assert "Renew" not in links(early)
    assert "It can be renewed from" in early.text
    await gateway.at("2027-12-15T00:00:00Z")
    await reseller.sign_in()
    licence = await reseller.get(f"{SITELOCK}/{number_in(early)}")
    renewal = links(licence)["Renew"]
    assert await quoted(reseller, renewal) == "149.00"
    renewed = await buy(reseller, renewal)
    assert number_in(renewed) == number_in(early)
    assert '<time datetime="2029-01-09T00:00:00Z"' in renewed.text
    assert await balance(gateway) == 10000 - 2 * 149


async def test_an_upgrade_costs_the_difference_for_the_rest_of_the_period(
    gateway: RunningGateway, reseller: ConsolePerson
) -> None:
    licence = await buy(reseller)
    found = links(licence)
    assert set(found) == {
        "Upgrade to SiteLock Pro",
        "Upgrade to SiteLock Business",
        "Order add-ons",
    }
    assert await quoted(reseller, found["Upgrade to SiteLock Pro"]) == "100.00"
    upgraded = await buy(reseller, found["Upgrade to SiteLock Pro"])
    assert "SiteLock Pro, a year" in upgraded.text
    assert set(links(upgraded)) == {"Upgrade to SiteLock Business", "Order add-ons"}
    assert await balance(gateway) == 9751


async def test_an_add_on_is_ordered_for_a_licence_and_cancelled_by_itself(
    gateway: RunningGateway, reseller: ConsolePerson
) -> None:
    licence = await buy(reseller)
    path = f"{SITELOCK}/{number_in(licence)}"
    with_add_on = await buy(reseller, links(licence)["Order add-ons"] + "&addOn=1068")
    assert 'data-add-on="1068"' in with_add_on.text
    assert (await reseller.submit(path, "cancel-add-on-1068")).status == 303
    assert "data-add-on" not in (await reseller.get(path)).text
    refused = await reseller.post(
        f"{path}/cancel-add-on", {**licence.hidden("cancel"), "product": "1068"}
    )
    assert refused.status == 422
    assert 'role="alert"' in refused.text
    assert await balance(gateway) == 9831


async def test_cancelling_says_first_what_is_paid_back_and_pays_it_back_once(
    gateway: RunningGateway, reseller: ConsolePerson
) -> None:
    licence = await buy(reseller)
    path = f"{SITELOCK}/{number_in(licence)}"
    assert 'data-quote="149.00"' in licence.text
    unticked = await reseller.post(f"{path}/cancel", licence.hidden("cancel"))
    assert unticked.status == 422
    assert "Tick the box to go on." in unticked.text
    fields = {**licence.hidden("cancel"), "acknowledged": "Y"}
    sent = [reseller.post(f"{path}/cancel", fields) for _ in range(3)]
    answers = await asyncio.gather(*sent)
    assert {(each.status, each.to) for each in answers} == {(303, path)}
    assert await balance(gateway) == 10000
    ended = await reseller.get(path)
    assert 'data-state="refunded"' in ended.text
    assert "Cancel the licence" not in ended.text


async def test_a_refund_that_is_over_since_it_was_shown_is_asked_again(
    gateway: RunningGateway, reseller: ConsolePerson
) -> None:
    await gateway.at("2027-01-10T00:00:00Z")
    licence = await buy(reseller)
    path = f"{SITELOCK}/{number_in(licence)}"
    fields = {**licence.hidden("cancel"), "acknowledged": "Y"}
    await gateway.at("2027-03-10T00:00:00Z")
    answer = await reseller.post(f"{path}/cancel", fields)
    assert answer.status == 409
    assert "Cancelling pays back 0.00 now, not 149.00." in answer.text
    assert "Nothing is paid back:" in answer.text
    assert 'data-state="active"' in answer.text
    again = await reseller.post(f"{path}/cancel", {**answer.hidden("cancel"), "acknowledged": "Y"})
    assert again.status == 303
    assert 'data-state="cancelled"' in (await reseller.get(path)).text
    assert await balance(gateway) == 9851


async def test_the_list_has_the_state_of_each_licence_and_searches_by_it(
    gateway: RunningGateway, reseller: ConsolePerson
) -> None:
    empty = (await reseller.get(SITELOCK)).text
    assert "There is no licence yet." in empty
    await gateway.at("2027-01-10T00:00:00Z")
    names = ("b.example", "a.example", "c.example")
    for name in names:
        await buy(reseller, url_of(domainName=name, days="30" if name[0] == "c" else "365"))
    await gateway.at("2027-03-10T00:00:00Z")

    async def shown(query: str) -> list[str]:
        return re.findall(r"<td>(\w)\.example</td>", (await reseller.get(SITELOCK + query)).text)

    assert await shown("?state=expired") == ["c"]
    assert await shown("?state=active&sort=domain") == ["a", "b"]
    assert await shown("?state=active&sort=-domain") == ["b", "a"]
    assert (await shown("?sort=ends"))[0] == "c"
    assert (await shown("?sort=-ends"))[-1] == "c"
    assert (
        "There is no licence in this state."
        in (await reseller.get(f"{SITELOCK}?state=refunded")).text
    )
    assert (await reseller.get(f"{SITELOCK}?state=nonsense")).status == 200


@pytest.mark.parametrize("number", ["1", "99999999999999999999999", "9223372036854775807"])
async def test_a_licence_that_is_not_there_is_not_found(
    reseller: ConsolePerson, number: str
) -> None:
    assert (await reseller.get(f"{SITELOCK}/{number}")).status == 404


async def test_prices_of_all_products_stand_on_the_page_of_orders(
    reseller: ConsolePerson,
) -> None:
    text = (await reseller.get(ORDER)).text
    assert "<td>SiteLock Monitor</td>\n<td>none</td>\n<td>free</td>" in text
    assert "149.00\u00a0USD" in text
    assert "SSL PLUS" not in text
