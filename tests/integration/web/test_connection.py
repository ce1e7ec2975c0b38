"""Connections over real sockets: who answers what, and how they end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from gateway.web.front.aiohttp_connections import AiohttpConnections
from gateway.web.front.answer import PlainAnswer
from gateway.web.front.connection import Front
from gateway.web.front.plain_request import PlainRequest
from tests.support.server_process import until

PLAIN = b"POST /v2/DV HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody"
UNUSUAL = b"POST /v2/DV HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
LARGE = bytes(200_000)
OTHERS = b"GET /products/x HTTP/1.1\r\nHost: a\r\n\r\n"


@dataclass
class FrontUnderTest:
    """A front whose answers wait for `gate`, with an aiohttp application behind it."""

    front: Front
    server: web.Server
    port: int
    gate: asyncio.Event
    seen: asyncio.Queue[PlainRequest]


@asynccontextmanager
async def front_under_test(keep_alive: float = 60) -> AsyncIterator[FrontUnderTest]:
    gate = asyncio.Event()
    gate.set()
    seen: asyncio.Queue[PlainRequest] = asyncio.Queue()

    async def answering(request: PlainRequest) -> PlainAnswer:
        seen.put_nowait(request)
        if request.body == b"fail":
            raise RuntimeError
        await gate.wait()
        return PlainAnswer(
            200, [], b"front:" + (LARGE if request.target == "/large" else request.body)
        )

    async def other(request: web.Request) -> web.Response:
        return web.Response(body=b"aiohttp:" + await request.read())

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", other)
    runner = web.AppRunner(app)
    await runner.setup()
    assert runner.server is not None
    front = Front(answering, frozenset({"products"}), AiohttpConnections(runner.server), keep_alive)
    server = await asyncio.get_running_loop().create_server(front, "127.0.0.1", 0)
    try:
        yield FrontUnderTest(front, runner.server, server.sockets[0].getsockname()[1], gate, seen)
    finally:
        server.close()
        await front.close(5, linger=0.01)
        await runner.cleanup()


class Peer:
    """A client that sends bytes as they are."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    def send(self, data: bytes) -> None:
        self._writer.write(data)

    async def answer(self) -> tuple[bytes, bytes]:
        """Head and body."""
        async with asyncio.timeout(10):
            head = await self._reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            return head, await self._reader.readexactly(length)

    async def body(self) -> bytes:
        return (await self.answer())[1]

    async def end(self) -> bytes:
        async with asyncio.timeout(10):
            return await self._reader.read()

    def leave(self) -> None:
        self._writer.transport.abort()


async def call(at: FrontUnderTest) -> Peer:
    return Peer(*await asyncio.open_connection("127.0.0.1", at.port))


async def waiting(at: FrontUnderTest, *numbers: int) -> None:
    """Waits until so many bytes of each connection have come and are not answered yet."""
    wanted = sorted(numbers)
    await until(
        lambda: sorted(each.waiting_bytes for each in at.front.connections) == wanted, "no bytes"
    )


async def test_plain_requests_are_answered_one_after_the_other() -> None:
    async with front_under_test() as at:
        peer = await call(at)
        for _ in range(3):
            peer.send(PLAIN)
            assert await peer.body() == b"front:body"
        assert (await at.seen.get()).peer == "127.0.0.1"


async def test_a_request_may_come_in_pieces() -> None:
    async with front_under_test() as at:
        peer = await call(at)
        peer.send(PLAIN[:-4])
        await waiting(at, len(PLAIN) - 4)
        for byte in b"body":
            peer.send(bytes([byte]))
            await asyncio.sleep(0)
        assert await peer.body() == b"front:body"


async def test_an_unusual_request_and_all_after_it_go_to_aiohttp() -> None:
    async with front_under_test() as at:
        peer = await call(at)
        peer.send(PLAIN)
        assert await peer.body() == b"front:body"
        peer.send(UNUSUAL)
        assert await peer.body() == b"aiohttp:"
        peer.send(PLAIN)
        assert await peer.body() == b"aiohttp:body"


async def test_the_other_doors_are_aiohttps() -> None:
    async with front_under_test() as at:
        peer = await call(at)
        peer.send(OTHERS)
        assert await peer.body() == b"aiohttp:"


async def test_a_head_in_pieces_is_aiohttps() -> None:
    async with front_under_test() as at:
        peer = await call(at)
        peer.send(PLAIN[:9])
        await until(lambda: at.front.aiohttp_connections.number_of_connections, "not handed over")
        peer.send(PLAIN[9:])
        assert await peer.body() == b"aiohttp:body"


async def test_what_comes_before_the_answer_is_answered_after_it() -> None:
    async with front_under_test() as at:
        at.gate.clear()
        peer = await call(at)
        peer.send(PLAIN)
        await at.seen.get()
        peer.send(PLAIN)
        await waiting(at, len(PLAIN))
        peer.send(PLAIN)
        await waiting(at, 2 * len(PLAIN))
        assert at.seen.empty()
        at.gate.set()
        assert await peer.body() == b"front:body"
        assert [await peer.body(), await peer.body()] == 2 * [b"aiohttp:body"]


async def test_a_flood_before_the_answer_is_not_kept_in_memory() -> None:
    async with front_under_test() as at:
        at.gate.clear()
        peer = await call(at)
        peer.send(PLAIN)
        await at.seen.get()
        peer.send(PLAIN * 100_000)
        await asyncio.sleep(0.2)  # time enough to read all of it
        [connection] = at.front.connections
        assert connection.waiting_bytes < 1_000_000
        at.gate.set()
        assert await peer.body() == b"front:body"
        assert await peer.body() == b"aiohttp:body"
        peer.leave()


