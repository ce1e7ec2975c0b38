"""Finding the line of an error in a door's table."""

from collections.abc import Mapping
from typing import TypeVar

Line = TypeVar("Line")


def line_for(table: Mapping[type[Exception], Line], error: Exception) -> Line | None:
    """The line of the error's class, else of its nearest base class; None = no line."""
    for kind in type(error).__mro__:
        if kind in table:
            return table[kind]
    return None
