"""From a customer's complaint to its cause: refusals with cures, orders event by event."""

import re
from collections.abc import AsyncIterator

import pytest

from gateway.rules.acme.cures import CURES
from tests.integration.console.conftest import MOST_STATEMENTS
from tests.integration.console.test_subscriptions import LIST, NAME, rows_of
from tests.support.acme_client import AcmeClient, Eab, make_csr
from tests.support.challenge_server import ChallengeServer, challenge_server
from tests.support.console import ConsolePerson
from tests.support.gateway import RunningGateway
from tests.support.shop import Shop

REFUSALS = f"{LIST}/refusals"


@pytest.fixture
async def shop(gateway: RunningGateway) -> Shop:
    await gateway.at("2025-01-10T15:30:00Z")
    return Shop(gateway)


@pytest.fixture
async def eab(shop: Shop) -> Eab:
    made = (await shop.do("PREREGISTER", serverUrl=shop.gateway.directory_url))["Accounts"][0]
    await shop.add(made["acmeAccountID"], NAME)
    return Eab(made["eabMACIDb64url"], made["eabMACKeyb64url"])


@pytest.fixture
async def client(gateway: RunningGateway, eab: Eab) -> AcmeClient:
    client = AcmeClient(gateway.session, gateway.directory_url)
    await client.register(eab)
    return client


@pytest.fixture
async def web(gateway: RunningGateway) -> AsyncIterator[ChallengeServer]:
    async with challenge_server(gateway.http_port) as server:
        yield server


async def refusals(
    gateway: RunningGateway, person: ConsolePerson, query: str = ""
) -> dict[str, str]:
    """What the page shows, by name; refusals that wait in memory are written first."""
    await gateway.services.refusals.flush()
    answer = await person.get(f"{REFUSALS}?{query}")
    assert answer.status == 200
    return rows_of(answer, "refused")


async def test_an_order_is_shown_from_new_order_to_its_certificate(
    gateway: RunningGateway,
    reseller: ConsolePerson,
    eab: Eab,
    client: AcmeClient,
    web: ChallengeServer,
) -> None:
    placed = await client.new_order(NAME)
    url = placed.headers["Location"]
    await web.prove(client, placed.json["authorizations"][0])
    order = await client.settled(url)
    await client.finalize(order, make_csr([NAME]))
    await client.settled(url, pending=("ready", "processing"))
    account = await reseller.get(f"{LIST}/accounts/{eab.kid}")
    [(order_id, row)] = rows_of(account, "acme-order").items()
    assert f"{NAME} valid" in row
    shown = await reseller.get(f"{LIST}/orders/{order_id}")
    assert list(rows_of(shown, "event")) == [
        "order.placed",
        "authorization.validated",
        "order.ready",
        "certificate.issued",
    ]
    proven = rows_of(shown, "event")["authorization.validated"]
    assert f"Control of the name was proven. (http-01) {NAME}" in proven
    assert "valid http-01 valid" in rows_of(shown, "challenge")["http-01"]
    serial = await gateway.pool.fetchval("SELECT serial FROM ca.certificate")
    assert serial in shown.text
    names = rows_of(await reseller.get(f"{LIST}/{eab.kid}"), "name")
    assert serial in names[NAME]


async def test_a_failed_order_says_why_in_the_words_that_the_client_got(
    gateway: RunningGateway,
    reseller: ConsolePerson,
    eab: Eab,
    client: AcmeClient,
    web: ChallengeServer,
) -> None:
    placed = await client.new_order(NAME)
    challenge = await client.challenge(placed.json["authorizations"][0], "http-01")
    web.responses[challenge["token"]] = "something <b>else</b>"
    await client.post(challenge["url"], {})
    order = await client.settled(placed.headers["Location"])
    assert order["status"] == "invalid"
    detail = order["error"]["detail"]
    order_id = await gateway.pool.fetchval('SELECT id FROM acme."order"')
    shown = await reseller.get(f"{LIST}/orders/{order_id}")
    events = rows_of(shown, "event")
    assert list(events) == ["order.placed", "authorization.failed", "order.failed"]
    assert detail in events["order.failed"]
    assert "<b>else" not in shown.text
    [(name, row)] = (await refusals(gateway, reseller, f"kid={eab.kid}")).items()
    assert name == NAME
    assert "control not proven" in row
    assert "Mend what the text says" in row


