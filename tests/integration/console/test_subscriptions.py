"""Subscriptions at the console: list, names bought and removed by a quote, credential, accounts."""

import csv
import io
import re
from html import unescape

import pytest

from tests.support.console import ConsolePerson, PageAnswer
from tests.support.gateway import RunningGateway
from tests.support.issued import acme_account
from tests.support.shop import Shop

LIST = "/console/subscriptions"
NAME = "www.example.com"
BOUGHT = "2025-01-10T15:30:00Z"


@pytest.fixture
async def shop(gateway: RunningGateway) -> Shop:
    await gateway.at(BOUGHT)
    return Shop(gateway)


@pytest.fixture
async def kid(shop: Shop) -> str:
    """A credential without a subscription."""
    return await shop.credential()


def rows_of(answer: PageAnswer, attribute: str = "subscription") -> dict[str, str]:
    """The rows of a table with the text in them, by what they are marked with."""
    found = re.findall(rf'<tr data-{attribute}="([^"]*)"[^>]*>(.*?)</tr>', answer.text, re.DOTALL)
    return {
        name: " ".join(unescape(re.sub(r"<[^>]+>", " ", cells)).split()) for name, cells in found
    }


async def confirm(person: ConsolePerson, page: str, form: str, **fields: str) -> PageAnswer:
    """Asks for a quote by the page's address, and confirms it."""
    return await person.submit(page, form, **fields)


# --- the list ------------------------------------------------------------------------------------


async def test_the_list_shows_what_expires_first_and_expired_ones_last(
    gateway: RunningGateway, reseller: ConsolePerson, shop: Shop, kid: str
) -> None:
    over, later, sooner = [await shop.credential() for _ in range(3)]
    await gateway.at("2023-01-10T00:00:00Z")
    await shop.add(over, "over.example.com")
    await gateway.at("2025-01-12T00:00:00Z")
    await shop.add(later, "later.example.com")
    await gateway.at("2024-12-10T00:00:00Z")
    await shop.add(sooner, "sooner.example.com")
    await gateway.at("2025-01-12T00:00:00Z")
    rows = rows_of(await reseller.get(LIST))
    assert list(rows) == [sooner, later, kid, over]
    assert "active" in rows[sooner]
    assert "not started" in rows[kid]
    assert "expired" in rows[over]
    turned = rows_of(await reseller.get(f"{LIST}?sort=-expires"))
    assert list(turned)[:2] == [later, sooner]
    for column in ("kid", "server", "created", "active"):
        assert len(rows_of(await reseller.get(f"{LIST}?sort=-{column}"))) == 4


async def test_a_subscription_is_found_by_name_key_id_account_order_and_status(
    gateway: RunningGateway, reseller: ConsolePerson, shop: Shop, kid: str
) -> None:
    await shop.credential()
    number = (await shop.do("ADDDOMAIN", acmeAccountID=kid, domainName=NAME))["orderNumber"]
    now = await gateway.services.clock.now()
    account = await acme_account(gateway.pool, kid, now)
    for query in (
        "name=example.c",
        "name=WWW.Example.com.",
        f"kid={kid}",
        f"kid={account}",
        f"orderNumber={number}",
        "status=active",
    ):
        assert list(rows_of(await reseller.get(f"{LIST}?{query}"))) == [kid], query
    for query in ("name=other", "kid=nothing", "orderNumber=1", "status=grace", "name=%25"):
        answer = await reseller.get(f"{LIST}?{query}")
        assert rows_of(answer) == {}
        assert "Nothing is found." in answer.text
    answer = await reseller.get(f"{LIST}?orderNumber=x&status=odd")
    assert answer.status == 422
    assert "Enter the number of an order" in answer.text


async def test_an_empty_list_says_what_to_do(
    gateway: RunningGateway, reseller: ConsolePerson
) -> None:
    answer = await reseller.get(LIST)
    assert "There is no subscription yet." in answer.text
    assert f'<a href="{LIST}/new">Pre-register an account</a>' in answer.text


