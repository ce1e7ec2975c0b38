"""The connections of one listener that aiohttp has."""

import asyncio

from aiohttp import web

FIRST_SECONDS = 20.0
"""So long a new connection may take to bring the whole head of its first request."""
LOOK_SECONDS = 5.0


class Rear:
    """Calling it gives aiohttp's protocol for a connection; it waits for no first request for ever.

    aiohttp itself ends only those that have asked once.
    """

    def __init__(self, server: web.Server, first_seconds: float = FIRST_SECONDS) -> None:
        self._server = server
        self._first_seconds = first_seconds
        self._newcomers: dict[asyncio.BaseProtocol, tuple[web.RequestHandler, float]] = {}
        self._answering = server.request_handler
        server.request_handler = self._hear

    def __call__(self) -> web.RequestHandler:
        handler = self._server()
        self._newcomers[handler] = handler, asyncio.get_running_loop().time()
        return handler

    @property
    def number_of_connections(self) -> int:
        return len(self._server.connections)

    async def look_after(self) -> None:
        """Ends connections whose first request does not come; runs until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self.end_silent_since(asyncio.get_running_loop().time() - self._first_seconds)

    def end_silent_since(self, instant: float) -> None:
        """Those that came before `instant` (loop time) and have not asked for anything."""
        silent = [each for each, (_, since) in self._newcomers.items() if since <= instant]
        self._end(silent)

    def end_idle(self, number: int) -> None:
        """At most so many that have not asked for anything, the oldest first."""
        self._end(list(self._newcomers)[:number])

    def _end(self, silent: list[asyncio.BaseProtocol]) -> None:
        for each in silent:
            handler, _ = self._newcomers.pop(each)
            handler.force_close()

    async def _hear(self, request: web.BaseRequest) -> web.StreamResponse:
        self._newcomers.pop(request.protocol, None)
        return await self._answering(request)
