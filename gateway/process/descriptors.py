"""How the file descriptors that the system grants a process are divided."""

import resource
import sys
from dataclasses import dataclass

_KEPT = 320
"""For validations, name servers, the database and files, where the limit allows it."""
_VALIDATIONS = 200
"""At once, each with a socket, of what is kept."""


@dataclass(frozen=True, slots=True)
class Descriptors:
    """How many of a kind may be open in this process at once."""

    connections: int
    validations: int


def divided() -> Descriptors:
    """Connections get what is not kept, at least half; validations their share of what is kept."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY:
        return Descriptors(sys.maxsize, _VALIDATIONS)
    kept = min(_KEPT, limit // 2)
    return Descriptors(max(limit - kept, 1), max(kept * _VALIDATIONS // _KEPT, 1))
