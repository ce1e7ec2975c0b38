"""The load board: which worker process accepts a new connection, the first one that is not full.

What several requests ask at the same moment goes to the database together (decision 7), so a
certificate costs least where most is going on. A connection therefore goes to a further process
only when those before it are busy. Each writes how busy it is into its slot of shared memory.
"""

import mmap
import os
import struct
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass

_SLOT = struct.Struct("dd")
_SILENT_SECONDS = 1.0
"""A process that has written nothing for so long is gone, or hangs."""
_ABSENT = (float("-inf"), 0.0)
_FULL = 0.9
_FAR_FROM_FULL = 0.7


@dataclass(frozen=True, slots=True)
class Load:
    """What a process wrote last: when (monotonic seconds), and how busy it is, from 0 to 1."""

    at: float
    busy: float


def takes_connections(loads: Sequence[Load], own: int, now: float) -> bool:
    """True for the first process that is not full, and for every one when all are."""
    not_full = [slot for slot in _there(loads, now) if loads[slot].busy < _FULL]
    return not not_full or not_full[0] == own


def lets_connections_go(loads: Sequence[Load], own: int, now: float) -> bool:
    """True when this process is full and another is far from it."""
    others = [loads[slot].busy for slot in _there(loads, now) if slot != own]
    return loads[own].busy >= _FULL and any(busy < _FAR_FROM_FULL for busy in others)


def _there(loads: Sequence[Load], now: float) -> list[int]:
    return [slot for slot, load in enumerate(loads) if now - load.at < _SILENT_SECONDS]


class LoadBoard:
    """The shared memory, with a slot for each process."""

    def __init__(self, descriptor: int, slots: int) -> None:
        """`descriptor` is of a file of `size(slots)` bytes; it is not closed here."""
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
    """A descriptor for processes to inherit; nobody is there yet."""
    nobody = _SLOT.pack(*_ABSENT)
    with tempfile.TemporaryFile(buffering=0) as file:
        file.write(nobody * slots)
        return os.dup(file.fileno())
