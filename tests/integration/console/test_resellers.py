"""Resellers for operators: the list, adding, settings, deposits, the ledger."""

import asyncio
from decimal import Decimal

import pytest

from gateway.sandbox import demo_data
from tests.support.console import ConsolePerson
from tests.support.gateway import RunningGateway
from tests.support.looked_up import demo_reseller
from tests.support.shop import Shop

RESELLERS = "/console/resellers"
NEW = {
    "login": "fresh",
    "password": "a long password",
    "currency": "EUR",
    "renewal_mode": "auto",
}


async def one(gateway: RunningGateway) -> str:
    return f"{RESELLERS}/{await demo_reseller(gateway)}"


async def test_a_reseller_is_added_and_can_sign_in(
    gateway: RunningGateway, operator: ConsolePerson, person: ConsolePerson
) -> None:
    answer = await operator.submit(f"{RESELLERS}/add", "add-reseller", **NEW)
    assert answer.status == 303
    page = await operator.get(answer.to)
    assert "<h1>fresh</h1>" in page.text
    assert 'data-reseller-balance="0.00"' in page.text
    assert "No money has moved yet." in page.text
    assert (await person.sign_in("fresh", "a long password")).status == 303
    query = "SELECT actor FROM audit.event WHERE action = 'reseller.added' AND subject = 'fresh'"
    assert await gateway.pool.fetchval(query) == f"operator:{demo_data.OPERATOR}"


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("login", "", "Enter a value here."),
        ("login", "x" * 65, "at most 64 characters"),
        ("login", "a b", "no space"),
        ("login", "demo", "is taken"),
        ("login", demo_data.OPERATOR, "is an operator&#39;s name"),
        ("login", "default", "names the default price list"),
        ("password", "short", "12 to 128 characters"),
        ("currency", "XXX", "ISO 4217"),
        ("currency", "usd", "ISO 4217"),
        ("renewal_mode", "never", "Choose one of the options."),
    ],
)
async def test_what_is_wrong_with_a_new_reseller_is_shown_and_nothing_added(
    gateway: RunningGateway, operator: ConsolePerson, field: str, value: str, shown: str
) -> None:
    sent = {**NEW, field: value}
    answer = await operator.submit(f"{RESELLERS}/add", "add-reseller", **sent)
    assert answer.status == 422
    assert shown in answer.text
    assert NEW["password"] not in answer.text
    assert await gateway.pool.fetchval("SELECT count(*) FROM reseller.account") == 1


async def test_a_deposit_is_booked_once_however_often_it_is_sent(
    gateway: RunningGateway, operator: ConsolePerson
) -> None:
    path = await one(gateway)
    fields = {**(await operator.get(path)).hidden("deposit"), "amount": "12.34", "note": "invoice"}
    sent = [operator.post(f"{path}/deposit", fields) for _ in range(3)]
    assert {each.status for each in await asyncio.gather(*sent)} == {303}
    page = await operator.get(path)
    assert "12.34 USD booked; the balance is 10012.34 USD." in page.text
    assert 'data-reseller-balance="10012.34"' in page.text
    assert "<td>invoice</td>" in page.text


@pytest.mark.parametrize("amount", ["", "0", "-5.00", "1e3", "1.234", "99999999999", "9999999999"])
async def test_an_amount_that_cannot_be_booked_moves_nothing(
    gateway: RunningGateway, operator: ConsolePerson, amount: str
) -> None:
    path = await one(gateway)
    answer = await operator.submit(path, "deposit", amount=amount, note="kept input")
    assert answer.status == 422
    assert 'value="kept input"' in answer.text
    assert await Shop(gateway).balance() == Decimal("10000.00")


async def test_settings_are_shown_as_they_are_and_changed(
    gateway: RunningGateway, operator: ConsolePerson
) -> None:
    path = await one(gateway)
    answer = await operator.submit(
        path,
        "reseller-settings",
        renewal_mode="auto",
        credit_limit="50",
        tier1="",
        networks="192.0.2.0/24, 2001:db8::/32",
    )
    assert answer.status == 303
    page = await operator.get(path)
    assert 'value="192.0.2.0/24 2001:db8::/32"' in page.text
    assert 'value="50.00"' in page.text
    assert '<option value="auto" selected>' in page.text


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("credit_limit", "-1", "a credit limit is not negative"),
        ("credit_limit", "much", "Enter an amount like 365.00."),
        ("tier1", "nobody", "there is no reseller"),
        ("tier1", "demo", "cannot be its own Tier-1 account"),
        ("networks", "192.0.2.1/24", "not a network in CIDR notation"),
        ("networks", "x" * 2001, "at most 2000 characters"),
    ],
)
async def test_settings_that_cannot_be_change_nothing(
    gateway: RunningGateway, operator: ConsolePerson, field: str, value: str, shown: str
) -> None:
    path = await one(gateway)
    sent = {"renewal_mode": "auto", "credit_limit": "1.00", "tier1": "", "networks": ""}
    answer = await operator.submit(path, "reseller-settings", **{**sent, field: value})
    assert answer.status == 422
    assert shown in answer.text
    assert await gateway.pool.fetchval("SELECT renewal_mode FROM reseller.account") == "manual"


