"""The servers that each process knows: the database announces changes, and nobody polls."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from gateway.db.announcements import Listener
from gateway.db.pool import Pool, open_pool
from gateway.doors.acme.door import Servers
from gateway.process.background import background
from gateway.store.acme.servers import CHANNEL
from tests.integration.process.test_serve import ServedGateway, process, serving
from tests.support.server_process import until

_ADD = """
    INSERT INTO acme.server (id, name, path, validation, product_id, description, position)
    SELECT gen_random_uuid(), $1, $1, 'DV', 608, '', coalesce(max(position), 0) + 1
      FROM acme.server
"""
_LISTENING = """
    FROM pg_stat_activity
   WHERE datname = current_database() AND query LIKE 'LISTEN%gateway_servers%'
"""
_MOST_SECONDS = 10.0


async def soon(holds: Callable[[], bool]) -> None:
    """Fails when it does not hold within seconds; an announcement takes milliseconds."""
    await until(holds, "it does not hold", _MOST_SECONDS)


@contextmanager
def readings_of(servers: Servers) -> Iterator[list[None]]:
    """Grows by one with each reading of the list."""
    readings: list[None] = []
    offer = servers.offer

    def noted(listed: Any) -> None:
        readings.append(None)
        offer(listed)

    servers.offer = noted  # type: ignore[method-assign]
    yield readings


@asynccontextmanager
async def following(database: str) -> AsyncIterator[Servers]:
    """Those of a process of its own."""
    pool = await open_pool(database, min_size=0)
    servers = Servers(pool, database)
    try:
        async with background("servers", servers.follow):
            await soon(lambda: servers._listener.is_up_to_date)
            yield servers
    finally:
        await pool.close()


@pytest.fixture
async def processes(database: str) -> AsyncIterator[list[Servers]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(following(database)) for _ in range(3)]


async def everywhere(processes: list[Servers], path: str, *, known: bool) -> None:
    """Soon all know the path, or none does; asking so makes nobody read."""
    await soon(lambda: all((each.known(path) is not None) == known for each in processes))


async def test_a_server_that_is_added_is_known_to_every_process_though_nobody_asks(
    processes: list[Servers], pool: Pool
) -> None:
    await pool.execute(_ADD, "/new")
    await everywhere(processes, "/new/newNonce", known=True)


async def test_a_server_that_is_removed_is_known_to_no_process(
    processes: list[Servers], pool: Pool
) -> None:
    for statement in ("DELETE FROM acme.server", "TRUNCATE acme.server CASCADE"):
        await pool.execute(_ADD, "/new")
        await everywhere(processes, "/new", known=True)
        await pool.execute(statement)
        await everywhere(processes, "/new", known=False)


async def test_a_server_is_known_by_its_new_path_only(processes: list[Servers], pool: Pool) -> None:
    await pool.execute(_ADD, "/old")
    await everywhere(processes, "/old", known=True)
    await pool.execute("UPDATE acme.server SET path = '/new'")
    await everywhere(processes, "/new", known=True)
    await everywhere(processes, "/old", known=False)


async def test_a_change_that_is_taken_back_is_announced_to_nobody(
    processes: list[Servers], pool: Pool
) -> None:
    with readings_of(processes[0]) as readings:
        async with pool.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            await connection.execute(_ADD, "/never")
            await transaction.rollback()
        await pool.execute(_ADD, "/new")
        await everywhere(processes, "/new", known=True)
    assert len(readings) == 1


async def test_while_changes_are_heard_an_unknown_path_makes_nobody_read(
    processes: list[Servers],
) -> None:
    with readings_of(processes[0]) as readings:
        found = await asyncio.gather(*(processes[0].find(f"/x{n}") for n in range(1_000)))
    assert set(found) == {None}
    assert readings == []


async def test_while_changes_are_not_heard_unknown_paths_share_a_few_readings_a_second(
    database: str, pool: Pool
) -> None:
    loop = asyncio.get_running_loop()
    servers = Servers(pool, database)
    begun_at = loop.time()
    with readings_of(servers) as readings:
        for _ in range(3):
            await asyncio.gather(*(servers.find(f"/x{n}") for n in range(1_000)))
    assert 1 <= len(readings) <= 2 + (loop.time() - begun_at) / 0.25
    await pool.execute(_ADD, "/new")
    assert await servers.find("/new") is not None


async def test_what_changed_during_an_outage_is_known_after_it(
    processes: list[Servers], pool: Pool
) -> None:
    await pool.execute(_ADD, "/old")
    await everywhere(processes, "/old", known=True)
    assert await pool.fetchval(f"SELECT count(pg_terminate_backend(pid)) {_LISTENING}") == 3
    await soon(lambda: not any(each._listener.is_up_to_date for each in processes))
    await pool.execute("UPDATE acme.server SET path = '/new'")
    assert await processes[0].find("/new") is not None  # one reading of its own
    await everywhere(processes, "/new", known=True)
    await everywhere(processes, "/old", known=False)
    await soon(lambda: all(each._listener.is_up_to_date for each in processes))
    assert await pool.fetchval(f"SELECT count(*) {_LISTENING}") == 3
    await pool.execute(_ADD, "/newer")
    await everywhere(processes, "/newer", known=True)


@asynccontextmanager
async def going_silent(database: str) -> AsyncIterator[tuple[str, asyncio.Event]]:
    """A DSN by way of a network that swallows what the database says, once the event is set."""
    silent = asyncio.Event()
    place = parse_qs(urlsplit(database).query)
    socket = f"{place['host'][0]}/.s.PGSQL.{place.get('port', ['5432'])[0]}"

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65_536):
                if not silent.is_set():
                    writer.write(data)
        writer.close()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_unix_connection(socket)
        await asyncio.gather(carry(reader, back), carry(there, writer))

    server = await asyncio.start_server(connect, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    user = urlsplit(database).netloc.rpartition("@")[0]
    try:
        yield f"postgresql://{user}@{host}:{port}{urlsplit(database).path}", silent
    finally:
        server.close()


async def test_a_connection_that_says_nothing_any_more_is_noticed(
    database: str, pool: Pool
) -> None:
    followed = 0

    async def follow() -> None:
        nonlocal followed
        followed += 1

    async with going_silent(database) as (by_network, silent):
        listener = Listener(by_network, pool, CHANNEL, proof_every=0.05, proof_within=4)
        following = asyncio.create_task(listener.follow(follow))
        await soon(lambda: followed > 5)
        assert listener.is_up_to_date
        silent.set()
        with pytest.raises(TimeoutError):
            await following
        assert not listener.is_up_to_date


async def test_who_does_not_hear_its_own_announcement_hears_none(database: str, pool: Pool) -> None:
    """As behind a pooler that gives connections away after each transaction."""

    async def follow() -> None:
        raise AssertionError

    other = await open_pool(database.replace(urlsplit(database).path, "/postgres"), min_size=0)
    listener = Listener(database, other, CHANNEL, proof_within=0.5)
    with pytest.raises(TimeoutError):
        await listener.follow(follow)
    assert not listener.is_up_to_date
    await other.close()


@pytest.fixture
async def served(database: str, tmp_path: Path) -> AsyncIterator[ServedGateway]:
    async with serving(database, tmp_path, workers=2) as running:
        yield running


async def test_a_server_that_a_command_adds_is_served_by_all_workers(
    served: ServedGateway, database: str, tmp_path: Path
) -> None:
    async def statuses() -> set[int]:
        return set(await asyncio.gather(*(served.get("/v2/NEW") for _ in range(40))))

    connection = await asyncpg.connect(database)
    await until(lambda: listening(connection, 2), "the workers do not listen")
    assert await statuses() == {404}
    words = ("server", "add", "NEW", "--path", "/v2/NEW", "--validation", "DV")
    config = process(served.settings, tmp_path).config
    command = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", *words, "--config", str(config))
    )
    assert await command.wait() == 0
    assert await statuses() == {200}
    await connection.close()


async def listening(connection: Any, number: int) -> bool:
    return bool(await connection.fetchval(f"SELECT count(*) {_LISTENING}") == number)
