"""`gateway serve`: a supervisor with N worker processes that share their sockets."""

import asyncio
import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import structlog
from msgspec.structs import replace
from prometheus_client import multiprocess

from gateway import logging
from gateway.config import Settings
from gateway.db.pool import database_mistakes
from gateway.errors import OperatorMistake
from gateway.process.place import GRACE_SECONDS, Place, dump_place, dump_settings
from gateway.process.preparation import check_profiles, prepare
from gateway.process.sockets import Ports, bound_ports
from gateway.process.tls import tls_context
from gateway.web.front.load_board import make_load_board

_STOP_SECONDS = 2 * GRACE_SECONDS + 15
"""A worker ends handshakes, the front's connections and aiohttp's one after the other."""
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 5.0
_STEADY_SECONDS = 10.0
_TICK_SECONDS = 1.0
_METRICS_PREFIX = "gateway-metrics-"

_log = structlog.get_logger(__name__)


def serve(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT, then answers what is under way and returns.

    Raises OperatorMistake or ConfigurationError, with what to do, when it cannot start.
    """
    with bound_ports(settings.listen) as ports:
        listening = replace(settings, listen=ports.listen)
        supervise(listening, ports, on_ready=_announce(settings), lint_profiles=True)


def supervise(
    settings: Settings, ports: Ports, on_ready: Callable[[], None], *, lint_profiles: bool
) -> None:
    """Does what `serve` does, on bound ports; calls `on_ready` once all workers answer.

    `lint_profiles` False = the profiles are the built-in ones, which the tests lint.
    """
    logging.configure(settings.log_level)
    tls_context(settings.listen)
    with database_mistakes():
        asyncio.run(prepare(settings))
        if lint_profiles:
            asyncio.run(check_profiles(settings))
    with _metrics_directory() as directory, _wakeups() as wakeups:
        Supervisor(settings, ports, directory, wakeups, on_ready).run()


def _announce(settings: Settings) -> Callable[[], None]:
    def announce() -> None:
        _log.info("server.ready", url=settings.public_url, workers=settings.workers)

    return announce


@dataclass
class Worker:
    """A worker process; times are monotonic seconds."""

    process: subprocess.Popen[bytes]
    started_at: float
    slot: int
    ready: bool = False
    outgoing: bool = False
    """Whether it ends as soon as its successor is ready."""
    terminated_at: float | None = None
    """When it was sent SIGTERM."""


class Supervisor:
    """Keeps `settings.workers` processes running."""

    def __init__(
        self,
        settings: Settings,
        ports: Ports,
        metrics_directory: Path,
        wakeups: int,
        on_ready: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._ports = ports
        self._slots = 2 * settings.workers  # while they are replaced there are twice as many
        self._load_board = make_load_board(self._slots)
        self._metrics_directory = metrics_directory
        self._on_ready: Callable[[], None] | None = on_ready
        self._workers: list[Worker] = []
        self._pause = _FIRST_PAUSE
        self._next_start = 0.0
        self._selector = selectors.DefaultSelector()
        self._wakeups = wakeups
        self._selector.register(wakeups, selectors.EVENT_READ)

    def run(self) -> None:
        """Runs until SIGTERM or SIGINT; raises OperatorMistake if a first worker does not start."""
        try:
            while True:
                if self._stop_is_wanted():
                    return
                self._forget_ended_workers()
                self._start_missing()
                self._let_outgoing_go()
        finally:
            self._ports.close()
            self._stop_all()
            self._selector.close()
            os.close(self._load_board)

    def _stop_is_wanted(self) -> bool:
        """Waits for a signal, a worker that got ready, or a tick; says whether to stop."""
        for key, _ in self._selector.select(_TICK_SECONDS):
            if key.data is None:
                signals = os.read(self._wakeups, 256)
                if signal.SIGTERM in signals or signal.SIGINT in signals:
                    return True
                if signal.SIGHUP in signals:
                    self._reload_certificate()
                if signal.SIGUSR1 in signals:
                    self._replace_all()
            else:
                self._hear(key.data)
        return False

    def _hear(self, worker: Worker) -> None:
        assert worker.process.stdout is not None
        self._selector.unregister(worker.process.stdout)
        if os.read(worker.process.stdout.fileno(), 64) != b"ready\n":
            return
        worker.ready = True
        _log.info("server.worker_ready", pid=worker.process.pid)
        if self._on_ready and sum(each.ready for each in self._workers) == self._settings.workers:
            self._on_ready()
            self._on_ready = None

    def _replace_all(self) -> None:
        """Marks all workers for replacement: each ends gracefully once a new one is ready."""
        _log.info("server.workers_replaced", workers=len(self._workers))
        for worker in self._workers:
            worker.outgoing = True
        self._next_start = 0.0

    def _let_outgoing_go(self) -> None:
        """Ends replaced workers, never leaving too few; kills those that do not end in time."""
        serving = [each for each in self._workers if each.ready and each.terminated_at is None]
        outgoing = [each for each in serving if each.outgoing]
        now = time.monotonic()
        for worker in outgoing[: max(0, len(serving) - self._settings.workers)]:
            worker.terminated_at = now
            worker.process.send_signal(signal.SIGTERM)
        for worker in self._workers:
            if worker.terminated_at is not None and now > worker.terminated_at + _STOP_SECONDS:
                worker.process.kill()

    def _forget_ended_workers(self) -> None:
        for worker in [each for each in self._workers if each.process.poll() is not None]:
            self._workers.remove(worker)
            self._forget(worker)
            multiprocess.mark_process_dead(worker.process.pid, str(self._metrics_directory))  # type: ignore[no-untyped-call]
            status = worker.process.returncode
            if worker.terminated_at is not None and status == 0:
                continue
            if self._on_ready is not None:
                raise OperatorMistake(f"a worker ended with status {status}; see its message above")
            _log.error("server.worker_ended", pid=worker.process.pid, status=status)
            lived = time.monotonic() - worker.started_at
            # A worker that ends soon after its start will do so again: wait longer each time.
            self._pause = (
                _FIRST_PAUSE if lived > _STEADY_SECONDS else min(2 * self._pause, _LONGEST_PAUSE)
            )
            self._next_start = time.monotonic() + self._pause

    def _start_missing(self) -> None:
        if time.monotonic() < self._next_start:
            return
        staying = sum(not worker.outgoing for worker in self._workers)
        taken = {worker.slot for worker in self._workers}
        free = [slot for slot in range(self._slots) if slot not in taken]
        for slot in free[: self._settings.workers - staying]:
            worker = Worker(self._spawn(slot), time.monotonic(), slot)
            self._workers.append(worker)
            assert worker.process.stdout is not None
            self._selector.register(worker.process.stdout, selectors.EVENT_READ, worker)

    def _spawn(self, slot: int) -> subprocess.Popen[bytes]:
        sockets = {field: each.fileno() for field, each in self._ports.sockets.items()}
        place = Place(sockets, self._load_board, self._slots, slot)
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway.process.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[*sockets.values(), self._load_board],
            env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(self._metrics_directory)},
        )
        assert process.stdin is not None
        with suppress(BrokenPipeError):  # it has ended already; the next round notices
            process.stdin.write(dump_settings(self._settings) + dump_place(place))
            process.stdin.flush()
        return process

    def _signal_all(self, number: signal.Signals) -> None:
        for worker in self._workers:
            worker.process.send_signal(number)

    def _reload_certificate(self) -> None:
        for worker in self._workers:
            if worker.ready:  # the others will read the new certificate when they start
                worker.process.send_signal(signal.SIGHUP)

    def _stop_all(self) -> None:
        self._signal_all(signal.SIGTERM)
        deadline = time.monotonic() + _STOP_SECONDS
        for worker in self._workers:
            try:
                worker.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _log.error("server.worker_killed", pid=worker.process.pid)
                worker.process.kill()
                worker.process.wait()
            self._forget(worker)

    def _forget(self, worker: Worker) -> None:
        assert worker.process.stdin is not None
        assert worker.process.stdout is not None
        with suppress(KeyError, ValueError):
            self._selector.unregister(worker.process.stdout)
        worker.process.stdout.close()
        with suppress(BrokenPipeError):
            worker.process.stdin.close()


@contextmanager
def _metrics_directory() -> Iterator[Path]:
    """Makes the directory where workers share counters; removes those of killed supervisors."""
    for left_behind in Path(tempfile.gettempdir()).glob(f"{_METRICS_PREFIX}*"):
        pid = left_behind.name.removeprefix(_METRICS_PREFIX).partition("-")[0]
        if not Path("/proc", pid).exists():
            shutil.rmtree(left_behind, ignore_errors=True)
    directory = Path(tempfile.mkdtemp(prefix=f"{_METRICS_PREFIX}{os.getpid()}-"))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def _wakeups() -> Iterator[int]:
    """A descriptor on which each signal that the supervisor handles arrives as a byte."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGCHLD)
    before = {number: signal.signal(number, lambda *_: None) for number in numbers}
    descriptor = signal.set_wakeup_fd(writing)
    try:
        yield reading
    finally:
        signal.set_wakeup_fd(descriptor)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(reading)
        os.close(writing)
