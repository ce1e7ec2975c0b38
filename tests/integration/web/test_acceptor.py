"""Which process accepts connections, over real sockets; here acceptors in one process."""

import asyncio
import os
import resource
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import TypeVar

import pytest
from aiohttp import web

from gateway.process import descriptors
from gateway.web.front.acceptor import Acceptor
from gateway.web.front.aiohttp_connections import AiohttpConnections
from gateway.web.front.answer import PlainAnswer
from gateway.web.front.connection import Front
from gateway.web.front.load_board import Load, LoadBoard, make_load_board
from gateway.web.front.plain_request import PlainRequest
from gateway.web.front.turn import Slot, Turn

T = TypeVar("T")

PLAIN = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture
def board() -> Iterator[LoadBoard]:
    descriptor = make_load_board(2)
    yield LoadBoard(descriptor, 2)
    os.close(descriptor)


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        yield made


@asynccontextmanager
async def acceptor(
    listening: socket.socket,
    board: LoadBoard,
    slot: int,
    *,
    spread: bool = False,
    most: int | None = None,
    gate: asyncio.Event | None = None,
) -> AsyncIterator[Front]:
    """Answers with the number of its slot, once the `gate` is open."""

    async def answering(request: PlainRequest) -> PlainAnswer:
        if gate is not None:
            await gate.wait()
        return PlainAnswer(200, [], b"%d" % slot)

    async def other(request: web.BaseRequest) -> web.Response:
        await request.read()
        if gate is not None:
            await gate.wait()
        return web.Response(body=b"%d" % slot)

    front = Front(answering, frozenset({"other"}), AiohttpConnections(web.Server(other)), 60)
    turn = Turn(Slot(board, slot), front, spread=spread)
    made = Acceptor(
        front, listening.dup(), None, most or descriptors.divided().connections, turn, spread=spread
    )
    looking = asyncio.create_task(made.look_after())
    await asyncio.sleep(0)
    try:
        yield front
    finally:
        looking.cancel()
        await made.close()
        await front.close(1, linger=0)


@asynccontextmanager
async def alone(
    listening: socket.socket, most: int, first_seconds: float = 60
) -> AsyncIterator[AiohttpConnections]:
    """The acceptor of a lone process to a listener that aiohttp answers."""

    async def other(request: web.BaseRequest) -> web.Response:
        return web.Response(body=b"0")

    aiohttp_connections = AiohttpConnections(web.Server(other), first_seconds)
    made = Acceptor(aiohttp_connections, listening.dup(), None, most)
    tasks = [
        asyncio.create_task(made.look_after()),
        asyncio.create_task(aiohttp_connections.look_after()),
    ]
    await asyncio.sleep(0)
    try:
        yield aiohttp_connections
    finally:
        for task in tasks:
            task.cancel()
        await made.close()
        aiohttp_connections.end_idle(1000)


async def asked(listening: socket.socket) -> int:
    """Which slot answers."""
    reader, writer = await asyncio.open_connection(*listening.getsockname())
    writer.write(PLAIN)
    async with asyncio.timeout(10):
        await reader.readuntil(b"\r\n\r\n")
        slot = int(await reader.readexactly(1))
    writer.close()
    return slot


async def test_the_first_slot_takes_all_while_it_has_room(
    listening: socket.socket, board: LoadBoard
) -> None:
    async with acceptor(listening, board, 0), acceptor(listening, board, 1):
        await looked(board, 0, 1)
        assert {await asked(listening) for _ in range(20)} == {0}


async def test_spread_connections_go_to_all(listening: socket.socket, board: LoadBoard) -> None:
    async with (
        acceptor(listening, board, 0, spread=True),
        acceptor(listening, board, 1, spread=True),
    ):
        slots = await asyncio.gather(*(asked(listening) for _ in range(40)))
        assert set(slots) == {0, 1}


async def test_a_process_at_its_limit_of_connections_is_full(
    listening: socket.socket, board: LoadBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (4, 4))
    async with acceptor(listening, board, 0) as full, acceptor(listening, board, 1):
        idle = [await asyncio.open_connection(*listening.getsockname()) for _ in range(2)]
        await reached(lambda: board.loads()[0].busy == 1, True)
        assert full.number_of_connections == 2
        assert board.loads()[0].busy == 1
        await looked(board, 0, 1)
        assert {await asked(listening) for _ in range(10)} == {1}
        for _, writer in idle:
            writer.close()


async def test_who_leaves_makes_room_for_the_next(
    listening: socket.socket, board: LoadBoard
) -> None:
    async with acceptor(listening, board, 1):
        async with acceptor(listening, board, 0):
            await looked(board, 1)
            assert await asked(listening) == 0
        assert board.loads()[0] == Load(float("-inf"), 0.0)
        assert await asked(listening) == 1


