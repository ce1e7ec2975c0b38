"""Unknown paths ask the database nothing, and new servers are found all the same."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from itertools import count as count_up

import pytest

from tests.integration.web.test_doors import TRIES
from tests.support.attacks import acme_paths, paths_of, request
from tests.support.gateway import RunningGateway
from tests.support.raw_client import RawAnswer, RawClient
from tests.support.server_process import until


@pytest.fixture
async def client(gateway: RunningGateway) -> AsyncIterator[RawClient]:
    made = RawClient(gateway.url, gateway.root_pem)
    yield made
    made.close()


@pytest.fixture
async def asked(gateway: RunningGateway) -> AsyncIterator[list[str]]:
    """What the database was asked, for requests and by background work."""
    found: list[str] = []
    async with AsyncExitStack() as stack:
        for _ in range(gateway.pool.get_max_size()):
            connection = await stack.enter_async_context(gateway.pool.acquire())
            connection.add_query_logger(lambda record: found.append(record.query))
    yield found


def about_servers(asked: list[str]) -> list[str]:
    return [query for query in asked if "FROM acme.server" in query]


async def ask_for_unknown_paths(client: RawClient, number: int) -> list[RawAnswer]:
    sent = [request(b"GET", b"/v9/%d" % each) for each in range(number)]
    return await asyncio.gather(*(client.ask(each) for each in sent))


async def test_unknown_paths_ask_the_database_nothing(client: RawClient, asked: list[str]) -> None:
    counted: list[int] = []
    while len(counted) < TRIES and min(counted, default=1):  # some are beside background work
        asked.clear()
        answers = await ask_for_unknown_paths(client, 60)
        assert {answer.status for answer in answers} == {404}
        counted.append(len(about_servers(asked)))
    assert min(counted) == 0, counted
    asked.clear()
    for path in (b"/v2/DV", b"/v2/DV/directory", b"/v2/DV/order/1"):
        await client.ask(request(b"GET", path))
    assert about_servers(asked) == []


def unknown_paths(gateway: RunningGateway, listener: str) -> list[str]:
    """Below, beside and far from what a listener serves; each ends where a number follows."""
    served = list(paths_of(gateway.sites[listener]))
    if listener == "port":
        served += acme_paths("/v2/DV")
    beside = ["/", "/v2/", "/v2/DV", "/v9/XX/", "/ca/", "/crl/", "/v3/", "//", "/crl/local-9"]
    return sorted({*beside, *(f"{path}/{more}" for path in served for more in ("", "x", "a/b/c"))})


@pytest.mark.parametrize("listener", ["port", "plain_http_port", "metrics_port"])
async def test_no_unknown_path_of_any_door_reaches_the_database(
    gateway: RunningGateway, asked: list[str], listener: str
) -> None:
    port = getattr(gateway.services.settings.listen, listener)
    scheme = "https" if listener == "port" else "http"
    client = RawClient(f"{scheme}://127.0.0.1:{port}", gateway.root_pem)
    numbers = count_up(10)
    for path in unknown_paths(gateway, listener):
        end = ".crl" if path.startswith("/crl/local-") else ""
        for method in (b"GET", b"HEAD", b"POST", b"DELETE", b"OPTIONS"):
            counted: list[list[str]] = []
            while len(counted) < TRIES and all(counted):
                await asyncio.sleep(0.02 * len(counted))  # background work asks too, for a moment
                asked.clear()
                sent = f"{path}{next(numbers)}{end}".encode()
                assert (await client.ask(request(method, sent))).status < 500
                counted.append(list(asked))
            assert not all(counted), (method, path, counted)
    client.close()


async def is_served(client: RawClient, path: str) -> bool:
    return (await client.ask(request(b"GET", path.encode()))).status == 200


async def test_a_server_that_is_added_is_served_soon_while_unknown_paths_come(
    gateway: RunningGateway, client: RawClient
) -> None:
    others = asyncio.create_task(ask_for_unknown_paths(client, 40))
    for number in range(4):
        path = f"/added/{number}"
        assert (await client.ask(request(b"GET", path.encode()))).status == 404
        await gateway.pool.execute(
            """
            INSERT INTO acme.server (id, name, path, validation, product_id, description, position)
            SELECT gen_random_uuid(), $1, $2, 'DV', 608, '', max(position) + 1 FROM acme.server
            """,
            f"added {number}",
            path,
        )
        await until(partial(is_served, client, path), "it is not served")
    await others
