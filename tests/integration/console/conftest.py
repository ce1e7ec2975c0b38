"""People at the console."""

from collections.abc import Callable

import pytest

from gateway.sandbox import demo_data
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


async def bought_from(gateway: RunningGateway) -> list[int]:
    """The numbers of all orders, oldest first."""
    rows = await gateway.pool.fetch("SELECT order_number FROM reseller.purchase ORDER BY 1")
    return [row["order_number"] for row in rows]
