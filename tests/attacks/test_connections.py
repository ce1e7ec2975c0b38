"""Connections that nobody uses: an order that has begun is served all the same."""

import asyncio
import resource
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import pytest
from aiohttp import ClientConnectionError

from tests.attacks.siege import NAME, Siege
from tests.support.csrs import csr

T = TypeVar("T")

_CONNECTIONS = 700
_AT_A_TIME = 50
_MOST_TRIES = 40


@pytest.fixture
def many_sockets() -> None:
    """This process may open as many files as the system lets it."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@asynccontextmanager
async def _bare_connections(port: int) -> AsyncIterator[None]:
    """All are open when it begins; one that the server ends is opened again."""
    loop = asyncio.get_running_loop()

    async def hold(opened: asyncio.Event) -> None:
        while True:
            with socket.socket() as bare:
                bare.setblocking(False)
                await loop.sock_connect(bare, ("127.0.0.1", port))
                opened.set()
                try:
                    await loop.sock_recv(bare, 1)
                except OSError:
                    continue

    events = [asyncio.Event() for _ in range(_CONNECTIONS)]
    tasks = []
    try:
        for begun in range(0, _CONNECTIONS, _AT_A_TIME):
            some = events[begun : begun + _AT_A_TIME]
            tasks += [loop.create_task(hold(event)) for event in some]
            await asyncio.gather(*(event.wait() for event in some))
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _patiently(request: Callable[[], Awaitable[T]]) -> T:
    """As clients do whose connection ended: they come again."""
    for _ in range(_MOST_TRIES):
        try:
            return await request()
        except ClientConnectionError:
            continue
    return await request()


async def test_an_order_is_served_while_bare_connections_take_all_descriptors(
    narrow_siege: Siege, many_sockets: None
) -> None:
    siege = narrow_siege
    async with _bare_connections(siege.port), asyncio.timeout(120):
        for _ in range(3):
            await _patiently(lambda: _issue(siege))


async def _issue(siege: Siege) -> None:
    client = siege.client
    placed = await client.new_order(NAME)
    assert placed.status == 201, placed.body
    order = await siege.prove(placed.headers["Location"], placed.json)
    finalized = await client.finalize(order, csr([NAME]))
    assert (finalized.status, finalized.json["status"]) == (200, "valid")


async def test_a_gateway_never_uses_up_its_descriptors(
    narrow_siege: Siege, many_sockets: None
) -> None:
    async with _bare_connections(narrow_siege.port), asyncio.timeout(120):
        await _patiently(lambda: _issue(narrow_siege))
    log = narrow_siege.served.server.log.read_text()
    assert "front.cannot_accept" not in log
    assert "oo many open files" not in log
