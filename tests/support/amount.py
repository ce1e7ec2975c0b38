"""How much is sent to find what nobody thought of: a part by `make test`, all by `make fuzz`."""

import os
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

_TURNS = 3

IN_FULL = os.environ.get("TESTS_FUZZ") == "full"


def share_of(number: int) -> int:
    """So many of `number`, where chance decides what is sent."""
    return number if IN_FULL else number // 10


def some_of(values: Sequence[T], turn: int) -> Sequence[T]:
    """Every third of `values`, of which each has its place in one of three turns."""
    return values if IN_FULL else values[turn % _TURNS :: _TURNS]
