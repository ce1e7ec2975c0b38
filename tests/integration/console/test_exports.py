"""Files of lists: how many rows they have is said before they are asked for."""

import csv
import re
from html import unescape
from io import StringIO

import pytest

from tests.support.console import ConsolePerson
from tests.support.gateway import RunningGateway
from tests.support.looked_up import demo_reseller
from tests.support.shop import Shop

_LINK = re.compile(r'<p class="export"><a href="([^"]+)" download>.*?</p>', re.DOTALL)
_ROWS = re.compile(r'data-rows="(\d+)">([^<]+)<')


@pytest.fixture
async def names(gateway: RunningGateway) -> None:
    """Three names in two subscriptions, which are three orders."""
    shop = Shop(gateway)
    first, second = await shop.credential(), await shop.credential()
    for account, name in ((first, "a.example"), (first, "b.example"), (second, "c.example")):
        await shop.add(account, name)


async def exported(person: ConsolePerson, path: str) -> tuple[str, int]:
    """What stands beside the link to a file, and how many rows the file has."""
    [found] = _LINK.finditer((await person.get(path)).text)
    file = await person.get(unescape(found[1]))
    assert file.status == 200
    return found[0], len(list(csv.reader(StringIO(file.text)))) - 1


@pytest.mark.parametrize(
    ("path", "rows"),
    [
        ("/console/orders?status=", 3),
        ("/console/subscriptions", 2),
        ("/console/statement", 4),
    ],
)
async def test_the_link_to_a_file_says_how_many_rows_it_has(
    reseller: ConsolePerson, names: None, path: str, rows: int
) -> None:
    link, found = await exported(reseller, path)
    assert found == rows
    assert _ROWS.findall(link) == [(str(rows), f"{rows} rows")]


async def test_one_row_is_no_rows(operator: ConsolePerson, names: None) -> None:
    link, found = await exported(operator, "/console/resellers")
    assert found == 1
    assert _ROWS.findall(link) == [("1", "1 row")]


async def test_of_lists_that_are_too_long_to_be_counted_the_link_says_so(
    gateway: RunningGateway, operator: ConsolePerson, names: None
) -> None:
    for path in ("/console/audit", f"/console/resellers/{await demo_reseller(gateway)}"):
        link, _ = await exported(operator, path)
        assert "as many rows as there are: they are sent while they are read" in link