async def test_an_operator_finds_the_events_of_an_order_from_its_name_id_or_serial(
    gateway: RunningGateway,
    reseller: ConsolePerson,
    operator: ConsolePerson,
    client: AcmeClient,
    web: ChallengeServer,
) -> None:
    placed = await client.new_order(NAME)
    challenge = await client.challenge(placed.json["authorizations"][0], "http-01")
    web.responses[challenge["token"]] = "something else"
    await client.post(challenge["url"], {})
    failed = await client.settled(placed.headers["Location"])
    placed = await client.new_order(NAME)
    await web.prove(client, placed.json["authorizations"][0])
    await client.finalize(await client.settled(placed.headers["Location"]), make_csr([NAME]))
    rows = await gateway.pool.fetch("""SELECT id::text FROM acme."order" ORDER BY created_at""")
    first, second = (row["id"] for row in rows)
    serial = await gateway.pool.fetchval("SELECT serial FROM ca.certificate")
    for sought, orders in ((NAME, {first, second}), (first, {first}), (serial, {second})):
        found = (await operator.get(f"/console/find?q={sought}")).text
        assert set(re.findall(r'href="/console/acme-orders/([^"]+)"', found)) == orders
    shown = await operator.get(f"/console/acme-orders/{first}")
    events = rows_of(shown, "event")
    assert list(events) == ["order.placed", "authorization.failed", "order.failed"]
    assert failed["error"]["detail"] in events["order.failed"]
    own = await reseller.get(f"{LIST}/orders/{first}")
    assert rows_of(own, "event") == events, "the same facts as its reseller sees"
    issued = await operator.get(f"/console/acme-orders/{second}")
    assert f'<a href="/console/issued/{serial}">' in issued.text
    assert (
        f'"/console/acme-orders/{second}"' in (await operator.get(f"/console/issued/{serial}")).text
    )


async def test_an_order_that_was_not_finished_in_time_says_so(
    gateway: RunningGateway, reseller: ConsolePerson, client: AcmeClient
) -> None:
    await client.new_order(NAME)
    order_id = await gateway.pool.fetchval('SELECT id FROM acme."order"')
    shown = await reseller.get(f"{LIST}/orders/{order_id}")
    assert "To be finished by" in shown.text
    await gateway.pool.execute("""UPDATE acme."order" SET expires_at = created_at""")
    await gateway.advance(5)
    shown = await reseller.get(f"{LIST}/orders/{order_id}")
    assert list(rows_of(shown, "event")) == ["order.placed", "order.expired"]
    assert '<dd data-state="invalid">invalid' in shown.text


async def test_a_refused_name_is_found_by_a_part_of_it_with_what_to_do(
    gateway: RunningGateway, reseller: ConsolePerson, eab: Eab, client: AcmeClient
) -> None:
    await client.new_order("missing.example.com", NAME)
    await client.new_order("other.example.net")
    found = await refusals(gateway, reseller, "name=MISSING.example")
    assert list(found) == ["missing.example.com"]
    row = found["missing.example.com"]
    assert "not in the subscription Add the name to the subscription." in row
    assert "ask your reseller to add it" in row
    page = await reseller.get(f"{REFUSALS}?name=missing")
    cure = f"{LIST}/{eab.kid}/add?domainName=missing.example.com"
    assert f'<a href="{cure}">' in page.text
    assert 'data-quote="365.00"' in (await reseller.get(cure)).text
    assert set(await refusals(gateway, reseller)) == {"missing.example.com", "other.example.net"}
    assert await refusals(gateway, reseller, "kid=nobody") == {}


async def test_each_reason_leads_to_its_cure(
    gateway: RunningGateway, reseller: ConsolePerson, shop: Shop, eab: Eab, client: AcmeClient
) -> None:
    await gateway.at("2026-01-15T12:00:00Z")
    await client.new_order(NAME)
    assert "Extend the subscription." in (await refusals(gateway, reseller))[NAME]
    await gateway.at("2026-04-15T12:00:00Z")
    await client.new_order(NAME)
    assert "Add the name anew" in (await refusals(gateway, reseller))[NAME]
    await gateway.at("2025-02-15T12:00:00Z")
    await shop.do("SUSPENDACCOUNT", acmeAccountID=eab.kid)
    await client.new_order(NAME)
    found = await refusals(gateway, reseller)
    assert "Reinstate the account" in " ".join(found.values())
    other = AcmeClient(gateway.session, gateway.directory_url)
    await other.new_account(eab, termsOfServiceAgreed=True)
    found = await refusals(gateway, reseller, f"kid={eab.kid}")
    assert "account could not be bound" in " ".join(found.values())


