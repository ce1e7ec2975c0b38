"""`gateway serve` and `gateway sandbox` as real processes."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from inspect import isawaitable
from pathlib import Path
from typing import Any

from gateway.config import Settings
from gateway.process.place import dump_settings
from gateway.sandbox.postgres import EmbeddedPostgres
from tests.support.gateway import free_ports
from tests.support.releases import ProcessOptions, Program

START_SECONDS = 60
STOP_SECONDS = 45


def write_config(settings: Settings, file: Path) -> Path:
    """`settings` as the TOML file an operator would write."""
    values = json.loads(dump_settings(settings))
    sections = {name: value for name, value in values.items() if isinstance(value, dict)}
    lines = _toml({name: value for name, value in values.items() if name not in sections})
    for name, section in sections.items():
        lines += [f"[{name}]", *_toml(section)]
    file.write_text("\n".join(lines) + "\n")
    return file


def _toml(values: dict[str, Any]) -> list[str]:
    # JSON's strings, numbers, booleans and lists of strings are TOML's.
    return [f"{name} = {json.dumps(value)}" for name, value in values.items() if value is not None]


@dataclass
class ServerProcess:
    """`gateway serve --config FILE`; its log is kept in `log`."""

    config: Path
    log: Path
    descriptors: int | None = None
    """How many files and sockets each of its processes may have open."""
    program: Program | None = None
    """Another release than this one."""
    process: subprocess.Popen[bytes] = field(init=False)

    def start(self) -> None:
        limited = [] if self.descriptors is None else _limited(self.descriptors)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*limited, sys.executable, "-m", "gateway", "serve", "--config", self.config],
                stdin=subprocess.DEVNULL,
                stderr=log,
                **(self.program.options if self.program else ProcessOptions()),
            )

    def logged(self, event: str) -> int:
        """How often the log holds `event`."""
        return self.log.read_text().count(f'"{event}"')

    async def until_logged(self, event: str, times: int = 1) -> None:
        """Waits until the log holds `event` that often."""
        await until(lambda: self.logged(event) >= times, self.log)

    async def ended(self) -> int:
        """Its exit status."""
        return await asyncio.to_thread(self.process.wait, STOP_SECONDS)

    def workers(self) -> list[int]:
        """Process ids of the workers that live."""
        return children(self.process.pid)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def _limited(descriptors: int) -> list[str]:
    """A command prefix that limits descriptors for good, as a service manager does."""
    return ["sh", "-c", f'ulimit -n {descriptors}; exec "$0" "$@"']


async def until(
    condition: Callable[[], Any], otherwise: object, seconds: float = START_SECONDS
) -> None:
    """Waits for `condition()`, awaitable or not; fails with `otherwise`, a text or a log file."""
    deadline = time.monotonic() + seconds
    while True:
        met = condition()
        if await met if isawaitable(met) else met:
            return
        if time.monotonic() > deadline:
            raise AssertionError(
                otherwise.read_text() if isinstance(otherwise, Path) else otherwise
            )
        await asyncio.sleep(0.02)


def children(parent: int) -> list[int]:
    """Live child processes."""
    found = []
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            state, its_parent = (directory / "stat").read_text().rpartition(") ")[2].split()[:2]
        except OSError:
            continue
        if int(its_parent) == parent and state != "Z":
            found.append(int(directory.name))
    return found


def is_alive(pid: int) -> bool:
    try:
        return (Path(f"/proc/{pid}") / "stat").read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False


@dataclass
class SandboxProcess:
    """`gateway sandbox` on one state directory and the same ports at every start."""

    state: Path
    options: list[str] = field(default_factory=list)
    ready: dict[str, Any] = field(init=False)
    process: subprocess.Popen[str] = field(init=False)

    def __post_init__(self) -> None:
        self.port, self.http_port, self.tls_port = free_ports(3)

    @property
    def log(self) -> Path:
        return self.state.with_suffix(".log")

    def start(self) -> dict[str, Any]:
        """Starts it; gives its ready line."""
        ports = {"port": self.port, "http-port": self.http_port, "tls-port": self.tls_port}
        chosen = [word for name, port in ports.items() for word in (f"--{name}", str(port))]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "gateway", "sandbox", "--state", str(self.state)),
                    *chosen,
                    *self.options,
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(self.log.read_text())
        self.ready = json.loads(line)
        return self.ready

    def kill9(self) -> None:
        """Kills this process and all that it started, like a crash of the machine."""
        doomed = [self.process.pid, *children(self.process.pid)]
        for pid in doomed:
            os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """Stops it gracefully; gives the exit status."""
        self.process.terminate()
        return self.process.wait(STOP_SECONDS)

    def clean_up(self) -> None:
        """Ends all that still runs of it."""
        if self.process.poll() is None:
            self.stop()
        for file in self.state.rglob("postmaster.pid"):
            EmbeddedPostgres(file.parents[1]).stop_orphan()
