"""Connections: answered here while all requests are plain, else handed over to aiohttp."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import cast

import structlog

from gateway.logging import describe
from gateway.web.body import MAXIMUM_BYTES
from gateway.web.front.access_log import note
from gateway.web.front.aiohttp_connections import (
    FIRST_SECONDS,
    LOOK_SECONDS,
    STALLED_SECONDS,
    AiohttpConnections,
)
from gateway.web.front.answer import PlainAnswer, encode
from gateway.web.front.before_routing import first_part
from gateway.web.front.plain_request import PlainRequest, Unfinished, recognise

Answering = Callable[[PlainRequest], Awaitable[PlainAnswer]]

_LINGER_SECONDS = 2.0
"""How long a stop waits for requests that are on their way over idle connections."""
_log = structlog.get_logger(__name__)


class Front:
    """All connections of one listener; calling it makes the protocol of a new one.

    `others` are the first parts of the other doors' paths, which `aiohttp_connections` answers;
    `answering` answers all other paths.
    """

    def __init__(
        self,
        answering: Answering,
        others: frozenset[str],
        aiohttp_connections: AiohttpConnections,
        keep_alive: float,
    ) -> None:
        self.answering = answering
        self.others = others
        self.aiohttp_connections = aiohttp_connections
        self.connections: set[Connection] = set()
        self.is_closing = False
        self.keep_alive = keep_alive
        self._to_let_go = 0
        self._ended = asyncio.Event()

    def __call__(self) -> "Connection":
        return Connection(self, asyncio.get_running_loop())

    @property
    def number_of_connections(self) -> int:
        """The number of connections, including those handed over to aiohttp."""
        return len(self.connections) + self.aiohttp_connections.number_of_connections

    def let_go(self, number: int) -> None:
        """Lets so many connections end with their next answer: their clients connect again."""
        self._to_let_go = number

    def is_last_answer(self) -> bool:
        """Is the connection to end with this answer? Asked once for each answer."""
        if self._to_let_go:
            self._to_let_go -= 1
            return True
        return self.is_closing

    async def look_after(self) -> None:
        """Ends connections that were idle for too long; runs until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            for connection in tuple(self.connections):
                connection.end_if_idle(loop.time())

    def end_idle(self, number: int) -> None:
        """Ends at most so many connections without a request, the longest idle first."""
        now = asyncio.get_running_loop().time()
        idle = [each for each in self.connections if each.is_idle(now)]
        for connection in sorted(idle, key=lambda each: each.active_at)[:number]:
            connection.abort()
        self.aiohttp_connections.end_idle(max(number - len(idle), 0))

    async def close(self, seconds: float, linger: float = _LINGER_SECONDS) -> None:
        """Ends each connection with its next answer; idle ones wait `linger` seconds for it."""
        self.is_closing = True
        if await self._all_end_within(linger):
            return
        for connection in tuple(self.connections):
            connection.close()
        if not await self._all_end_within(seconds - linger):
            for connection in tuple(self.connections):
                connection.abort()

    async def _all_end_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                while self.connections:
                    self._ended.clear()
                    await self._ended.wait()
        except TimeoutError:
            return False
        return True

    def forget(self, connection: "Connection") -> None:
        """Drops a connection that has ended, or was handed over."""
        self.connections.discard(connection)
        if not self.connections:
            self._ended.set()


class Connection(asyncio.Protocol):
    """A connection: one request at a time, and the bytes that come before its answer."""

    __slots__ = (
        "_begun",
        "_front",
        "_grown_at",
        "_is_full",
        "_is_lost",
        "_loop",
        "_patience",
        "_peer",
        "_task",
        "_transport",
        "_wanted",
        "active_at",
    )

    def __init__(self, front: Front, loop: asyncio.AbstractEventLoop) -> None:
        self._front = front
        self._loop = loop
        self._task: asyncio.Task[None] | None = None
        self._begun = bytearray()
        self._grown_at = 0.0
        self._wanted = 0
        self._is_full = False
        self._is_lost = False
        self._patience = FIRST_SECONDS

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        self._peer: str | None = str(peer[0]) if isinstance(peer, tuple) else None
        self.active_at = self._loop.time()
        self._front.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        # The request under way goes on: a client that went away may come back for its result.
        self._is_lost = True
        self._front.forget(self)

    def pause_writing(self) -> None:
        """Pauses the connection: the client does not read its answers."""
        self._is_full = True

    def resume_writing(self) -> None:
        self._is_full = False
        if self._task is None and self._begun:
            self._go_on()

    @property
    def waiting_bytes(self) -> int:
        """The number of bytes that have come and are not answered yet."""
        return len(self._begun)

    def data_received(self, data: bytes) -> None:
        if self._task is None and not self._begun and not self._is_full:
            self._take(data)
            return
        self._begun += data
        if self._task is None and not self._is_full:
            self._grown_at = self._loop.time()
            if len(self._begun) >= self._wanted:
                self._go_on()
        elif len(self._begun) > MAXIMUM_BYTES:
            self._transport.pause_reading()

    def _take(self, data: bytes) -> None:
        request = recognise(data, self._peer)
        if isinstance(request, Unfinished):
            self._begun += data
            self._wanted = request.size
            self.active_at = self._grown_at = self._loop.time()
            self._patience = FIRST_SECONDS
        elif request is None or first_part(request.path) in self._front.others:
            self._hand_over(data)
        else:
            self._task = self._loop.create_task(self._serve(request))

    async def _serve(self, request: PlainRequest) -> None:
        begun_at = self._loop.time()
        try:
            answer = await self._front.answering(request)
            closes = self._front.is_last_answer()
            if not self._transport.is_closing():
                self._transport.write(encode(answer, method=request.method, closes=closes))
        except Exception as error:
            _log.error("front.failed", **describe(error))
            self._transport.abort()
            return
        finally:
            self._task = None
        self.active_at = self._loop.time()
        self._patience = self._front.keep_alive
        note(request.method, request.path, answer.status, self.active_at - begun_at, self._peer)
        if closes:
            self._transport.close()
        elif self._begun and not self._is_full:
            self._go_on()

    def _go_on(self) -> None:
        """Continues with bytes that came before the last answer was sent."""
        if self._is_lost or self._transport.is_closing():
            return
        data = bytes(self._begun)
        self._begun.clear()
        self._wanted = 0
        if not self._transport.is_reading():
            self._transport.resume_reading()
        self._take(data)

    def _hand_over(self, data: bytes) -> None:
        """Hands the connection over to aiohttp, as if it had had it from the start."""
        self._front.forget(self)
        handler = self._front.aiohttp_connections()
        self._transport.set_protocol(handler)
        handler.connection_made(self._transport)
        handler.data_received(data)

    def is_idle(self, now: float) -> bool:
        """Is no request arriving, and has the client its answers?"""
        if self._task is not None or self._is_full:
            return False
        return not self._begun or self._grown_at + STALLED_SECONDS <= now

    def end_if_idle(self, now: float) -> None:
        """Ends an idle connection; an unfinished request goes to aiohttp, which answers that."""
        if self._task is not None or self.active_at + self._patience > now:
            return
        if self._is_full:
            self._transport.abort()
        elif self._begun:
            self._hand_over(bytes(self._begun))
        else:
            self._transport.close()

    def close(self) -> None:
        """Ends the connection; a request that has begun is answered first."""
        if self._task is None and not self._begun:
            self._transport.close()

    def abort(self) -> None:
        self._transport.abort()
