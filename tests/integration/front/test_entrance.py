"""Who accepts connections, over real sockets; the processes are entrances of one here."""

import asyncio
import os
import resource
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from gateway.front.answer import Answer
from gateway.front.connection import Front
from gateway.front.entrance import Entrance, most_connections
from gateway.front.plain_request import PlainRequest
from gateway.front.rear import Rear
from gateway.front.room import Room, Word, make_room
from gateway.front.turn import Seat, Turn

PLAIN = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture
def room() -> Iterator[Room]:
    descriptor = make_room(2)
    yield Room(descriptor, 2)
    os.close(descriptor)


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        yield made


@asynccontextmanager
async def entrance(
    listening: socket.socket, room: Room, seat: int, *, spread: bool = False
) -> AsyncIterator[Front]:
    """Answers with the number of its seat."""

    async def answering(request: PlainRequest) -> Answer:
        return Answer(200, [], b"%d" % seat)

    async def other(request: web.BaseRequest) -> web.Response:
        return web.Response()

    front = Front(answering, frozenset(), Rear(web.Server(other)), 60)
    turn = Turn(Seat(room, seat), front, spread=spread)
    most = most_connections()
    made = Entrance(front, listening.dup(), None, most, turn, spread=spread)
    looking = asyncio.create_task(made.look_after())
    await asyncio.sleep(0)
    try:
        yield front
    finally:
        looking.cancel()
        await made.close()
        await front.close(1, linger=0)


async def asked(listening: socket.socket) -> int:
    """Which seat answers."""
    reader, writer = await asyncio.open_connection(*listening.getsockname())
    writer.write(PLAIN)
    async with asyncio.timeout(10):
        await reader.readuntil(b"\r\n\r\n")
        seat = int(await reader.readexactly(1))
    writer.close()
    return seat


async def test_the_first_seat_takes_all_while_it_has_room(
    listening: socket.socket, room: Room
) -> None:
    async with entrance(listening, room, 0), entrance(listening, room, 1):
        await asyncio.sleep(0.6)
        assert {await asked(listening) for _ in range(20)} == {0}


async def test_spread_connections_go_to_all(listening: socket.socket, room: Room) -> None:
    async with (
        entrance(listening, room, 0, spread=True),
        entrance(listening, room, 1, spread=True),
    ):
        seats = await asyncio.gather(*(asked(listening) for _ in range(40)))
        assert set(seats) == {0, 1}


async def test_a_process_at_its_limit_of_connections_is_full(
    listening: socket.socket, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (4, 4))
    async with entrance(listening, room, 0) as full, entrance(listening, room, 1):
        idle = [await asyncio.open_connection(*listening.getsockname()) for _ in range(2)]
        for _ in range(500):
            await asyncio.sleep(0.01 if room.words()[0].busy < 1 else 0)
        assert full.number_of_connections == 2
        assert room.words()[0].busy == 1
        await asyncio.sleep(0.6)
        assert {await asked(listening) for _ in range(10)} == {1}
        for _, writer in idle:
            writer.close()


async def test_who_leaves_makes_room_for_the_next(listening: socket.socket, room: Room) -> None:
    async with entrance(listening, room, 1):
        async with entrance(listening, room, 0):
            await asyncio.sleep(0.6)
            assert await asked(listening) == 0
        assert room.words()[0] == Word(float("-inf"), 0.0)
        assert await asked(listening) == 1


async def test_a_system_without_a_limit_of_descriptors_is_never_crowded(
    listening: socket.socket, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlimited = resource.RLIM_INFINITY
    monkeypatch.setattr(resource, "getrlimit", lambda _: (unlimited, unlimited))
    async with entrance(listening, room, 0):
        assert await asked(listening) == 0
        await asyncio.sleep(0.6)
        assert room.words()[0].busy < 1
