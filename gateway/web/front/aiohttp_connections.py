"""The connections of one listener that aiohttp serves."""

import asyncio

from aiohttp import web

FIRST_SECONDS = 20.0
"""How long a new connection may take until the head of its first request is complete."""
LOOK_SECONDS = 5.0
STALLED_SECONDS = 1.5
"""While others wait to be accepted, a body is given up when nothing came for so long."""


class AiohttpConnections:
    """aiohttp's connections, with a time limit for the first request; calling it makes a protocol.

    aiohttp itself ends only connections that have sent a request.
    """

    def __init__(self, server: web.Server, first_seconds: float = FIRST_SECONDS) -> None:
        self._server = server
        self._first_seconds = first_seconds
        self._newcomers: dict[asyncio.BaseProtocol, tuple[web.RequestHandler, float]] = {}
        self._answered: dict[asyncio.BaseProtocol, web.RequestHandler] = {}
        """Connections without a request since their last answer; the oldest answer first."""
        self._bodies: dict[asyncio.BaseProtocol, _Body] = {}
        """The bodies of requests that are being handled."""
        self._answering = server.request_handler
        server.request_handler = self._handle

    def __call__(self) -> web.RequestHandler:
        handler = self._server()
        self._newcomers[handler] = handler, _now()
        return handler

    @property
    def number_of_connections(self) -> int:
        return len(self._server.connections)

    async def look_after(self) -> None:
        """Ends connections whose first request does not come; runs until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self.end_silent_since(_now() - self._first_seconds)
            self._forget_ended()

    def end_silent_since(self, instant: float) -> None:
        """Ends connections that came before `instant` (loop time) and sent no request."""
        _end([each for each, since in self._newcomers.values() if since <= instant])
        self._newcomers = {k: each for k, each in self._newcomers.items() if each[1] > instant}

    def end_idle(self, number: int) -> None:
        """Ends at most so many connections that wait for no answer, the oldest of each kind first.

        New connections without a request end first, then those that were answered, then those
        whose body stalls.
        """
        self._forget_ended()
        now = _now()
        stalled = [body.handler for body in self._bodies.values() if body.is_stalled(now)]
        newcomers = [each for each, _ in self._newcomers.values() if each.transport]
        answered = [each for each in self._answered.values() if _has_its_answer(each)]
        ended = [*newcomers, *answered, *stalled][:number]
        _end(ended)
        for each in ended:
            self._newcomers.pop(each, None)
            self._answered.pop(each, None)
            self._bodies.pop(each, None)

    def _forget_ended(self) -> None:
        """Drops ended connections, but no new ones: during TLS these have no transport, either."""
        self._answered = {k: each for k, each in self._answered.items() if each.transport}

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        handler = request.protocol
        self._newcomers.pop(handler, None)
        self._answered.pop(handler, None)
        if not request.content.is_eof():
            self._bodies[handler] = _Body(request, _now())
        try:
            return await self._answering(request)
        finally:
            self._bodies.pop(handler, None)
            self._answered[handler] = handler


class _Body:
    """How far the body of a request has come that is being handled."""

    def __init__(self, request: web.BaseRequest, now: float) -> None:
        self.handler = request.protocol
        self._content = request.content
        self._bytes = request.content.total_bytes
        self._grown_at = now

    def is_stalled(self, now: float) -> bool:
        """Has nothing come for STALLED_SECONDS, although it was read? Asked regularly."""
        transport = self.handler.transport
        if self._content.is_eof() or transport is None:
            return False
        is_held_up_here = not transport.is_reading()
        if self._content.total_bytes != self._bytes or is_held_up_here:
            self._bytes, self._grown_at = self._content.total_bytes, now
        return self._grown_at + STALLED_SECONDS <= now


def _has_its_answer(handler: web.RequestHandler) -> bool:
    transport = handler.transport
    return transport is not None and not transport.get_write_buffer_size()


def _end(handlers: list[web.RequestHandler]) -> None:
    for handler in handlers:
        handler.force_close()


def _now() -> float:
    return asyncio.get_running_loop().time()
