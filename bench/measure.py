"""One measurement: a server, a number of clients, what it cost."""

import json
import math
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from bench.processes import Memory, cpu_seconds, peak_memory

T = TypeVar("T")

_CLIENTS_PER_PROCESS = 32
"""A load process must not be what is waited for."""


@dataclass(frozen=True)
class Measured:
    """`milliseconds` are sorted and by request type; `cpu_ms` is per issuance."""

    clients: int
    issued: int
    seconds: float
    cpu_ms: float
    cpu_ms_of_database: float
    memory: Memory
    milliseconds: dict[str, list[float]]
    errors: list[str]

    @property
    def issuances_per_second(self) -> float:
        return self.issued / self.seconds

    @property
    def requests_per_issuance(self) -> float:
        return sum(map(len, self.milliseconds.values())) / max(self.issued, 1)

    @property
    def all_milliseconds(self) -> list[float]:
        return sorted(taken for each in self.milliseconds.values() for taken in each)


def percentile(ordered: Sequence[float], share: float) -> float:
    """The smallest value that `share` of all do not exceed; 0 of none."""
    return ordered[math.ceil(share * len(ordered)) - 1] if ordered else 0.0


def split(customers: Sequence[T]) -> list[list[T]]:
    """What each load process is given."""
    number = math.ceil(len(customers) / _CLIENTS_PER_PROCESS)
    return [list(customers[start::number]) for start in range(number)]


def measure(
    module: str, jobs: Sequence[bytes], clients: int, server: int, database: int | None = None
) -> Measured:
    """Runs `module` as a load process for each job, until all are done.

    `server` and `database` are the first processes of what is measured; caddy has no database.
    """
    loads = [_start(module, job) for job in jobs]
    try:
        for load in loads:
            if _line(load) != "ready":
                raise RuntimeError("a load process did not start")
        before = _used(server, database)
        for load in loads:
            _say(load, b"go\n")
        results: list[dict[str, Any]] = [json.loads(_line(load)) for load in loads]
        after = _used(server, database)
    finally:
        for load in loads:
            load.kill()
            load.wait()
    return _measured(clients, results, before, after, peak_memory([server]))


def _start(module: str, job: bytes) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", module]
    load = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    _say(load, job + b"\n")
    return load


def _say(load: subprocess.Popen[bytes], text: bytes) -> None:
    assert load.stdin is not None
    load.stdin.write(text)
    load.stdin.flush()


def _line(load: subprocess.Popen[bytes]) -> str:
    assert load.stdout is not None
    return load.stdout.readline().decode().strip()


def _used(server: int, database: int | None) -> tuple[float, float]:
    return cpu_seconds([server]), cpu_seconds([database]) if database else 0.0


def _measured(
    clients: int,
    results: Sequence[dict[str, Any]],
    before: tuple[float, float],
    after: tuple[float, float],
    memory: Memory,
) -> Measured:
    issued = sum(result["issued"] for result in results)
    milliseconds: dict[str, list[float]] = {}
    for result in results:
        for kind, taken in result["milliseconds"].items():
            milliseconds.setdefault(kind, []).extend(taken)
    used = [1000 * (end - start) / max(issued, 1) for start, end in zip(before, after, strict=True)]
    return Measured(
        clients,
        issued,
        max(result["seconds"] for result in results),
        sum(used),
        used[1],
        memory,
        {kind: sorted(taken) for kind, taken in milliseconds.items()},
        [error for result in results for error in result["errors"]],
    )
