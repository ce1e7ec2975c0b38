"""How many random inputs are sent: a part by `make test`, all by `make fuzz`."""

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")
P = TypeVar("P")

_TURNS = 3

IN_FULL = os.environ.get("TESTS_FUZZ") == "full"


def share_of(number: int) -> int:
    """How many of `number` random inputs this run sends."""
    return number if IN_FULL else number // 10


def spread(values: Sequence[T], places: Iterable[P]) -> Iterator[tuple[P, Sequence[T]]]:
    """Each place with the values to send there: all in a full run or if few, else a third."""
    found = list(places)
    for turn, place in enumerate(found):
        is_whole = IN_FULL or len(found) < _TURNS
        yield place, values if is_whole else values[turn % _TURNS :: _TURNS]
