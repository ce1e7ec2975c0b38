"""The embedded PostgreSQL: starts anywhere, survives kills, leaves nothing behind."""

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from gateway.errors import OperatorMistake
from gateway.sandbox import postgres_binaries
from gateway.sandbox.postgres import EmbeddedPostgres

HOLDER = """
import sys, time
from pathlib import Path
from gateway.sandbox.postgres import EmbeddedPostgres
print(EmbeddedPostgres(Path(sys.argv[1]), durable=sys.argv[2] == "durable").start(), flush=True)
time.sleep(600)
"""


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    """Below tmp_path, which is root's own and closed to others when root runs the tests."""
    yield tmp_path / "postgres"
    if (tmp_path / "postgres").exists():
        EmbeddedPostgres(tmp_path / "postgres").stop_orphan()


def server_pid(directory: Path) -> int:
    return int((directory / "data" / "postmaster.pid").read_text().split()[0])


def hold(directory: Path, durable: str = "fast") -> tuple[subprocess.Popen[str], str]:
    """Another process that starts the server; gives its DSN."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(directory), durable], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    return holder, holder.stdout.readline().strip()


async def run(dsn: str, *statements: str) -> object:
    """The last statement's first value."""
    connection = await asyncpg.connect(dsn)
    try:
        for statement in statements[:-1]:
            await connection.execute(statement)
        return await connection.fetchval(statements[-1])
    finally:
        await connection.close()


async def test_it_starts_stops_and_keeps_what_was_written(directory: Path) -> None:
    server = EmbeddedPostgres(directory)
    dsn = server.start()
    await run(dsn, "CREATE TABLE kept AS SELECT 7 AS seven", "SELECT 1")
    pid = server_pid(directory)
    server.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert server.start() == dsn
    assert await run(dsn, "SELECT seven FROM kept") == 7
    server.stop()
    server.stop()


async def test_it_speaks_utf8_compares_bytes_and_has_no_network_port(directory: Path) -> None:
    server = EmbeddedPostgres(directory, durable=False)
    dsn = server.start()
    try:
        assert await run(dsn, "SHOW server_encoding") == "UTF8"
        assert await run(dsn, "SELECT 'a' > 'B'") is True
        assert await run(dsn, "SHOW listen_addresses") == ""
        assert await run(dsn, "SHOW timezone") == "UTC"
    finally:
        server.stop()


@pytest.mark.parametrize(("durable", "fsync"), [(True, "on"), (False, "off")])
async def test_only_throw_away_data_is_not_synced(
    directory: Path, durable: bool, fsync: str
) -> None:
    server = EmbeddedPostgres(directory, durable=durable)
    dsn = server.start()
    try:
        assert await run(dsn, "SHOW fsync") == fsync
    finally:
        server.stop()


def test_programs_that_use_libpq_take_the_dsn(directory: Path) -> None:
    server = EmbeddedPostgres(directory / "with space", durable=False)
    psql = postgres_binaries.directory_for(None, directory) / "psql"
    try:
        shown = subprocess.run(
            [psql, "-XAtc", "SELECT 6 * 7", server.start()], capture_output=True, text=True
        )
        assert shown.stdout == "42\n", shown.stderr
    finally:
        server.stop()


def test_one_directory_serves_one_process(directory: Path) -> None:
    server = EmbeddedPostgres(directory, durable=False)
    server.start()
    try:
        with pytest.raises(OperatorMistake, match="another process uses the database in"):
            EmbeddedPostgres(directory).start()
    finally:
        server.stop()


async def test_a_server_left_by_a_killed_process_is_replaced(directory: Path) -> None:
    holder, dsn = hold(directory, "durable")
    await run(dsn, "CREATE TABLE kept AS SELECT 7 AS seven", "SELECT 1")
    orphan = server_pid(directory)
    holder.kill()
    holder.wait()
    os.kill(orphan, 0)
    server = EmbeddedPostgres(directory)
    assert await run(server.start(), "SELECT seven FROM kept") == 7
    assert server_pid(directory) != orphan
    server.stop()


async def test_it_recovers_when_the_server_was_killed_too(directory: Path) -> None:
    holder, dsn = hold(directory, "durable")
    await run(dsn, "CREATE TABLE kept AS SELECT 7 AS seven", "SELECT 1")
    holder.kill()
    holder.wait()
    os.kill(server_pid(directory), signal.SIGKILL)
    server = EmbeddedPostgres(directory)
    assert await run(server.start(), "SELECT seven FROM kept") == 7
    server.stop()


def test_a_process_that_took_over_the_number_of_a_dead_server_is_left_alone(
    directory: Path,
) -> None:
    server = EmbeddedPostgres(directory, durable=False)
    server.start()
    server.stop()
    (directory / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n")
    server.start()
    server.stop()


def test_an_initialization_that_was_killed_is_done_again(directory: Path) -> None:
    unfinished = directory / "data.unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")
    server = EmbeddedPostgres(directory, durable=False)
    server.start()
    server.stop()
    assert not unfinished.exists()


@pytest.mark.parametrize("name", ["long-directory-name/" * 6, "this, and that"])
async def test_a_path_that_fits_no_socket_is_no_obstacle(directory: Path, name: str) -> None:
    server = EmbeddedPostgres(directory / name, durable=False)
    try:
        assert await run(server.start(), "SELECT 1") == 1
    finally:
        server.stop()
    assert not server._sockets().exists()


async def test_starting_and_stopping_does_not_need_the_main_thread(directory: Path) -> None:
    server = EmbeddedPostgres(directory, durable=False)
    await asyncio.to_thread(server.start)
    await asyncio.to_thread(server.stop)


def test_root_becomes_somebody_else_and_opens_no_directory(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    myself = pwd.getpwuid(os.geteuid()).pw_name
    server = EmbeddedPostgres(closed / "postgres", durable=False)
    server.start()
    try:
        process = Path(f"/proc/{server_pid(closed / 'postgres')}")
        user = pwd.getpwuid(process.stat().st_uid).pw_name
        assert user in (("postgres", "nobody") if myself == "root" else (myself,))
        assert closed.stat().st_mode & 0o777 == 0o700
        assert closed.owner() == myself
    finally:
        server.stop()


async def test_binaries_in_a_closed_directory_are_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = postgres_binaries.directory_for(None, tmp_path).parents[1]
    closed = tmp_path / "closed"
    for name in (package.name, f"{package.name}.libs"):
        shutil.copytree(package.parent / name, closed / name)
    closed.chmod(0o700)
    monkeypatch.syspath_prepend(closed)
    server = EmbeddedPostgres(tmp_path / "postgres", durable=False)
    copy = postgres_binaries.place_of_copy(closed / package.name)
    try:
        assert await run(server.start(), "SELECT 1") == 1
        # Whoever does not change the user reads them where they are.
        assert copy.exists() == (os.geteuid() == 0)
        assert not list(copy.rglob("*.a")), "only what is needed"
    finally:
        server.stop()
        shutil.rmtree(copy, ignore_errors=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="allowed: only root changes the user")
def test_the_copy_goes_with_a_state_that_its_user_can_reach(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = postgres_binaries.directory_for(None, tmp_path).parents[1]
    for name in (package.name, f"{package.name}.libs"):
        shutil.copytree(package.parent / name, tmp_path / name)
    monkeypatch.syspath_prepend(tmp_path)
    with tempfile.TemporaryDirectory() as opened:
        Path(opened).chmod(0o755)
        server = EmbeddedPostgres(Path(opened) / "state", durable=False)
        server.start()
        server.stop()
    assert not postgres_binaries.place_of_copy(tmp_path / package.name).exists()
