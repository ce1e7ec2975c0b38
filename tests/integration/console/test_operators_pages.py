"""What holds for all pages of operators: who sees which, and what a page costs."""

import re
from collections.abc import Callable

import pytest

from gateway.doors.console.door import page_groups
from gateway.doors.console.routes import BASE, PageRoute
from gateway.sandbox import demo_data
from tests.integration.console.test_every_route import OBJECTS, path_of
from tests.support.console import ConsolePerson
from tests.support.gateway import RunningGateway

PAGES = [
    route
    for group in page_groups()
    for route in group.routes
    if route.method == "GET" and route.who.permission is not None
]
NAVIGATION = {
    "admin": [
        *("Queues", "Search", "Resellers", "Prices", "Background work", "Destinations"),
        *("Issuers", "Health", "Audit log", "Operators", "Settings"),
    ],
    "support": [
        *("Queues", "Search", "Resellers", "Prices", "Background work", "Destinations"),
        *("Issuers", "Health", "Settings"),
    ],
    "auditor": [
        *("Queues", "Search", "Resellers", "Prices", "Background work", "Destinations"),
        *("Issuers", "Health", "Audit log", "Settings"),
    ],
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
    gateway: RunningGateway, people: Callable[[], ConsolePerson], route: PageRoute
) -> None:
    operator = people()
    await operator.sign_in(demo_data.OPERATOR, demo_data.OPERATOR_PASSWORD)
    named = re.findall(r"\{(\w+)", route.path)
    path = path_of(route, **{name: await OBJECTS[name](gateway) for name in named})
    asked: list[str] = []
    connections = [await gateway.pool.acquire() for _ in range(gateway.pool.get_max_size())]
    for each in connections:
        each.add_query_logger(lambda record: asked.append(record.query))
        await gateway.pool.release(each)
    query = "?q=www.example.com&subject=x&reseller=demo"
    answer = await operator.get(f"{path}{query if route.path != '/prices/remove' else ''}")
    assert answer.status == (303 if route.path == "/prices/remove" else 200)
    own = [each for each in asked if not _of_the_background(each)]
    assert 2 <= len(own) <= 6, own


def _of_the_background(query: str) -> bool:
    """Whether a statement is of the work that every process does beside its pages."""
    return any(
        each in query
        for each in ("job.", "pg_notify", "notice.cursor", "notice.delivery", "notice.event")
    ) and not any(each in query for each in ("ops.jobs", "jobs_failed"))
