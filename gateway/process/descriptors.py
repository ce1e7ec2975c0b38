"""How the file descriptors that the system grants a process are divided."""

import resource
import sys
from dataclasses import dataclass

_KEPT = 320
"""Descriptors kept back for validations, name servers, the database and files, if possible."""
_VALIDATIONS = 200
"""Validations that may run at once, each with a socket, out of the descriptors kept back."""


@dataclass(frozen=True, slots=True)
class Descriptors:
    """How many client connections and validations this process may have open at once."""

    connections: int
    validations: int


def divided() -> Descriptors:
    """Divides the process's limit: connections get what is not kept back, but at least half.

    Validations get their share of what is kept back.
    """
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY:
        return Descriptors(sys.maxsize, _VALIDATIONS)
    kept = min(_KEPT, limit // 2)
    return Descriptors(max(limit - kept, 1), max(kept * _VALIDATIONS // _KEPT, 1))
