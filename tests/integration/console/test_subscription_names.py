"""Names of a subscription at the console: quoted first, then added, extended and removed once."""

import asyncio
import re
from html import unescape

import pytest

from tests.integration.console.test_subscriptions import BOUGHT, LIST, NAME, confirm, rows_of
from tests.support.console import ConsolePerson
from tests.support.gateway import RunningGateway
from tests.support.issued import acme_order, certificate, revocation
from tests.support.organizations import add_prevalidation, ov_credential
from tests.support.shop import Shop


@pytest.fixture
async def shop(gateway: RunningGateway) -> Shop:
    await gateway.at(BOUGHT)
    return Shop(gateway)


@pytest.fixture
async def kid(shop: Shop) -> str:
    """A credential without a subscription."""
    return await shop.credential()


async def test_a_name_is_added_at_the_price_that_was_shown_with_the_balance_after_it(
    reseller: ConsolePerson, shop: Shop, kid: str
) -> None:
    asked = f"{LIST}/{kid}/add?domainName=example.com&addAssociatedFQDN=Y"
    page = await reseller.get(asked)
    assert '<strong data-quote="365.00">365.00\N{NO-BREAK SPACE}USD</strong>' in page.text
    assert "the balance is 9635.00\N{NO-BREAK SPACE}USD after it" in page.text
    assert "Add example.com and www.example.com" in page.text
    answer = await confirm(reseller, asked, "add")
    assert (answer.status, answer.to) == (303, f"{LIST}/{kid}")
    assert await shop.domains(kid) == {
        "example.com": "2026-01-10T23:59:59Z",
        "www.example.com": "2026-01-10T23:59:59Z",
    }
    shown = await reseller.get(answer.to)
    assert "example.com and www.example.com added for 365.00 USD" in shown.text
    rows = rows_of(shown, "name")
    assert "paid" in rows["example.com"]
    assert "free with example.com" in rows["www.example.com"]
    assert '<strong data-balance="9635.00">' in shown.text


async def test_looking_at_a_quote_buys_nothing(
    reseller: ConsolePerson, shop: Shop, kid: str
) -> None:
    await shop.add(kid, NAME)
    before = await shop.state()
    for path in ("add?domainName=b.example.com", "extend?years=1", f"remove?domainName={NAME}"):
        assert (await reseller.get(f"{LIST}/{kid}/{path}")).status in (200, 422)
    assert await shop.state() == before


async def test_a_price_that_has_changed_since_is_asked_again(
    reseller: ConsolePerson, shop: Shop, kid: str
) -> None:
    asked = f"{LIST}/{kid}/add?domainName={NAME}"
    page = await reseller.get(asked)
    await shop.set_price("400.00")
    before = await shop.state()
    answer = await reseller.post(page.action("add"), page.hidden("add"))
    assert answer.status == 409
    assert "The price is 400.00 USD now, not 365.00 USD. Nothing was bought" in answer.text
    assert await shop.state() == before
    answer = await reseller.post(answer.action("add"), answer.hidden("add"))
    assert answer.status == 303
    assert await shop.balance() == 9600


async def test_after_the_session_has_ended_the_same_purchase_is_shown_to_be_confirmed(
    gateway: RunningGateway, reseller: ConsolePerson, shop: Shop, kid: str
) -> None:
    asked = f"{LIST}/{kid}/add?domainName={NAME}&addAssociatedFQDN=N"
    page = await reseller.get(asked)
    await gateway.pool.execute("DELETE FROM operation.session")
    answer = await reseller.post(page.action("add"), page.hidden("add"))
    assert answer.status == 401
    kept = dict(re.findall(r'name="(next|kept)" value="([^"]*)"', answer.text))
    back = await reseller.sign_in(**{name: unescape(value) for name, value in kept.items()})
    assert back.to == asked
    again = await reseller.get(back.to)
    assert "You were signed out before this was sent." in again.text
    assert await shop.domains(kid) == {}
    assert (await reseller.post(again.action("add"), again.hidden("add"))).status == 303
    assert list(await shop.domains(kid)) == [NAME]


@pytest.mark.parametrize("form", ["add", "extend", "remove"])
async def test_a_form_that_is_sent_twice_pays_once(
    gateway: RunningGateway, reseller: ConsolePerson, shop: Shop, kid: str, form: str
) -> None:
    await shop.add(kid, NAME)
    query = {"add": "domainName=b.example.com", "extend": "years=1", "remove": f"domainName={NAME}"}
    if form == "extend":
        await gateway.at("2025-12-10T12:00:00Z")
    page = await reseller.get(f"{LIST}/{kid}/{form}?{query[form]}")
    fields = page.hidden(form)
    answers = await asyncio.gather(
        *(reseller.post(page.action(form), fields) for _ in range(3)), return_exceptions=False
    )
    assert {(each.status, each.to) for each in answers} == {(303, f"{LIST}/{kid}")}
    moved = await gateway.pool.fetchval(
        "SELECT count(*) FROM reseller.ledger_entry WHERE kind <> 'deposit'"
    )
    assert moved == 2  # the first name, and what the form did


async def test_a_subscription_is_extended_at_the_price_that_was_shown(
    gateway: RunningGateway, reseller: ConsolePerson, shop: Shop, kid: str
) -> None:
    await shop.add(kid, NAME)
    early = await reseller.get(f"{LIST}/{kid}/extend?years=1")
    assert early.status == 422
    assert "There is no subscription that can be extended now" in early.text
    assert ">Extend</a>" not in (await reseller.get(f"{LIST}/{kid}")).text
    await gateway.at("2025-12-10T12:00:00Z")
    assert ">Extend</a>" in (await reseller.get(f"{LIST}/{kid}")).text
    asked = f"{LIST}/{kid}/extend?years=2"
    assert 'data-quote="730.00"' in (await reseller.get(asked)).text
    assert (await confirm(reseller, asked, "extend")).status == 303
    assert await shop.domains(kid) == {NAME: "2028-01-10T23:59:59Z"}
    assert (await reseller.get(f"{LIST}/{kid}/extend?years=4")).status == 422


