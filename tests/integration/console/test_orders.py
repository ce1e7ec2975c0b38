"""Report on Your Orders, and the refund from it.

Each test's name is a sentence of "Maintaining SiteLock products", or a rule that follows from one.
"""

import csv
import re
from decimal import Decimal
from html import unescape

import pytest

from gateway.usecases.money.order_report import STATUSES
from tests.integration.console.conftest import MOST_STATEMENTS
from tests.integration.sitelock.conftest import SiteLockClient
from tests.support.console import ConsolePerson, PageAnswer
from tests.support.gateway import RunningGateway
from tests.support.shop import Shop

REPORT = "/console/orders"
BOUGHT = "2025-01-10T12:00:00Z"
_ROW = re.compile(r'<tr data-order="(\d+)">(.*?)</tr>', re.DOTALL)
_BUTTON = re.compile(
    r'<button type="(\w+)"( aria-disabled="true")? data-refund="([\w-]+)"'
    r' aria-describedby="([\w-]+)">Refund</button>\s*<span class="refund-state">([\w ]+)</span>'
    r'\s*<span class="details" role="tooltip" id="([\w-]+)">(.*?)</span>',
    re.DOTALL,
)


def rows(answer: PageAnswer) -> list[int]:
    return [int(each[1]) for each in _ROW.finditer(answer.text)]


def words(html: str) -> str:
    return " ".join(unescape(re.sub("<[^>]*>", "", html)).split())


async def button(person: ConsolePerson, number: int) -> tuple[str, bool, str]:
    """State, whether a click does something, and description of an order's Refund button."""
    answer = await person.get(f"{REPORT}?orders={number}")
    [row] = [each[2] for each in _ROW.finditer(answer.text) if int(each[1]) == number]
    found = _BUTTON.search(row)
    assert found is not None, row
    assert found[4] == found[6]
    assert found[5] == found[3].replace("-", " ")
    acts = found[1] == "submit" and found[2] is None
    return found[3], acts, words(found[7])


@pytest.fixture
async def shop(gateway: RunningGateway) -> Shop:
    await gateway.at(BOUGHT)
    return Shop(gateway)


@pytest.fixture
def site(gateway: RunningGateway, shop: Shop) -> SiteLockClient:
    return SiteLockClient(gateway, shop)


async def add(shop: Shop, name: str, **fields: str) -> int:
    answer = await shop.do(
        "ADDDOMAIN", acmeAccountID=await shop.credential(), domainName=name, **fields
    )
    return int(answer["orderNumber"])


async def order(site: SiteLockClient, product: str = "1060", **fields: str) -> int:
    return int((await site.order(product, **fields))["orderNumber"])


async def refund(person: ConsolePerson, number: int, reason: str = "10") -> PageAnswer:
    return await person.submit(f"{REPORT}/{number}/refund", "refund", reason=reason)


async def test_the_page_contains_fields_to_search_for_products_previously_purchased(
    reseller: ConsolePerson,
) -> None:
    page = await reseller.get(REPORT)
    assert "<h1>Report on Your Orders</h1>" in page.text
    for name in ("orders", "from", "to", "name", "product", "status"):
        assert f'name="{name}"' in page.text
    assert '<button type="submit">Run report</button>' in page.text
    assert rows(page) == []
    assert "run the report" in page.text


async def test_you_can_search_by_order_number_date_of_purchase_and_other_criteria(
    gateway: RunningGateway, reseller: ConsolePerson, shop: Shop, site: SiteLockClient
) -> None:
    first = await add(shop, "one.example")
    second = await order(site, "1060,1068")
    await gateway.at("2025-02-10T12:00:00Z")
    third = await add(shop, "two_.example".replace("_", ""))
    both = f"{first}%2C+{second}"
    for query, found in {
        "orders=": {first, second, third},
        f"orders={first}": {first},
        f"orders={both}": {first, second},
        f"orders={first}+{third}": {first, third},
        "from=2025-02-01": {third},
        "to=2025-01-10": {first, second},
        "from=2025-01-10&to=2025-01-10": {first, second},
        "name=SHOP": {second},
        "name=.example": {first, second, third},
        "name=%25": set(),
        "name=_": set(),
        "product=1068": {second},
        "product=sitelock": {second},
        "product=backup": {second},
        "product=DV": {first, third},
        "product=608": {first, third},
        "product=%25": set(),
        "status=Current": {first, second, third},
        "status=Refunded": set(),
        f"orders={both}&name=one": {first},
    }.items():
        answer = await reseller.get(f"{REPORT}?{query}")
        assert set(rows(answer)) == found, query
        assert found or "No order matches" in answer.text