async def test_the_csv_has_all_that_the_search_finds_not_only_the_page(
    gateway: RunningGateway, reseller: ConsolePerson, shop: Shop
) -> None:
    await gateway.pool.execute(
        """
        INSERT INTO subscription.eab_credential
               (kid, reseller_id, server_id, encrypted_mac_key, term_days, created_at)
        SELECT 'many' || number, account.id, server.id, '', 365,
               '2025-01-01Z'::timestamptz + (number / 7) * interval '1 second'
          FROM reseller.account, acme.server, generate_series(1, 1203) AS number
         WHERE login = 'demo' AND name = 'DV'
        """
    )
    kid = await shop.credential()
    await shop.add(kid, NAME)
    assert len(rows_of(await reseller.get(LIST))) == 50
    answer = await reseller.get(f"{LIST}/export")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    [header, *rows] = csv.reader(io.StringIO(answer.text))
    assert header[0] == "EAB key id"
    assert len({row[0] for row in rows}) == len(rows) == 1204
    [found] = list(csv.reader(io.StringIO((await reseller.get(f"{LIST}/export?name=www")).text)))[
        1:
    ]
    assert (found[0], found[2], found[4]) == (kid, "active", "1")
    assert (await reseller.get(f"{LIST}/export?orderNumber=x")).status == 422


# --- pre-registering -----------------------------------------------------------------------------


@pytest.mark.parametrize(("server", "years"), [("DV", "1"), ("DV", "3"), ("OV", "2")])
async def test_an_account_is_preregistered_for_every_server_and_term(
    gateway: RunningGateway, reseller: ConsolePerson, server: str, years: str
) -> None:
    page = await reseller.get(f"{LIST}/new")
    url = f"{gateway.url}/v2/{server}"
    assert f'<option value="{url}">' in page.text
    answer = await reseller.submit(f"{LIST}/new", "preregister", serverUrl=url, years=years)
    assert answer.status == 303
    kid = answer.to.removeprefix(f"{LIST}/").removesuffix("/add")  # where its first name is added
    row = await gateway.pool.fetchrow(
        "SELECT term_days FROM subscription.eab_credential WHERE kid = $1", kid
    )
    assert row is not None
    assert row["term_days"] == int(years) * 365
    shown = (await reseller.get(f"{LIST}/{kid}")).text
    assert "The subscription starts when its first name is added." in shown
    [event] = await gateway.pool.fetch(
        "SELECT actor FROM audit.event WHERE action = 'credential.added' AND subject = $1", kid
    )
    assert event["actor"] == "reseller:demo"


@pytest.mark.parametrize(
    "wrong", [{"serverUrl": "https://other.example/v2/DV"}, {"serverUrl": ""}, {"years": "4"}]
)
async def test_a_server_or_term_that_is_none_is_refused_beside_its_field(
    gateway: RunningGateway, reseller: ConsolePerson, wrong: dict[str, str]
) -> None:
    fields = {"serverUrl": gateway.directory_url, "years": "1", **wrong}
    answer = await reseller.submit(f"{LIST}/new", "preregister", **fields)
    assert answer.status == 422
    assert f'id="preregister-{next(iter(wrong))}-error"' in answer.text
    assert await gateway.pool.fetchval("SELECT count(*) FROM subscription.eab_credential") == 0


# --- the credential and its accounts -------------------------------------------------------------


