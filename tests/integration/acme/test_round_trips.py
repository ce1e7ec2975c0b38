"""How often a warm process asks the database for a request (docs/architecture.md)."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import pytest

from tests.integration.acme.conftest import Customer, ReadyOrder
from tests.support.acme_client import AcmeClient, Answer
from tests.support.challenge_server import ChallengeServer
from tests.support.csrs import csr

_BESIDES = (
    "sandbox.clock",  # production's clock asks nobody
    "SKIP LOCKED",  # background work
    "gateway:validation",
    "WHERE id = ANY ($1) AND status = 'processing'",
)


REPEATED = 8

Request = Callable[[], Awaitable[Awaitable[Answer]]]
"""Prepares a request, and gives what sends it."""


class Statements:
    """What the pool's connections were asked, background work and the sandbox's clock aside."""

    def __init__(self) -> None:
        self._asked: list[str] = []

    def note(self, record: Any) -> None:
        if not any(text in record.query for text in _BESIDES):
            self._asked.append(record.query)

    async def when_warm(self, request: Request, status: int = 200) -> int:
        """The fewest statements of the same request repeated: a cold connection sends more."""
        counted = []
        for _ in range(REPEATED):
            prepared = await request()
            self._asked.clear()
            answer = await prepared
            assert answer.status == status, answer.body
            counted.append(len(self._asked))
        return min(counted)


@pytest.fixture
async def statements(gateway: Any) -> AsyncIterator[Statements]:
    noted = Statements()
    async with AsyncExitStack() as stack:
        for _ in range(gateway.pool.get_max_size()):
            connection = await stack.enter_async_context(gateway.pool.acquire())
            connection.add_query_logger(noted.note)
    yield noted


def again(send: Callable[[], Awaitable[Answer]]) -> Request:
    """A request that needs no preparation."""

    async def prepare() -> Awaitable[Answer]:
        return send()

    return prepare


async def test_a_nonce_costs_no_round_trip(client: AcmeClient, statements: Statements) -> None:
    url = await client.url("newNonce")
    assert await statements.when_warm(again(lambda: client.request("HEAD", url))) == 0


async def test_the_directory_costs_no_round_trip(
    client: AcmeClient, statements: Statements, gateway: Any
) -> None:
    url = gateway.directory_url
    assert await statements.when_warm(again(lambda: client.request("GET", url))) == 0


async def test_the_list_of_orders_costs_one_round_trip(
    client: AcmeClient, statements: Statements, ready_order: ReadyOrder
) -> None:
    await ready_order()
    assert (
        await statements.when_warm(again(partial(client.post, f"{client.account_url}/orders"))) == 1
    )


async def test_reading_costs_one_round_trip(
    client: AcmeClient, statements: Statements, ready_order: ReadyOrder
) -> None:
    order = await ready_order()
    authorization = order["authorizations"][0]
    challenge = await client.challenge(authorization, "http-01")
    for url in (order["url"], authorization, challenge["url"], str(client.account_url)):
        assert await statements.when_warm(again(partial(client.post, url))) == 1


async def test_an_order_costs_two_round_trips(
    customer: Customer, client: AcmeClient, statements: Statements
) -> None:
    names = iter(f"n{number}.example.org" for number in range(2 * REPEATED))
    await customer.buy(*(f"n{number}.example.org" for number in range(2 * REPEATED)))

    async def place() -> Awaitable[Answer]:
        return client.new_order(next(names), next(names))

    assert await statements.when_warm(place, 201) == 2


async def test_answering_a_challenge_costs_two_round_trips(
    customer: Customer, client: AcmeClient, statements: Statements, web: ChallengeServer
) -> None:
    names = [f"n{number}.example.org" for number in range(REPEATED)]
    await customer.buy(*names)

    async def answer() -> Awaitable[Answer]:
        order = (await client.new_order(names.pop())).json
        challenge = await client.challenge(order["authorizations"][0], "http-01")
        web.responses[challenge["token"]] = client.key_authorization(challenge["token"])
        return client.post(challenge["url"], {})

    assert await statements.when_warm(answer) == 2


async def test_a_certificate_costs_three_round_trips_and_its_download_one(
    customer: Customer, client: AcmeClient, statements: Statements, ready_order: ReadyOrder
) -> None:
    names = [f"n{number}.example.org" for number in range(REPEATED)]
    await customer.buy(*names)
    urls = []

    async def finalize() -> Awaitable[Answer]:
        name = names.pop()
        order = await ready_order(name)
        urls.append(order["url"])
        return client.finalize(order, csr([name]))

    assert await statements.when_warm(finalize) == 3
    finalized = (await client.post(urls[0])).json
    assert await statements.when_warm(again(partial(client.post, finalized["certificate"]))) == 1