async def test_a_failing_door_ends_its_connection_only() -> None:
    async with front_under_test() as at:
        peer, other = await call(at), await call(at)
        peer.send(PLAIN.replace(b"body", b"fail"))
        assert await peer.end() == b""
        other.send(PLAIN)
        assert await other.body() == b"front:body"


async def test_a_request_goes_on_when_its_client_is_gone() -> None:
    async with front_under_test() as at:
        at.gate.clear()
        peer = await call(at)
        peer.send(PLAIN)
        await at.seen.get()
        peer.leave()
        await until(lambda: not at.front.connections, "the connection is not forgotten")
        at.gate.set()
        other = await call(at)
        other.send(PLAIN)
        assert await other.body() == b"front:body"


async def test_closing_ends_idle_connections_and_lets_the_others_have_their_answer() -> None:
    async with front_under_test() as at:
        idle, busy = await call(at), await call(at)
        idle.send(PLAIN)
        await idle.answer()
        await at.seen.get()
        at.gate.clear()
        busy.send(PLAIN)
        await at.seen.get()
        closing = asyncio.create_task(at.front.close(10, linger=0.01))
        assert await idle.end() == b""
        at.gate.set()
        head, body = await busy.answer()
        assert b"Connection: close" in head and body == b"front:body"
        assert await busy.end() == b""
        await closing


async def test_closing_does_not_wait_for_ever() -> None:
    async with front_under_test() as at:
        at.gate.clear()
        peer = await call(at)
        peer.send(PLAIN)
        await at.seen.get()
        await at.front.close(0.02, linger=0.01)
        assert await peer.end() == b""


async def test_idle_connections_end() -> None:
    async with front_under_test() as at:
        peer = await call(at)
        peer.send(PLAIN)
        await peer.answer()
        now = asyncio.get_running_loop().time()
        [connection] = at.front.connections
        connection.end_if_idle(now + 50)
        peer.send(PLAIN)
        assert await peer.body() == b"front:body"
        connection.end_if_idle(now + 120)
        assert await peer.end() == b""


async def test_a_body_that_does_not_come_is_aiohttps() -> None:
    async with front_under_test() as at:
        peer = await call(at)
        peer.send(PLAIN[:-1])
        await waiting(at, len(PLAIN) - 1)
        [connection] = at.front.connections
        connection.end_if_idle(asyncio.get_running_loop().time() + 120)
        peer.send(PLAIN[-1:])
        assert await peer.body() == b"aiohttp:body"


async def test_a_connection_that_is_let_go_ends_with_its_next_answer() -> None:
    async with front_under_test() as at:
        peers = [await call(at) for _ in range(3)]
        at.front.let_go(2)
        heads = []
        for peer in peers:
            peer.send(PLAIN)
            heads.append((await peer.answer())[0])
        assert [b"Connection: close" in head for head in heads] == [True, True, False]
        assert await peers[0].end() == b""
        peers[2].send(PLAIN)
        assert await peers[2].body() == b"front:body"


async def test_what_is_on_its_way_at_a_stop_is_answered() -> None:
    async with front_under_test() as at:
        idle, unfinished = await call(at), await call(at)
        idle.send(PLAIN)
        await idle.answer()
        unfinished.send(PLAIN[:-2])
        await waiting(at, 0, len(PLAIN) - 2)
        closing = asyncio.create_task(at.front.close(10, linger=0.2))
        await until(lambda: at.front.is_closing, "does not close")
        idle.send(PLAIN)
        head, _ = await idle.answer()
        assert b"Connection: close" in head
        await asyncio.sleep(0.3)  # longer than the linger: what has begun is still waited for
        unfinished.send(PLAIN[-2:])
        head, body = await unfinished.answer()
        assert b"Connection: close" in head and body == b"front:body"
        await closing


async def test_a_long_head_is_aiohttps() -> None:
    async with front_under_test() as at:
        peer = await call(at)
        lines = b"".join(b"X-%d: %b\r\n" % (number, 4000 * b"a") for number in range(3))
        peer.send(PLAIN.replace(b"Host: a\r\n", b"Host: a\r\n" + lines))
        assert await peer.body() == b"aiohttp:body"


async def test_nothing_is_left_of_a_client_that_goes_before_its_answer() -> None:
    async with front_under_test() as at:
        at.gate.clear()
        peers = [await call(at) for _ in range(5)]
        for peer in peers:
            peer.send(PLAIN)
            await at.seen.get()
            peer.send(PLAIN)
        await waiting(at, *[len(PLAIN)] * 5)
        for peer in peers:
            peer.leave()
        await until(lambda: not at.front.connections, "the connections are not forgotten")
        at.gate.set()
        await asyncio.sleep(0.05)  # time enough to begin their second requests
        assert at.front.number_of_connections == 0
        assert at.seen.empty()


async def test_a_client_that_does_not_read_is_not_answered_further() -> None:
    async with front_under_test() as at:
        peer = await call(at)
        for _ in range(100):
            peer.send(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
            await asyncio.sleep(0.002)
        assert at.seen.qsize() < 50
        [connection] = at.front.connections
        connection.end_if_idle(asyncio.get_running_loop().time() + 120)
        await until(lambda: at.front.number_of_connections == 0, "the connection goes on")


async def test_a_client_that_reads_later_has_its_answers_then() -> None:
    async with front_under_test() as at:
        peer = await call(at)
        for _ in range(60):
            peer.send(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
            await asyncio.sleep(0.002)
        assert at.seen.qsize() < 60
        bodies = [await peer.body() for _ in range(60)]
        assert {body.partition(b":")[0] for body in bodies} <= {b"front", b"aiohttp"}
