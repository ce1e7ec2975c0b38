"""The load board: which worker process accepts a new connection, the first one that is not full.

Statements of concurrent requests go to the database together (decision 7), so a certificate costs
least in the process with the most requests. A connection therefore goes to a further process only
when those before it are busy. Each process writes its load into its slot of shared memory.
"""

import mmap
import os
import struct
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass

_SLOT = struct.Struct("dd")
_SILENT_SECONDS = 1.0
"""A process that has written nothing for so long has ended, or hangs."""
_ABSENT = (float("-inf"), 0.0)
_FULL = 0.9
_FAR_FROM_FULL = 0.7


@dataclass(frozen=True, slots=True)
class Load:
    """The load that a process wrote last, from 0 to 1, and when (monotonic seconds)."""

    at: float
    busy: float


def takes_connections(loads: Sequence[Load], own: int, now: float) -> bool:
    """Is this the first process that is not full? Also true for all when all are full."""
    not_full = [slot for slot in _there(loads, now) if loads[slot].busy < _FULL]
    return not not_full or not_full[0] == own


def lets_connections_go(loads: Sequence[Load], own: int, now: float) -> bool:
    """Does the process end connections? It does when it is full and another is far from it."""
    others = [loads[slot].busy for slot in _there(loads, now) if slot != own]
    return loads[own].busy >= _FULL and any(busy < _FAR_FROM_FULL for busy in others)


def _there(loads: Sequence[Load], now: float) -> list[int]:
    return [slot for slot, load in enumerate(loads) if now - load.at < _SILENT_SECONDS]


class LoadBoard:
    """The shared memory, with a slot for each process."""

    def __init__(self, descriptor: int, slots: int) -> None:
        """Maps a file of `size(slots)` bytes; the caller closes the descriptor."""
        self._memory = mmap.mmap(descriptor, size(slots))
        self._slots = slots

    def leave(self, slot: int) -> None:
        _SLOT.pack_into(self._memory, slot * _SLOT.size, *_ABSENT)

    def tell(self, slot: int, load: Load) -> None:
        _SLOT.pack_into(self._memory, slot * _SLOT.size, load.at, load.busy)

    def loads(self) -> list[Load]:
        return [Load(*_SLOT.unpack_from(self._memory, n * _SLOT.size)) for n in range(self._slots)]


def size(slots: int) -> int:
    return slots * _SLOT.size


def make_load_board(slots: int) -> int:
    """Makes an empty load board; gives a descriptor for worker processes to inherit."""
    nobody = _SLOT.pack(*_ABSENT)
    with tempfile.TemporaryFile(buffering=0) as file:
        file.write(nobody * slots)
        return os.dup(file.fileno())
