"""The way in: accepts connections while it is this process's turn."""

import asyncio
import errno
import resource
import socket
import ssl
import sys
import time
from contextlib import suppress
from dataclasses import dataclass

import structlog

from gateway.front.connection import Front
from gateway.front.room import Room, Word, lets_connections_go, takes_connections

BACKLOG = 1024
_LOOK_SECONDS = 0.25
_AT_ONCE = 16
_AFTER_YOU_SECONDS = 0.002
"""Who spreads connections leaves the next one to the others."""
_SHARE_LET_GO = 16
"""A full process lets one of so many connections go at each look."""
_HANDSHAKE_SECONDS = 10.0
_GOODBYE_SECONDS = 2.0
_LATE_SECONDS = 0.2
"""A loop that is so late is as full as one that uses a whole CPU."""
_KEPT_DESCRIPTORS = 128
"""For the database, validations, files and more; the others may be connections."""
_OUT_OF_RESOURCES = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Seat:
    """The place of a process among all."""

    room: Room
    number: int


class Entrance:
    """Of one process, to one socket that other processes may accept from too."""

    def __init__(
        self,
        front: Front,
        listening: socket.socket,
        tls: ssl.SSLContext | None,
        seat: Seat | None,
        *,
        spread: bool,
    ) -> None:
        """Without a `seat` the process is alone. `spread` = all take connections alike."""
        self._front = front
        self._socket = listening
        self._tls = tls
        self._seat = seat
        self._spread = spread
        self._loop = asyncio.get_running_loop()
        self._is_open = False
        self._reopening: asyncio.TimerHandle | None = None
        self._is_out_of_resources = False
        self._arriving: set[asyncio.Task[None]] = set()
        self._looked_at = time.monotonic()
        self._used = time.process_time()
        self._busy = 0.0
        self._most = _most_connections()

    async def look_after(self) -> None:
        """Opens and shuts; runs until cancelled."""
        self._socket.setblocking(False)
        self._socket.listen(BACKLOG)
        while True:
            self._look()
            await asyncio.sleep(_LOOK_SECONDS)

    async def close(self) -> None:
        """Nothing is accepted any more; handshakes under way are completed."""
        self._shut()
        self._socket.close()
        if self._seat is not None:
            self._seat.room.leave(self._seat.number)
        if self._arriving:
            await asyncio.wait(self._arriving, timeout=_HANDSHAKE_SECONDS)

    def _look(self) -> None:
        if self._seat is None:
            self._open()
            return
        room, own = self._seat.room, self._seat.number
        now = time.monotonic()
        busy = self._measured(now)
        room.tell(own, Word(now, 1.0 if self._is_crowded() else busy))
        words = room.words()
        if self._spread or takes_connections(words, own, now):
            self._open()
        else:
            self._shut()
        gives = not self._spread and lets_connections_go(words, own, now)
        self._front.let_go(-(-len(self._front.connections) // _SHARE_LET_GO) if gives else 0)

    def _is_crowded(self) -> bool:
        was_out, self._is_out_of_resources = self._is_out_of_resources, False
        return was_out or self._front.number_of_connections + len(self._arriving) >= self._most

    def _measured(self, now: float) -> float:
        """How busy the process is, from 0 to 1, the last moments more than those before."""
        used, passed = time.process_time(), now - self._looked_at
        share = (used - self._used) / max(passed, _LOOK_SECONDS / 2)
        late = (passed - _LOOK_SECONDS) / _LATE_SECONDS
        self._used, self._looked_at = used, now
        self._busy += (min(max(share, late), 1.0) - self._busy) / 2
        return self._busy

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
            self._reopening = self._loop.call_later(_AFTER_YOU_SECONDS, self._open)
        for _ in range(1 if self._spread else _AT_ONCE):
            try:
                connection, _ = self._socket.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in _OUT_OF_RESOURCES:
                    self._turn_away(error)
                    return
                continue  # of a connection that broke in the queue
            task = self._loop.create_task(self._welcome(connection))
            self._arriving.add(task)
            task.add_done_callback(self._arriving.discard)

    def _turn_away(self, error: OSError) -> None:
        """Until the next look; other processes may have room meanwhile."""
        _log.error("front.cannot_accept", problem=error.strerror)
        self._is_out_of_resources = True
        self._shut()

    async def _welcome(self, connection: socket.socket) -> None:
        limits = {}
        if self._tls is not None:
            limits = {
                "ssl_handshake_timeout": _HANDSHAKE_SECONDS,
                "ssl_shutdown_timeout": _GOODBYE_SECONDS,
            }
        # Whoever breaks the handshake off is told by TLS itself.
        with suppress(OSError):
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await self._loop.connect_accepted_socket(
                self._front, connection, ssl=self._tls, **limits
            )


def _most_connections() -> int:
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY:
        return sys.maxsize
    return max(limit - _KEPT_DESCRIPTORS, 1)