async def test_a_system_without_a_limit_of_descriptors_is_never_crowded(
    listening: socket.socket, board: LoadBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlimited = resource.RLIM_INFINITY
    monkeypatch.setattr(resource, "getrlimit", lambda _: (unlimited, unlimited))
    async with acceptor(listening, board, 0):
        assert await asked(listening) == 0
        await looked(board, 0, 0)
        assert board.loads()[0].busy < 1


async def test_a_lone_process_never_has_more_connections_than_its_ceiling(
    listening: socket.socket,
) -> None:
    async with alone(listening, most=20) as aiohttp_connections:
        places = [await asyncio.open_connection(*listening.getsockname()) for _ in range(60)]
        most = 0
        for _ in range(100):
            await asyncio.sleep(0.01)
            most = max(most, aiohttp_connections.number_of_connections)
        assert most == 20
        for _, writer in places:
            writer.close()


async def test_while_strangers_hold_all_connections_somebody_else_is_answered(
    listening: socket.socket,
) -> None:
    async with alone(listening, most=20):
        places = [await asyncio.open_connection(*listening.getsockname()) for _ in range(60)]
        assert await asked(listening) == 0
        for _, writer in places:
            writer.close()


@pytest.mark.parametrize("sent", [b"", b"G", b"GET / HTTP/1.1\r\nHost: a\r\nX"])
async def test_who_never_ends_the_head_of_a_first_request_is_sent_away(
    listening: socket.socket, board: LoadBoard, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr("gateway.web.front.aiohttp_connections.LOOK_SECONDS", 0.05)
    monkeypatch.setattr("gateway.web.front.connection.LOOK_SECONDS", 0.05)
    monkeypatch.setattr("gateway.web.front.connection.FIRST_SECONDS", 0.2)
    async with acceptor(listening, board, 0) as front:
        front.aiohttp_connections._first_seconds = 0.2
        looking = [
            asyncio.create_task(each.look_after()) for each in (front, front.aiohttp_connections)
        ]
        reader, writer = await asyncio.open_connection(*listening.getsockname())
        for byte in sent:  # one by one, and slowly, is no way out
            writer.write(bytes([byte]))
            await asyncio.sleep(0.002)
        async with asyncio.timeout(5):
            assert await reader.read() == b""
        assert front.number_of_connections == 0
        writer.close()
        for task in looking:
            task.cancel()


async def test_who_has_asked_once_may_wait(listening: socket.socket) -> None:
    async with alone(listening, most=20) as aiohttp_connections:
        reader, writer = await asyncio.open_connection(*listening.getsockname())
        for _ in range(2):
            writer.write(PLAIN)
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
            await reader.readexactly(1)
            aiohttp_connections.end_silent_since(asyncio.get_running_loop().time() + 60)
        writer.close()


async def test_no_more_connections_end_than_make_the_room_that_is_needed(
    listening: socket.socket, board: LoadBoard
) -> None:
    async with acceptor(listening, board, 0) as front:
        places = [await asyncio.open_connection(*listening.getsockname()) for _ in range(30)]
        for _, writer in places[:10]:  # aiohttp has these
            writer.write(b"G")
        await reached(
            lambda: (len(front.connections), front.aiohttp_connections.number_of_connections),
            (20, 10),
        )
        front.end_idle(5)
        await reached(
            lambda: (len(front.connections), front.aiohttp_connections.number_of_connections),
            (15, 10),
        )
        await asyncio.sleep(0.05)  # no more of them end
        assert (len(front.connections), front.aiohttp_connections.number_of_connections) == (15, 10)
        for _, writer in places:
            writer.close()


IDLE = {
    "nothing": b"",
    "the begin of a head": b"GET /other HT",
    "a request that was answered": PLAIN,
    "one that aiohttp answered": PLAIN.replace(b"/", b"/other", 1),
    "a request without its body": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1234",
    "one for aiohttp": b"POST /other HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1234",
    "one without its chunks": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1",
    "one without the chunks for aiohttp": (
        b"POST /other HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    ),
}
"""After it, strangers hold their connections; none of it is a request to work at."""


@pytest.mark.parametrize("sent", IDLE.values(), ids=IDLE)
async def test_idle_connections_of_any_kind_end_while_another_client_waits(
    listening: socket.socket, board: LoadBoard, sent: bytes
) -> None:
    async with acceptor(listening, board, 0, most=10) as front:
        places = [await asyncio.open_connection(*listening.getsockname()) for _ in range(20)]
        for _, writer in places:
            writer.write(sent)
        await reached(lambda: front.number_of_connections, 10)
        assert await asked(listening) == 0
        for _, writer in places:
            writer.close()


REQUESTS = [
    b"POST /%b HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n" % path for path in (b"", b"other")
]


@pytest.mark.parametrize("head", REQUESTS)
async def test_a_request_in_work_is_answered_while_others_wait(
    listening: socket.socket, board: LoadBoard, monkeypatch: pytest.MonkeyPatch, head: bytes
) -> None:
    for module in ("connection", "aiohttp_connections"):
        monkeypatch.setattr(f"gateway.web.front.{module}.STALLED_SECONDS", 0)
    gate = asyncio.Event()
    async with acceptor(listening, board, 0, most=10, gate=gate) as front:
        reader, writer = await asyncio.open_connection(*listening.getsockname())
        writer.write(head + b"123456789")
        await reached(lambda: front.number_of_connections, 1)
        for _ in range(20):
            await asyncio.sleep(0.01)
            front.end_idle(10)
        gate.set()
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        writer.close()


@pytest.mark.parametrize("head", REQUESTS)
async def test_a_body_that_grows_is_waited_for(
    listening: socket.socket, board: LoadBoard, head: bytes
) -> None:
    async with acceptor(listening, board, 0, most=10) as front:
        reader, writer = await asyncio.open_connection(*listening.getsockname())
        writer.write(head)
        for byte in b"123456789":  # it takes longer than STALLED_SECONDS in all
            await asyncio.sleep(0.25)  # a slow client
            front.end_idle(10)
            writer.write(bytes([byte]))
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        writer.close()


async def reached(look: Callable[[], T], wanted: T) -> None:
    async with asyncio.timeout(10):
        while look() != wanted:  # noqa: ASYNC110  there is no event to wait for
            await asyncio.sleep(0.01)


async def looked(board: LoadBoard, *slots: int) -> None:
    """Waits until each of these slots has decided once more whether it accepts."""
    for slot in slots:
        before = board.loads()
        await reached(lambda: board.loads()[slot].at > before[slot].at, True)  # noqa: B023
