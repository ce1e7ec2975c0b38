"""Connections that nobody uses: an order that has begun is served all the same."""

import asyncio
import resource
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from typing import TypeVar

import pytest
from aiohttp import ClientConnectionError

from tests.attacks.siege import Siege

T = TypeVar("T")

_CONNECTIONS = 700
_MOST_TRIES = 40


@pytest.fixture
def many_sockets() -> None:
    """This process may open as many files as the system lets it."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@asynccontextmanager
async def _bare_connections(port: int) -> AsyncIterator[None]:
    """All are made when it begins, and none asks for anything; the server may end them."""
    loop = asyncio.get_running_loop()
    with ExitStack() as stack:
        for _ in range(_CONNECTIONS):
            bare = stack.enter_context(socket.socket())
            bare.setblocking(False)
            await loop.sock_connect(bare, ("127.0.0.1", port))
        yield


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
        await _patiently(siege.issue)
    log = siege.served.server.log.read_text()
    assert "front.cannot_accept" not in log
    assert "oo many open files" not in log