async def test_a_wrong_mac_key_is_found_by_the_credential(
    gateway: RunningGateway, reseller: ConsolePerson, eab: Eab
) -> None:
    client = AcmeClient(gateway.session, gateway.directory_url)
    await client.new_account(Eab(eab.kid, "A" * 43), termsOfServiceAgreed=True)
    [row] = (await refusals(gateway, reseller, f"kid={eab.kid}")).values()
    assert "The MAC does not verify" in row
    assert "they belong together" in row


async def test_nobody_sees_the_refusals_of_another_reseller(
    gateway: RunningGateway, reseller: ConsolePerson, shop: Shop
) -> None:
    other = await shop.second_reseller("other")
    answer = await other.do("PREREGISTER", serverUrl=gateway.directory_url)
    made = answer["Accounts"][0]
    eab = Eab(made["eabMACIDb64url"], made["eabMACKeyb64url"])
    client = AcmeClient(gateway.session, gateway.directory_url)
    await client.register(eab)
    await client.new_order("theirs.example.com")
    await other.refused("ADDDOMAIN", acmeAccountID=eab.kid, domainName="com")
    await AcmeClient(gateway.session, gateway.directory_url).new_account(
        Eab(eab.kid, "A" * 43), termsOfServiceAgreed=True
    )
    assert await refusals(gateway, reseller) == {}
    assert await refusals(gateway, reseller, f"kid={eab.kid}") == {}
    theirs = ConsolePerson(gateway)
    await theirs.sign_in("other", "secret")
    assert "theirs.example.com" in await refusals(gateway, theirs)


async def test_a_refused_search_is_told_beside_its_field(reseller: ConsolePerson) -> None:
    answer = await reseller.get(f"{REFUSALS}?name={'x' * 256}")
    assert answer.status == 422
    assert 'id="search-name-error"' in answer.text
    assert "Nothing like this was refused" in (await reseller.get(REFUSALS)).text


@pytest.mark.parametrize("path", ["x", "0" * 36, "01890000-0000-7000-8000-000000000000"])
async def test_an_order_that_does_not_exist_is_not_found(
    reseller: ConsolePerson, path: str
) -> None:
    assert (await reseller.get(f"{LIST}/orders/{path}")).status == 404


async def test_pages_of_subscriptions_cost_few_statements(
    gateway: RunningGateway,
    reseller: ConsolePerson,
    eab: Eab,
    client: AcmeClient,
    asked: list[str],
) -> None:
    await client.new_order(NAME)
    order_id = await gateway.pool.fetchval('SELECT id FROM acme."order"')
    for path in (
        "",
        "/new",
        "/refusals",
        f"/{eab.kid}",
        f"/{eab.kid}/clients",
        f"/{eab.kid}/add?domainName=b.example.com",
        f"/{eab.kid}/remove?domainName={NAME}",
        f"/accounts/{eab.kid}",
        f"/orders/{order_id}",
    ):
        asked.clear()
        assert (await reseller.get(f"{LIST}{path}")).status == 200, path
        assert 0 < len(asked) <= MOST_STATEMENTS, (path, asked)


def test_the_table_of_cures_has_every_reason_of_the_gate() -> None:
    import re
    from pathlib import Path

    rules = Path(__file__).parents[3] / "gateway" / "rules"
    text = (rules / "acme" / "issuance.py").read_text()
    text += (rules / "organization" / "links.py").read_text()
    reasons = set(re.findall(r'Refusal\(\s*"(\w+)"', text)) | {
        "prevalidation_missing",
        "prevalidation_not_begun",
    }
    states = ("requested", "in_validation", "expired", "rejected", "superseded")
    reasons |= {f"prevalidation_{each}" for each in states} | {"grace", "expired", "caa"}
    assert len(reasons) > 10
    assert reasons <= set(CURES)
