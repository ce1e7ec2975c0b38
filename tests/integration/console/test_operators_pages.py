"""What holds for all pages of operators: who sees which, and what a page costs."""

import re

import pytest

from gateway.doors.console.door import page_groups
from gateway.doors.console.routes import BASE, PageRoute
from tests.integration.console.conftest import MOST_STATEMENTS
from tests.integration.console.objects import OBJECTS, path_of
from tests.support.console import ConsolePerson
from tests.support.gateway import RunningGateway

PAGES = [
    route
    for group in page_groups()
    for route in group.routes
    if route.method == "GET" and route.who.permission is not None
]
_FOR_ALL = (
    *("Queues", "Search", "Bulk revocation", "Resellers", "Prices", "Background work"),
    *("Destinations", "Issuers", "Health"),
)
NAVIGATION = {
    "admin": [*_FOR_ALL, "Audit log", "Operators", "Settings"],
    "support": [*_FOR_ALL, "Settings"],
    "auditor": [*_FOR_ALL, "Audit log", "Settings"],
}


@pytest.mark.parametrize("role", NAVIGATION)
async def test_each_role_finds_its_pages_in_the_navigation(
    gateway: RunningGateway, operator: ConsolePerson, role: str
) -> None:
    await gateway.pool.execute("UPDATE operation.operator SET role = $1", role)
    page = (await operator.get("/console/settings")).text
    navigation = page.partition('aria-label="Pages">')[2].partition("</nav>")[0]
    links = re.findall(r'<a href="([^"]+)"[^>]*>([^<]+)</a>', navigation)
    assert [label for _, label in links] == NAVIGATION[role]
    for path, _ in links:
        assert (await operator.get(path)).status == 200, path
    home = await operator.get("/console/")
    assert home.to == f"{BASE}/queues"


@pytest.mark.parametrize("route", [pytest.param(each, id=each.path) for each in PAGES])
async def test_a_page_of_operators_costs_at_most_six_statements(
    gateway: RunningGateway, operator: ConsolePerson, asked: list[str], route: PageRoute
) -> None:
    named = re.findall(r"\{(\w+)", route.path)
    path = path_of(route, **{name: await OBJECTS[name](gateway) for name in named})
    asked.clear()
    query = "?q=www.example.com&subject=x&reseller=demo"
    answer = await operator.get(f"{path}{query if route.path != '/prices/remove' else ''}")
    assert answer.status == (303 if route.path == "/prices/remove" else 200)
    assert 1 <= len(asked) <= MOST_STATEMENTS, asked
