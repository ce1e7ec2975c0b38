"""Whose turn it is to accept, as one process sees it."""

import time
from dataclasses import dataclass

from gateway.web.front.connection import Front
from gateway.web.front.room import Room, Word, lets_connections_go, takes_connections

LOOK_SECONDS = 0.25
_SHARE_LET_GO = 16
"""A full process lets one of so many connections go at each look."""
_LATE_SECONDS = 0.2
"""A loop that is so late is as full as one that uses a whole CPU."""


@dataclass(frozen=True, slots=True)
class Seat:
    """The place of a process among all."""

    room: Room
    number: int


class Turn:
    """The seat of this process; it tells the others how busy it is. `spread` = all take alike."""

    def __init__(self, seat: Seat, front: Front, *, spread: bool) -> None:
        self._seat = seat
        self._front = front
        self._spread = spread
        self._looked_at = time.monotonic()
        self._used = time.process_time()
        self._busy = 0.0

    def comes(self, *, is_full: bool) -> bool:
        """Asked every LOOK_SECONDS; whether connections may be accepted until the next time."""
        room, own = self._seat.room, self._seat.number
        now = time.monotonic()
        busy = self._measured(now)
        room.tell(own, Word(now, 1.0 if is_full else busy))
        words = room.words()
        gives = not self._spread and lets_connections_go(words, own, now)
        self._front.let_go(-(-len(self._front.connections) // _SHARE_LET_GO) if gives else 0)
        return self._spread or takes_connections(words, own, now)

    def leave(self) -> None:
        self._seat.room.leave(self._seat.number)

    def _measured(self, now: float) -> float:
        """How busy the process is, from 0 to 1, the last moments more than those before."""
        used, passed = time.process_time(), now - self._looked_at
        share = (used - self._used) / max(passed, LOOK_SECONDS / 2)
        late = (passed - LOOK_SECONDS) / _LATE_SECONDS
        self._used, self._looked_at = used, now
        self._busy += (min(max(share, late), 1.0) - self._busy) / 2
        return self._busy
