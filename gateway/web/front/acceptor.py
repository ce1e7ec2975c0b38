"""Accepts connections, but never more than there are descriptors for."""

import asyncio
import errno
import math
import select
import socket
import ssl
from contextlib import suppress
from typing import Protocol

import structlog

from gateway.web.front.turn import LOOK_SECONDS, Turn

BACKLOG = 1024
_AT_ONCE = 16
_SPREAD_PAUSE_SECONDS = 0.002
"""Pause after a connection while they are spread, so that other processes may accept the next."""
_HANDSHAKE_SECONDS = 10.0
_TLS_SHUTDOWN_SECONDS = 2.0
_SHARE_ENDED = 4
"""While others wait and the limit is reached, one in so many connections ends at each look."""
_HANDSHAKE_WHILE_FULL_SECONDS = 1.0
_LOG_SECONDS = 60.0
_OUT_OF_RESOURCES = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)

_log = structlog.get_logger(__name__)


class Connections(Protocol):
    """The connections of one listener; calling it gives the protocol for a new one."""

    def __call__(self) -> asyncio.BaseProtocol: ...

    @property
    def number_of_connections(self) -> int: ...

    def end_idle(self, number: int) -> None:
        """Ends at most so many connections that wait for no answer."""


class Acceptor:
    """Accepts connections from one socket; other processes may accept from it too."""

    def __init__(
        self,
        connections: Connections,
        listening: socket.socket,
        tls: ssl.SSLContext | None,
        most: int,
        turn: Turn | None = None,
        *,
        spread: bool = True,
    ) -> None:
        """`most` = the limit of open connections. Without a `turn` this process always accepts."""
        self._connections = connections
        self._socket = listening
        self._tls = tls
        self._most = most
        self._turn = turn
        self._spread = spread
        self._loop = asyncio.get_running_loop()
        self._is_open = False
        self._reopening: asyncio.TimerHandle | None = None
        self._has_stopped_accepting = False
        self._is_full = False
        self._logged_at = -math.inf
        self._arriving: dict[asyncio.Task[None], float] = {}

    async def look_after(self) -> None:
        """Starts and stops accepting as `turn` and the limit allow; runs until cancelled."""
        self._socket.setblocking(False)
        self._socket.listen(BACKLOG)
        while True:
            self._look()
            await asyncio.sleep(LOOK_SECONDS)

    async def close(self) -> None:
        """Stops accepting; handshakes under way are completed."""
        self._shut()
        self._socket.close()
        if self._turn is not None:
            self._turn.leave()
        if self._arriving:
            await asyncio.wait(self._arriving, timeout=_HANDSHAKE_SECONDS)

    def _look(self) -> None:
        self._note_whether_full()
        comes = self._turn is None or self._turn.comes(is_full=self._is_full)
        if comes and self._number < self._most:
            self._open()
        else:
            self._shut()

    def _note_whether_full(self) -> None:
        self._is_full = self._has_stopped_accepting or self._number >= self._most
        self._has_stopped_accepting = False
        if not self._is_full:
            return
        if self._loop.time() > self._logged_at + _LOG_SECONDS:
            self._logged_at = self._loop.time()
            _log.warning("front.full", connections=self._number, most=self._most)
        if self._somebody_waits():
            self._make_room(-(-self._number // _SHARE_ENDED))

    def _make_room(self, number: int) -> None:
        """Ends handshakes that take long, and idle connections only if that is not enough.

        A client that only connects must not displace one that pauses between two requests.
        """
        self._connections.end_idle(max(number - len(self._arriving), 0))
        slow = self._loop.time() - _HANDSHAKE_WHILE_FULL_SECONDS
        late = [task for task, begun_at in self._arriving.items() if begun_at < slow]
        for task in late[:number]:
            task.cancel()

    def _somebody_waits(self) -> bool:
        if self._socket.fileno() < 0:
            return False
        queue = select.poll()
        queue.register(self._socket, select.POLLIN)
        return bool(queue.poll(0))

    @property
    def _number(self) -> int:
        return self._connections.number_of_connections + len(self._arriving)

    def _open(self) -> None:
        if not self._is_open and self._socket.fileno() >= 0:
            self._is_open = True
            self._loop.add_reader(self._socket, self._accept)

    def _shut(self) -> None:
        if self._reopening is not None:
            self._reopening.cancel()
            self._reopening = None
        if self._is_open:
            self._is_open = False
            self._loop.remove_reader(self._socket)

    def _accept(self) -> None:
        if self._spread:
            self._shut()
            self._reopening = self._loop.call_later(_SPREAD_PAUSE_SECONDS, self._open)
        room = self._most - self._number
        if room <= 0:
            self._stop_accepting()
            return
        for _ in range(1 if self._spread else min(_AT_ONCE, room)):
            try:
                connection, _ = self._socket.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in _OUT_OF_RESOURCES:
                    _log.error("front.cannot_accept", problem=error.strerror)
                    self._stop_accepting()
                    return
                continue  # a connection broke off in the queue
            task = self._loop.create_task(self._open_transport(connection))
            self._arriving[task] = self._loop.time()
            task.add_done_callback(self._arriving.pop)

    def _stop_accepting(self) -> None:
        """Stops accepting until the next look; other processes may accept meanwhile."""
        self._has_stopped_accepting = True
        self._shut()

    async def _open_transport(self, connection: socket.socket) -> None:
        limits = {}
        if self._tls is not None:
            limits = {
                "ssl_handshake_timeout": _HANDSHAKE_SECONDS,
                "ssl_shutdown_timeout": _TLS_SHUTDOWN_SECONDS,
            }
        # A failed handshake needs no answer from here: TLS sends its own alert.
        with suppress(OSError):
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await self._loop.connect_accepted_socket(
                self._connections, connection, ssl=self._tls, **limits
            )
