"""Which worker process takes a new connection: the first one that has room.

What several requests ask at the same moment goes to the database together (decision 7), so a
certificate costs least where most is going on. A connection therefore goes to a further process
only when those before it are busy. Each tells all others how busy it is, in shared memory.
"""

import mmap
import os
import struct
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass

_SEAT = struct.Struct("dd")
_SILENT_SECONDS = 1.0
"""Who has said nothing for so long is gone, or hangs."""
_ABSENT = (float("-inf"), 0.0)
_FULL = 0.9
_ROOMY = 0.7


@dataclass(frozen=True, slots=True)
class Word:
    """What a process said last: when (monotonic seconds), and how busy it is, from 0 to 1."""

    at: float
    busy: float


def takes_connections(words: Sequence[Word], own: int, now: float) -> bool:
    """True for the first process with room, and for every one when none has."""
    with_room = [seat for seat in _there(words, now) if words[seat].busy < _FULL]
    return not with_room or with_room[0] == own


def lets_connections_go(words: Sequence[Word], own: int, now: float) -> bool:
    """True when this process is full and another has plenty of room."""
    others = [words[seat].busy for seat in _there(words, now) if seat != own]
    return words[own].busy >= _FULL and any(busy < _ROOMY for busy in others)


def _there(words: Sequence[Word], now: float) -> list[int]:
    return [seat for seat, word in enumerate(words) if now - word.at < _SILENT_SECONDS]


class Room:
    """The shared memory, with a seat for each process."""

    def __init__(self, descriptor: int, seats: int) -> None:
        """`descriptor` is of a file of `size(seats)` bytes; it is not closed here."""
        self._memory = mmap.mmap(descriptor, size(seats))
        self._seats = seats

    def leave(self, seat: int) -> None:
        _SEAT.pack_into(self._memory, seat * _SEAT.size, *_ABSENT)

    def tell(self, seat: int, word: Word) -> None:
        _SEAT.pack_into(self._memory, seat * _SEAT.size, word.at, word.busy)

    def words(self) -> list[Word]:
        return [Word(*_SEAT.unpack_from(self._memory, n * _SEAT.size)) for n in range(self._seats)]


def size(seats: int) -> int:
    return seats * _SEAT.size


def make_room(seats: int) -> int:
    """A descriptor for processes to inherit; nobody is there yet."""
    nobody = _SEAT.pack(*_ABSENT)
    with tempfile.TemporaryFile(buffering=0) as file:
        file.write(nobody * seats)
        return os.dup(file.fileno())