async def test_days_of_the_search_are_those_of_the_viewers_zone(
    reseller: ConsolePerson, shop: Shop
) -> None:
    number = await add(shop, "one.example")  # at noon in UTC: the 11th in Auckland
    reseller.cookies["zone"] = "Pacific/Auckland"
    assert rows(await reseller.get(f"{REPORT}?to=2025-01-10")) == []
    assert rows(await reseller.get(f"{REPORT}?from=2025-01-11&to=2025-01-11")) == [number]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("orders=abc", "orders"),
        ("orders=-1", "orders"),
        (f"orders={2**63}", "orders"),
        ("orders=" + "1," * 101, "orders"),
        ("orders=" + "1" * 3000, "orders"),
        ("from=yesterday", "from"),
        ("to=2025-02-30", "to"),
        ("from=2025-02-02&to=2025-02-01", "to"),
        ("name=" + "x" * 256, "name"),
        ("product=" + "x" * 65, "product"),
        ("status=Gone", "status"),
        ("name=%00", "name"),
    ],
)
async def test_what_is_wrong_with_a_search_stands_beside_its_field_and_the_rest_stays(
    reseller: ConsolePerson, query: str, field: str
) -> None:
    kept = "&name=kept" if field != "name" else "&product=kept"
    for path in (REPORT, f"{REPORT}/csv"):
        answer = await reseller.get(f"{path}?{query}{kept}")
        assert answer.status == 422
        assert f'id="report-{field}-error"' in answer.text
        assert 'value="kept"' in answer.text
        assert f'action="{REPORT}"' in answer.text


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
async def test_the_first_and_the_last_day_of_all_can_be_searched(
    reseller: ConsolePerson, shop: Shop, day: str
) -> None:
    await add(shop, "one.example")
    for zone in ("Pacific/Auckland", "America/Los_Angeles"):
        reseller.cookies["zone"] = zone
        for field in ("from", "to"):
            assert (await reseller.get(f"{REPORT}?{field}={day}")).status == 200


