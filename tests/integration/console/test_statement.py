"""The statement's pages: entries, days, sums, the CSV file, what ends soon, the threshold."""

import csv
import io
import re
from decimal import Decimal

import pytest

from tests.integration.console.conftest import bought_from
from tests.support.console import ConsolePerson
from tests.support.gateway import RunningGateway
from tests.support.organizations import add_prevalidation
from tests.support.prices import set_name_price
from tests.support.shop import Shop

STATEMENT = "/console/statement"


@pytest.fixture
async def shop(gateway: RunningGateway) -> Shop:
    await gateway.at("2027-03-10T12:00:00Z")
    return Shop(gateway)


def entries(text: str) -> list[str]:
    return re.findall(r'<tr data-entry="\d+">(.*?)</tr>', text, re.DOTALL)


async def test_each_entry_has_its_order_kind_amount_and_the_balance_after_it(
    reseller: ConsolePerson, shop: Shop
) -> None:
    account = await shop.credential()
    await shop.add(account, "shop.example")
    [number] = await bought_from(shop.gateway)
    text = (await reseller.get(STATEMENT)).text
    [entry] = entries(text)
    assert f'<a href="/console/orders?orders={number}">{number}</a>' in entry
    assert "<td>Charge</td>" in entry
    assert "shop.example" in entry
    assert "-365.00\u00a0USD" in entry
    assert "9635.00\u00a0USD" in entry
    assert 'data-opening="10000.00"' in text
    assert 'data-closing="9635.00"' in text


async def test_a_month_has_its_own_entries_and_the_balance_before_them(
    reseller: ConsolePerson, shop: Shop
) -> None:
    account = await shop.credential()
    await shop.add(account, "march.example")
    await shop.at("2027-04-02T00:00:00Z")
    await shop.remove(account, "march.example")
    april = (await reseller.get(STATEMENT)).text
    assert "April 2027" in april
    assert len(entries(april)) == 1
    assert "<td>Refund</td>" in april
    assert 'data-opening="9635.00"' in april
    [before] = re.findall(r'<a href="([^"]+)">March 2027</a>', april)
    march = (await reseller.get(before.replace("&amp;", "&"))).text
    assert ["<td>Charge</td>" in each for each in entries(march)] == [True]
    assert 'data-closing="9635.00"' in march


async def test_days_without_entries_say_what_to_do(reseller: ConsolePerson, shop: Shop) -> None:
    text = (await reseller.get(f"{STATEMENT}?from=2020-01-01&to=2020-01-31")).text
    assert "No money moved in these days. Choose another month, or other days." in text
    assert 'data-closing="0.00"' in text


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("from=yesterday", "Enter a day like 2026-01-31."),
        ("to=2027-02-30", "Enter a day like 2026-01-31."),
        ("from=20270101", "Enter a day like 2026-01-31."),
        ("from=2999-01-01", "Enter a day like 2026-01-31."),
        ("from=2027-03-02&to=2027-03-01", "The last day is before the first."),
        ("from=%00", "Enter a day like 2026-01-31."),
        ("from=2199-12-31", ""),
        ("to=2000-01-01", ""),
    ],
)
async def test_wrong_days_are_shown_beside_their_fields(
    reseller: ConsolePerson, shop: Shop, query: str, shown: str
) -> None:
    answer = await reseller.get(f"{STATEMENT}?{query}")
    assert answer.status == (422 if shown else 200)
    assert shown in answer.text
    file = await reseller.get(f"{STATEMENT}.csv?{query}")
    assert file.status == (303 if shown else 200)
    if shown:
        assert shown in (await reseller.get(file.to)).text


async def test_the_list_is_sorted_and_paged_by_the_server(
    gateway: RunningGateway, reseller: ConsolePerson, shop: Shop
) -> None:
    async with gateway.pool.acquire() as connection:
        now = await gateway.services.clock.now()
        await set_name_price(connection, now, login=None, yearly="1.00")
    account = await shop.credential()
    for number in range(51):
        await shop.add(account, f"{'*.' if number == 20 else ''}n{number}.example")
    amounts = {
        sort: re.findall(
            r"<td>(-?[\d.]+)\u00a0USD</td>\n<td>[\d.]+\u00a0USD</td>\n</tr>",
            (await reseller.get(f"{STATEMENT}?sort={sort}")).text,
        )
        for sort in ("amount", "-amount", "booked", "-booked", "nonsense")
    }
    assert amounts["amount"][0] == "-1095.00"
    assert len(amounts["-amount"]) == 50
    assert "-1095.00" not in amounts["-amount"]
    assert amounts["booked"] != amounts["-booked"] == amounts["nonsense"]
    second = (await reseller.get(f"{STATEMENT}?page=2")).text
    assert "Page 2 of 2, 51 in all" in second
    assert len(entries(second)) == 1


