"""Decides whether it is this process's turn to accept connections."""

import time
from dataclasses import dataclass

from gateway.web.front.connection import Front
from gateway.web.front.load_board import Load, LoadBoard, lets_connections_go, takes_connections

LOOK_SECONDS = 0.25
_SHARE_LET_GO = 16
"""A full process ends one in so many of its connections at each look."""
_LATE_SECONDS = 0.2
"""An event loop that is so late counts as full, like one that uses a whole CPU."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A process's slot on the load board."""

    board: LoadBoard
    number: int


class Turn:
    """Decides when this process accepts connections, and writes its load for the others.

    `spread` = all processes accept alike.
    """

    def __init__(self, slot: Slot, front: Front, *, spread: bool) -> None:
        self._slot = slot
        self._front = front
        self._spread = spread
        self._looked_at = time.monotonic()
        self._used = time.process_time()
        self._busy = 0.0

    def comes(self, *, is_full: bool) -> bool:
        """May the process accept connections until the next look? Asked every LOOK_SECONDS."""
        board, own = self._slot.board, self._slot.number
        now = time.monotonic()
        busy = self._measured(now)
        board.tell(own, Load(now, 1.0 if is_full else busy))
        loads = board.loads()
        gives = not self._spread and lets_connections_go(loads, own, now)
        self._front.let_go(-(-len(self._front.connections) // _SHARE_LET_GO) if gives else 0)
        return self._spread or takes_connections(loads, own, now)

    def leave(self) -> None:
        self._slot.board.leave(self._slot.number)

    def _measured(self, now: float) -> float:
        """How busy the process is, from 0 to 1; recent moments count more than earlier ones."""
        used, passed = time.process_time(), now - self._looked_at
        share = (used - self._used) / max(passed, LOOK_SECONDS / 2)
        late = (passed - LOOK_SECONDS) / _LATE_SECONDS
        self._used, self._looked_at = used, now
        self._busy += (min(max(share, late), 1.0) - self._busy) / 2
        return self._busy