async def test_results_are_paged_sorted_and_all_of_them_are_in_the_csv_file(
    gateway: RunningGateway, reseller: ConsolePerson, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.usecases.money.order_report._PART", 7)
    account = await shop.credential()
    await gateway.pool.execute("UPDATE reseller.account SET credit_limit = 100000")
    numbers = []
    for each in range(53):
        name = f"{'*.' if each % 2 else ''}n{each}.example"
        answer = await shop.do("ADDDOMAIN", acmeAccountID=account, domainName=name)
        numbers.append(answer["orderNumber"])
    first = await reseller.get(f"{REPORT}?orders=")
    second = await reseller.get(f"{REPORT}?orders=&page=2")
    assert rows(first) + rows(second) == sorted(numbers, reverse=True)
    assert "Page 1 of 2, 53 in all" in first.text
    for sort in ("order", "date", "product", "cost", "status"):
        up = rows(await reseller.get(f"{REPORT}?name=&sort={sort}"))
        down = rows(await reseller.get(f"{REPORT}?name=&sort=-{sort}&page=2"))
        assert down == up[2::-1]
    cheapest = rows(await reseller.get(f"{REPORT}?name=&sort=cost"))
    assert cheapest[:27] == numbers[::2]
    assert rows(await reseller.get(f"{REPORT}?name=&sort=nonsense")) == rows(first)
    href = re.search(r'href="([^"]*)" download', (await reseller.get(f"{REPORT}?name=n1")).text)
    assert href is not None
    for path, count in ((f"{REPORT}/csv", 53), (unescape(href[1]), 11)):
        file = await reseller.get(path)
        assert file.headers["Content-Type"].startswith("text/csv")
        header, *lines = list(csv.reader(file.text.splitlines()))
        assert header[0] == "order number"
        assert len({line[0] for line in lines}) == len(lines) == count
        assert all(line[8] == "eligible" for line in lines)


async def test_a_report_costs_few_statements_and_describes_only_its_page(
    reseller: ConsolePerson, shop: Shop, asked: list[str]
) -> None:
    await add(shop, "one.example")
    asked.clear()
    await reseller.get(f"{REPORT}?orders=")
    assert 0 < len(asked) <= MOST_STATEMENTS, asked


async def test_a_green_button_means_that_the_product_is_eligible(
    reseller: ConsolePerson, shop: Shop, site: SiteLockClient
) -> None:
    for number, deadline in (
        (await add(shop, "one.example"), "2025-02-09 12:00"),
        (await order(site), "2025-01-24 12:00"),
    ):
        state, acts, description = await button(reseller, number)
        assert (state, acts) == ("eligible", True)
        assert description == f"Eligible for a refund before {deadline}."
        page = await reseller.get(f"{REPORT}/{number}/refund")
        assert "<h1>Customer Refund Order</h1>" in page.text


async def test_a_grey_button_means_that_it_is_not_and_says_why_in_words(
    gateway: RunningGateway, reseller: ConsolePerson, shop: Shop, site: SiteLockClient
) -> None:
    name, annual = await add(shop, "one.example"), await order(site)
    monthly = await order(site, days="30", domainName="monthly.example")
    free = await add(shop, "free.example")
    await gateway.pool.execute(
        "UPDATE reseller.purchase SET cost = 0 WHERE order_number = $1", free
    )
    await gateway.at("2025-02-09T12:00:00Z")
    over = "Not eligible for a refund. The refund period ended at"
    for number, why in (
        (name, f"{over} 2025-02-09 12:00."),
        (annual, f"{over} 2025-01-24 12:00."),
        (monthly, "Not eligible for a refund. Only annual licences are refunded."),
        (free, "Not eligible for a refund. Nothing was charged for it."),
    ):
        assert await button(reseller, number) == ("not-eligible", False, why)
        page = await reseller.get(f"{REPORT}/{number}/refund")
        assert why in words(page.text)
        assert 'id="refund"' not in page.text


async def test_once_refunded_the_button_is_red_and_shows_when_how_much_and_why(
    gateway: RunningGateway, reseller: ConsolePerson, shop: Shop, site: SiteLockClient
) -> None:
    for number, amount in (
        (await add(shop, "one.example"), "365.00"),
        (await order(site), "149.00"),
    ):
        before = await shop.balance()
        answer = await refund(reseller, number)
        assert (answer.status, answer.to) == (303, f"{REPORT}?orders={number}")
        page = await reseller.get(answer.to)
        assert f"Order {number} is refunded: {amount} USD paid back." in page.text
        assert await shop.balance() == before + Decimal(amount)
        assert await button(reseller, number) == (
            "refunded",
            False,
            f"Refunded on 2025-01-10 12:00: {amount} USD. Reason: A better price elsewhere.",
        )


async def test_a_refund_by_another_door_says_why_too(
    reseller: ConsolePerson, shop: Shop, site: SiteLockClient
) -> None:
    account = await shop.credential()
    added = await shop.do("ADDDOMAIN", acmeAccountID=account, domainName="one.example")
    await shop.do("REMOVEDOMAIN", acmeAccountID=account, domainName="one.example")
    licence, cancelled = await order(site), await order(site, domainName="other.example")
    await site.refund(str(licence), "6")
    await site.cancel(str(cancelled), "1060")
    for number, why in (
        (added["orderNumber"], "The name was removed."),
        (licence, "Revoked because of malware."),
        (cancelled, "The licence was cancelled."),
    ):
        state, _, description = await button(reseller, number)
        assert state == "refunded"
        assert description.endswith(f"Reason: {why}")


@pytest.mark.parametrize("number", ["0", "1", "abc", str(2**63), "9" * 300, "-1"])
async def test_an_order_that_there_is_not_is_not_found(
    reseller: ConsolePerson, number: str
) -> None:
    assert (await reseller.get(f"{REPORT}/{number}/refund")).status == 404


async def test_markup_in_what_is_searched_for_is_text(reseller: ConsolePerson) -> None:
    page = await reseller.get(f"{REPORT}?name=%3Cscript%3E&product=%22%3E%3Cb%3E")
    assert "<script>" not in page.text.split("</head>")[1]
    assert "<b>" not in page.text


def test_every_status_can_be_chosen() -> None:
    from gateway.doors.console.pages.orders import SEARCH

    field = SEARCH.field("status")
    assert field is not None
    assert [value for value, _ in field.options] == list(STATUSES)