async def test_the_mac_key_is_shown_on_demand_only_and_each_time_is_audited(
    gateway: RunningGateway, reseller: ConsolePerson, shop: Shop
) -> None:
    eab = await shop.do("PREREGISTER", serverUrl=gateway.directory_url)
    kid, key = eab["Accounts"][0]["acmeAccountID"], eab["Accounts"][0]["eabMACKeyb64url"]
    page = await reseller.get(f"{LIST}/{kid}")
    assert key not in page.text
    fields = page.hidden("secret")
    for times in (1, 2):
        answer = await reseller.post(page.action("secret"), fields)
        assert answer.status == 200
        assert f"<code data-secret>{key}</code>" in answer.text
        assert answer.headers["Cache-Control"] == "no-store"
        assert key not in str(answer.cookies)
        events = await gateway.pool.fetch(
            "SELECT actor, after FROM audit.event WHERE action = 'credential.secret_shown'"
        )
        assert [each["actor"] for each in events] == ["reseller:demo"] * times
        # Whoever was signed out meanwhile comes back to a page, not to what the form was sent to.
        assert answer.hidden("suspend")["back"] == f"{LIST}/{kid}"
    assert key not in (await reseller.get(f"{LIST}/{kid}")).text
    filled = await reseller.submit(f"{LIST}/{kid}/clients", "fill-in")
    assert key in filled.text
    count = "SELECT count(*) FROM audit.event WHERE action = 'credential.secret_shown'"
    assert await gateway.pool.fetchval(count) == 3


async def test_the_commands_have_the_values_of_the_account(
    gateway: RunningGateway, reseller: ConsolePerson, shop: Shop, kid: str
) -> None:
    await shop.add(kid, "*.shop.example.net", addAssociatedFQDN="Y")
    text = unescape((await reseller.get(f"{LIST}/{kid}/clients")).text)
    found = dict(re.findall(r'data-client="([^"]+)"><code>(.*?)</code>', text, re.DOTALL))
    assert f'--server "{gateway.directory_url}" --eab-kid "{kid}"' in found["certbot"]
    assert "-d shop.example.net" in found["certbot"]
    assert "-d '*.shop.example.net'" in found["certbot wildcard"]
    assert "--alias wildcard.shop.example.net" in found["dehydrated wildcard"]
    assert f"key_id {kid}" in found["caddy"]
    assert f"MDExternalAccountBinding {kid} ${{EAB_MAC_KEY}}" in found["mod_md"]
    assert f"kid: '{kid}'" in found["acme-client"]
    assert not re.search(r"DIRECTORY|EAB_KID[^=]|www\.example\.com", "".join(found.values()))


@pytest.mark.parametrize("whole", [True, False], ids=["credential", "account"])
async def test_accounts_are_suspended_reinstated_and_deactivated(
    gateway: RunningGateway, reseller: ConsolePerson, kid: str, whole: bool
) -> None:
    now = await gateway.services.clock.now()
    other = await acme_account(gateway.pool, kid, now)
    page = f"{LIST}/{kid}" if whole else f"{LIST}/accounts/{other}"

    async def states() -> list[tuple[str, bool]]:
        rows = await gateway.pool.fetch(
            "SELECT status, suspended FROM acme.account ORDER BY id = $1", other
        )
        return [tuple(row) for row in rows]

    assert (await reseller.submit(page, "suspend")).to == page
    assert await states() == [("pending", whole), ("pending", True)]
    assert "suspended" in (await reseller.get(page)).text
    assert (await reseller.submit(page, "reinstate")).to == page
    assert await states() == [("pending", False)] * 2
    unticked = await reseller.submit(page, "deactivate")
    assert unticked.status == 422
    assert 'id="deactivate-acknowledged-error"' in unticked.text
    assert await states() == [("pending", False)] * 2
    assert (await reseller.submit(page, "deactivate", acknowledged="Y")).to == page
    assert [each[0] for each in await states()] == [
        "deactivated" if whole else "pending",
        "deactivated",
    ]
    assert "deactivate-acknowledged" not in (await reseller.get(page)).text


async def test_accounts_show_client_address_and_last_activity(
    gateway: RunningGateway, reseller: ConsolePerson, kid: str
) -> None:
    await gateway.pool.execute(
        """
        UPDATE acme.account
           SET user_agent = 'CertbotACMEClient/5.8 <b>', ip_address = '192.0.2.7',
               last_activity = '2025-01-09T12:00Z'
        """
    )
    answer = await reseller.get(f"{LIST}/{kid}")
    row = rows_of(answer, "account")[kid]
    assert "CertbotACMEClient/5.8 <b> 192.0.2.7 2025-01-09 12:00" in row
    assert "<b>" not in answer.text.split("<main")[1]