async def test_the_csv_file_has_all_entries_of_the_days(
    reseller: ConsolePerson, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.usecases.money.statement._ROWS_A_READ", 2)
    account = await shop.credential()
    for number in range(5):
        await shop.add(account, f"n{number}.example")
    answer = await reseller.get(f"{STATEMENT}.csv?from=2027-03-01&to=2027-03-31")
    assert answer.headers["Content-Type"].startswith("text/csv")
    header, *rows = csv.reader(io.StringIO(answer.text))
    assert header[:5] == ["Booked (UTC)", "Kind", "Amount", "Currency", "Balance after"]
    assert [row[6] for row in rows] == [f"n{number}.example" for number in range(5)]
    assert [row[5] for row in rows] == [str(each) for each in await bought_from(shop.gateway)]
    assert rows[0][:5] == ["2027-03-10 12:00:00", "Charge", "-365.00", "USD", "9635.00"]
    none = await reseller.get(f"{STATEMENT}.csv?from=2020-01-01&to=2020-01-31")
    assert len(none.text.splitlines()) == 1


async def test_what_ends_in_90_days_stands_there_with_what_it_costs_to_go_on(
    gateway: RunningGateway, reseller: ConsolePerson, shop: Shop
) -> None:
    empty = (await reseller.get(f"{STATEMENT}/due")).text
    assert "Nothing ends in the next 90 days." in empty
    account = await shop.credential()
    await shop.add(account, "*.shop.example")
    await shop.add(account, "shop.example")
    await shop.add(account, "other.example")
    number = await add_prevalidation(gateway, "acme.example", expires="2028-02-01T23:59:59Z")
    await shop.at("2027-11-01T00:00:00Z")
    assert "Nothing ends" in (await reseller.get(f"{STATEMENT}/due")).text
    await shop.at("2028-01-15T00:00:00Z")
    text = (await reseller.get(f"{STATEMENT}/due")).text
    assert re.findall(r'data-ending="([^"]+)"', text) == [str(number), account]
    cost = await shop.extend(account, quoteOnly="Y")
    assert cost == Decimal("1460.00")
    assert f'data-due="{cost}"' in text
    await shop.at("2028-03-20T00:00:00Z")
    assert "(can still be extended)" in (await reseller.get(f"{STATEMENT}/due")).text


async def test_the_threshold_of_low_balance_is_set_shown_and_cleared(
    gateway: RunningGateway, reseller: ConsolePerson
) -> None:
    assert "below 100.00\u00a0USD" in (await reseller.get(STATEMENT)).text
    answer = await reseller.submit(STATEMENT, "low-balance", amount="250.50")
    assert (answer.status, answer.to) == (303, STATEMENT)
    text = (await reseller.get(STATEMENT)).text
    assert "below 250.50\u00a0USD" in text
    assert 'name="amount" value="250.50"' in text
    await reseller.submit(STATEMENT, "low-balance", amount="")
    assert "below 100.00\u00a0USD" in (await reseller.get(STATEMENT)).text
    rows = await gateway.pool.fetch(
        "SELECT actor, after FROM audit.event WHERE action = 'reseller.low_balance_set' ORDER BY id"
    )
    assert [row["after"]["lowBalance"] for row in rows] == ["250.50", None]
    assert {row["actor"] for row in rows} == {"reseller:demo"}


@pytest.mark.parametrize("amount", ["-1.00", "1.001", "much", "1" * 20, "NaN"])
async def test_a_threshold_that_is_no_amount_is_shown_beside_its_field(
    reseller: ConsolePerson, amount: str
) -> None:
    answer = await reseller.submit(STATEMENT, "low-balance", amount=amount)
    assert answer.status == 422
    assert 'id="low-balance-amount-error"' in answer.text


async def test_an_order_of_another_reseller_is_named_and_not_linked(
    gateway: RunningGateway, reseller: ConsolePerson, shop: Shop
) -> None:
    await gateway.pool.execute(
        """
        WITH other AS (
            INSERT INTO reseller.account (id, login, password_hash, currency, created_at)
            VALUES (gen_random_uuid(), 'below', 'x', 'USD', '2026-01-01')
            RETURNING id
        ), bought AS (
            INSERT INTO reseller.purchase (account_id, kind, cost, currency, days, purchased_at)
            SELECT id, 'add_domain', 5, 'USD', 365, '2027-03-10T12:00:00Z' FROM other
            RETURNING order_number
        )
        INSERT INTO reseller.ledger_entry
               (account_id, amount, balance_after, kind, order_number, booked_at)
        SELECT account.id, -5, 0, 'charge', order_number, '2027-03-10T12:00:00Z'
          FROM bought, reseller.account
         WHERE account.login = 'demo'
        """
    )
    [entry] = entries((await reseller.get(STATEMENT)).text)
    assert "Reseller below" in entry
    assert "href" not in entry