async def test_a_suspended_reseller_is_kept_out_until_it_is_reinstated(
    gateway: RunningGateway, operator: ConsolePerson
) -> None:
    path = await one(gateway)
    assert (await operator.submit(path, "suspend-reseller")).status == 303
    assert 'data-state="suspended"' in (await operator.get(path)).text
    assert (await gateway.action("PREREGISTER", serverUrl=gateway.directory_url))[0] == 403
    assert (await operator.submit(path, "reinstate-reseller")).status == 303
    assert (await gateway.action("PREREGISTER", serverUrl=gateway.directory_url))[0] == 200


async def test_the_list_is_searched_sorted_and_paged_on_the_server(
    gateway: RunningGateway, operator: ConsolePerson
) -> None:
    await gateway.pool.execute(
        """
        INSERT INTO reseller.account (id, login, password_hash, created_at)
        SELECT gen_random_uuid(), 'shop-' || lpad(number::text, 3, '0'), 'x', now()
          FROM generate_series(1, 120) AS number
        """
    )
    page = await operator.get(f"{RESELLERS}?login=SHOP-&sort=-login&page=2")
    assert page.text.count("data-reseller=") == 50
    assert page.text.index("shop-070") < page.text.index("shop-021")
    assert "Page 2 of 3, 120 in all" in page.text
    file = await operator.get(f"{RESELLERS}.csv?login=shop-")
    assert file.headers["Content-Disposition"] == 'attachment; filename="resellers.csv"'
    assert len(file.text.splitlines()) == 121
    assert "No reseller is found." in (await operator.get(f"{RESELLERS}?login=%25")).text
    assert (await operator.get(f"{RESELLERS}?status=odd")).status == 422
    assert (await operator.get(f"{RESELLERS}?sort=password_hash")).status == 200


async def test_a_long_ledger_is_shown_piece_by_piece_and_whole_as_csv(
    gateway: RunningGateway, operator: ConsolePerson
) -> None:
    await gateway.pool.execute(
        """
        INSERT INTO reseller.ledger_entry (account_id, amount, balance_after, kind, booked_at, note)
        SELECT $1::text::uuid, 0.01, 0, 'deposit', now(), '=cell'
          FROM generate_series(1, 1100)
        """,
        await demo_reseller(gateway),
    )
    path = await one(gateway)
    page = await operator.get(path)
    assert page.text.count("data-entry=") == 50
    assert f'href="{path}?older=' in page.text
    [older] = [part.split('"')[0] for part in page.text.split('href="') if "?older=" in part]
    following = await operator.get(older)
    assert following.text.count("data-entry=") == 50
    assert "Newest" in following.text
    assert (await operator.get(f"{path}?older=nonsense")).text.count("data-entry=") == 50
    file = (await operator.get(f"{path}/ledger.csv")).text.splitlines()
    assert len(file) == 1102
    assert file[1].endswith(",'=cell")


async def test_who_may_not_change_sees_no_forms(
    gateway: RunningGateway, operator: ConsolePerson
) -> None:
    await gateway.pool.execute("UPDATE operation.operator SET role = 'support'")
    page = await operator.get(await one(gateway))
    assert page.status == 200
    assert page.text.count('<form method="post"') == 1
    assert "/console/audit" not in page.text
    assert "Add a reseller" not in (await operator.get(RESELLERS)).text


@pytest.mark.parametrize("key", ["0", "nonsense", "0190b7a2-0000-7000-8000-000000000000", "%00"])
async def test_a_reseller_that_is_none_is_not_found(operator: ConsolePerson, key: str) -> None:
    assert (await operator.get(f"{RESELLERS}/{key}")).status == 404
    assert (await operator.get(f"{RESELLERS}/{key}/ledger.csv")).status == 404
