"""The servers that a process knows while its database is away."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import asyncpg
import pytest

from gateway.doors.acme.door import Servers
from gateway.ids import new_id
from gateway.store.acme.servers import Server


@pytest.fixture
async def away() -> AsyncIterator[Any]:
    """The pool of a database that refuses connections."""
    pool = asyncpg.create_pool("postgresql://a:b@127.0.0.1:1/c", min_size=0)
    async with pool:
        yield pool


async def test_an_unknown_path_is_of_no_server_of_the_list_that_was_read_last(away: Any) -> None:
    servers = Servers(away, "")
    servers.offer([Server(new_id(), "a", "/a", "DV", 608, "", "any", ["local"])])
    assert await servers.find("/b") is None
    found = await servers.find("/a/order")
    assert found is not None
    assert found[1] == "order"


async def test_an_empty_list_was_read_too(away: Any) -> None:
    servers = Servers(away, "")
    servers.offer([])
    assert await servers.find("/b") is None


async def test_nothing_is_said_of_a_path_before_a_list_was_read(away: Any) -> None:
    with pytest.raises(OSError):
        await Servers(away, "").find("/a")


async def test_a_failure_that_nobody_waits_for_is_no_fault_of_the_event_loop(away: Any) -> None:
    faults: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
    servers = Servers(away, "")
    waiting = asyncio.create_task(servers.find("/a"))
    await asyncio.sleep(0)
    waiting.cancel()
    with suppress(asyncio.CancelledError):
        await waiting
    while servers._read_at < 0:  # noqa: ASYNC110  nothing tells of the end of a reading
        await asyncio.sleep(0.01)
    await asyncio.sleep(0)
    del waiting
    gc.collect()
    assert faults == []
