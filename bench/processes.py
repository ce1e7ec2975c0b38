"""What process trees have used, from /proc: CPU seconds and memory."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PARENT, _CPU_TIMES = 1, slice(11, 15)  # of the fields behind the name in /proc/PID/stat


@dataclass(frozen=True)
class Memory:
    """Peak resident sizes in MB: of the largest process, and of all together."""

    largest: float
    total: float


def cpu_seconds(roots: Iterable[int]) -> float:
    """utime and stime of the trees below `roots`, children that have ended included."""
    ticks = sum(
        int(field)
        for pid in tree(roots)
        if (fields := _stat(pid)) is not None
        for field in fields[_CPU_TIMES]
    )
    return ticks / _TICKS


def peak_memory(roots: Iterable[int]) -> Memory:
    """Since the processes started; shared pages count in each process that uses them."""
    sizes = [_peak(pid) for pid in tree(roots)]
    return Memory(max(sizes, default=0.0), sum(sizes))


def tree(roots: Iterable[int]) -> list[int]:
    """Processes and all that descends from them."""
    children: dict[int, list[int]] = {}
    for directory in Path("/proc").glob("[0-9]*"):
        pid = int(directory.name)
        fields = _stat(pid)
        if fields is not None:
            children.setdefault(int(fields[_PARENT]), []).append(pid)
    found: list[int] = []
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children.get(pid, [])
    return found


def _stat(pid: int) -> list[str] | None:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return None


def _peak(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))