async def test_a_name_is_removed_after_saying_what_goes_with_it_and_what_is_paid_back(
    gateway: RunningGateway, reseller: ConsolePerson, shop: Shop, kid: str
) -> None:
    await shop.add(kid, "*.example.com", addAssociatedFQDN="Y")
    asked = f"{LIST}/{kid}/remove?domainName=*.example.com"
    page = await reseller.get(asked)
    assert "Remove *.example.com and example.com" in page.text
    assert 'data-quote="1095.00"' in page.text
    assert "the balance is 10000.00\N{NO-BREAK SPACE}USD after it" in page.text
    free = await reseller.get(f"{LIST}/{kid}/remove?domainName=example.com")
    assert "Nothing is paid back" in free.text
    assert (await confirm(reseller, asked, "remove")).status == 303
    assert await shop.domains(kid) == {}
    assert await shop.balance() == 10000
    again = await reseller.get(asked)
    assert again.status == 422
    assert "The name is not in the subscription any more." in again.text


async def test_a_refund_that_has_changed_since_is_asked_again(
    gateway: RunningGateway, reseller: ConsolePerson, shop: Shop, kid: str
) -> None:
    await shop.add(kid, NAME)
    page = await reseller.get(f"{LIST}/{kid}/remove?domainName={NAME}")
    await gateway.at("2025-03-10T15:30:00Z")
    answer = await reseller.post(page.action("remove"), page.hidden("remove"))
    assert answer.status == 409
    assert "The refund is 0.00 now, not 365.00. Nothing was removed" in answer.text
    assert list(await shop.domains(kid)) == [NAME]
    answer = await reseller.post(answer.action("remove"), answer.hidden("remove"))
    assert answer.status == 303
    assert await shop.domains(kid) == {}


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("domainName=", "Enter a value here."),
        (f"domainName={'x' * 256}", "Enter a domain name"),
        ("domainName=com", "Enter a domain name"),
        ("domainName=a%20b.example.com", "Enter a domain name"),
        ("domainName=a.example.com&domainName=b.example.com", "Enter a domain name"),
        ("domainName=a.example.com&addAssociatedFQDN=x", "Choose"),
        (f"domainName={NAME}", "The name is in the subscription already."),
        ("domainName=b.example.com&ovAnchorOrderNumber=1", "A DV server takes no pre-validation."),
    ],
)
async def test_a_name_that_cannot_be_added_is_refused_in_words(
    reseller: ConsolePerson, shop: Shop, kid: str, query: str, shown: str
) -> None:
    await shop.add(kid, NAME)
    answer = await reseller.get(f"{LIST}/{kid}/add?{query}")
    assert answer.status == 422
    assert shown in answer.text
    assert "data-quote" not in answer.text


async def test_what_the_balance_does_not_suffice_for_is_not_bought(
    reseller: ConsolePerson, shop: Shop, kid: str
) -> None:
    asked = f"{LIST}/{kid}/add?domainName={NAME}"
    page = await reseller.get(asked)
    for number in range(9):
        await shop.add(kid, f"*.n{number}.example.com")
    answer = await reseller.post(page.action("add"), page.hidden("add"))
    assert answer.status == 422
    assert "The balance does not suffice." in answer.text
    assert NAME not in await shop.domains(kid)


async def test_names_of_an_ov_subscription_show_their_prevalidation(
    gateway: RunningGateway, reseller: ConsolePerson, shop: Shop
) -> None:
    number = await add_prevalidation(gateway, "example.com", expires="2025-06-30T23:59:59Z")
    kid = (await ov_credential(shop)).kid
    asked = f"{LIST}/{kid}/add?domainName={NAME}"
    without = await reseller.get(asked)
    assert 'id="ask-ovAnchorOrderNumber-error"' in without.text
    foreign = await reseller.get(f"{asked}&ovAnchorOrderNumber=999")
    assert "None of your valid pre-validations has this number" in foreign.text
    answer = await confirm(reseller, f"{asked}&ovAnchorOrderNumber={number}", "add")
    assert answer.status == 303
    assert (
        f"{number}: valid, until 2025-06-30" in rows_of(await reseller.get(answer.to), "name")[NAME]
    )
    await gateway.at("2025-07-01T00:00:00Z")
    assert f"{number}: expired" in rows_of(await reseller.get(answer.to), "name")[NAME]


async def test_each_name_shows_its_last_certificate_and_when_it_will_be_renewed(
    gateway: RunningGateway, reseller: ConsolePerson, shop: Shop, kid: str
) -> None:
    await shop.add(kid, NAME)
    await shop.add(kid, "other.example.com")
    now = await gateway.services.clock.now()
    for _ in range(2):
        order = await acme_order(gateway.pool, kid, NAME, now, "valid", csr=b"")
        serial = await certificate(gateway.pool, order, NAME, now)
    rows = rows_of(await reseller.get(f"{LIST}/{kid}"), "name")
    # 90 days from 2025-01-10 on; a client renews after two thirds of them.
    assert f"{serial}, until 2025-04-10" in rows[NAME]
    assert "2025-03-11" in rows[NAME]
    assert "none none" in rows["other.example.com"]
    await revocation(gateway.pool, serial, now)
    rows = rows_of(await reseller.get(f"{LIST}/{kid}"), "name")
    assert f"{serial}, revoked 2025-01-10" in rows[NAME]
