"""People at the console."""

from collections.abc import AsyncIterator, Callable
from contextvars import ContextVar

import pytest
from asyncpg.connection import LoggedQuery

from gateway.sandbox import demo_data
from gateway.web import serving
from gateway.web.door import Exchange, Handler
from tests.support.console import ConsolePerson
from tests.support.gateway import RunningGateway


@pytest.fixture
def people(gateway: RunningGateway) -> Callable[[], ConsolePerson]:
    """Makes people who are not signed in."""
    return lambda: ConsolePerson(gateway)


@pytest.fixture
def person(gateway: RunningGateway) -> ConsolePerson:
    """Somebody who is not signed in."""
    return ConsolePerson(gateway)


@pytest.fixture
async def reseller(people: Callable[[], ConsolePerson]) -> ConsolePerson:
    """The demo reseller, signed in."""
    person = people()
    assert (await person.sign_in()).status == 303
    return person


@pytest.fixture
async def operator(people: Callable[[], ConsolePerson]) -> ConsolePerson:
    """The demo operator, an admin, signed in."""
    person = people()
    answer = await person.sign_in(demo_data.OPERATOR, demo_data.OPERATOR_PASSWORD)
    assert answer.status == 303
    return person


MOST_STATEMENTS = 6
"""Of a page."""


@pytest.fixture
async def asked(
    gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[list[str]]:
    """The statements of requests for pages, without those of the sandbox's clock."""
    found: list[str] = []
    in_request = ContextVar("in_request", default=False)

    def note(record: LoggedQuery) -> None:  # is called in a copy of the caller's context
        if in_request.get() and "sandbox.clock" not in record.query:
            found.append(record.query)

    def marked(exchange: Exchange) -> Handler:
        if exchange.door.name == "console":  # other doors begin work that goes on behind them
            in_request.set(True)
        return handler(exchange)

    handler = serving._handler
    monkeypatch.setattr(serving, "_handler", marked)
    connections = [await gateway.pool.acquire() for _ in range(gateway.pool.get_max_size())]
    for each in connections:
        each.add_query_logger(note)
        await gateway.pool.release(each)
    yield found
    connections = [await gateway.pool.acquire() for _ in range(gateway.pool.get_max_size())]
    for each in connections:
        each.remove_query_logger(note)
        await gateway.pool.release(each)


async def bought_from(gateway: RunningGateway) -> list[int]:
    """The numbers of all orders, oldest first."""
    rows = await gateway.pool.fetch("SELECT order_number FROM reseller.purchase ORDER BY 1")
    return [row["order_number"] for row in rows]
