"""One PostgreSQL server for a whole test run, and a database of its own for every test."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from unittest.mock import patch

import asyncpg
from argon2 import PasswordHasher

from gateway import ids, passwords
from gateway.clock import SystemClock
from gateway.db.migrate import migrate
from gateway.db.pool import open_pool
from gateway.errors import OperatorMistake
from gateway.sandbox import demo_data
from gateway.sandbox.postgres import EmbeddedPostgres

_PREFIX = "gateway-tests-"
MIGRATED = "migrated"
"""Template with all migrations and no row."""
FURNISHED = "furnished"
"""The same with the sandbox's demo data."""
BARE = "template1"
"""Template without any schema of ours."""
_MEMORY = Path("/dev/shm")
_ENOUGH_MEMORY = 2 * 1024**3


class TestServer:
    """The server, which belongs to the process that starts it; xdist workers get its `dsn`."""

    __test__ = False

    def __init__(self) -> None:
        _sweep()
        self._directory = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=memory_or_disk()))
        self._postgres = EmbeddedPostgres(self._directory, durable=False)
        self.dsn = self._postgres.start()

    def stop(self) -> None:
        self._postgres.stop()
        # Another run may sweep it up at the same moment.
        shutil.rmtree(self._directory, ignore_errors=True)


def _sweep() -> None:
    """Stops and removes servers whose test run was killed."""
    for directory in memory_or_disk().glob(f"{_PREFIX}*"):
        abandoned = EmbeddedPostgres(directory)
        with suppress(OperatorMistake, OSError):
            abandoned.stop_orphan()
            shutil.rmtree(directory, ignore_errors=True)


def memory_or_disk() -> Path:
    """A directory in memory if there is enough: copying a database takes 15 ms there, not 300.

    Tests put programs there too.
    """
    if (
        _MEMORY.is_dir()
        and os.access(_MEMORY, os.W_OK)
        and not os.statvfs(_MEMORY).f_flag & os.ST_NOEXEC
    ):
        free = shutil.disk_usage(_MEMORY).free
        if free > _ENOUGH_MEMORY:
            return _MEMORY
    return Path(tempfile.gettempdir())


async def make_templates(server: str) -> None:
    """Makes the templates that `fresh_database` copies."""
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(f"CREATE DATABASE {MIGRATED}")
        await migrate(of_database(server, MIGRATED))
        await connection.execute(f"CREATE DATABASE {FURNISHED} TEMPLATE {MIGRATED}")
        await _furnish(of_database(server, FURNISHED))
    finally:
        await connection.close()


async def _furnish(dsn: str) -> None:
    pool = await open_pool(dsn, min_size=1)
    # Hundreds of tests log in as the demo reseller: its hash is real, but cheap to check.
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    try:
        with patch.object(passwords, "_hasher", cheap):
            await demo_data.add(pool, SystemClock())
    finally:
        await pool.close()


@asynccontextmanager
async def fresh_database(server: str, template: str) -> AsyncIterator[str]:
    """Gives the DSN of a copy of `template`; it is dropped afterwards, with open connections."""
    name = f"test_{ids.new_id().hex}"
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        yield of_database(server, name)
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await connection.close()


def of_database(dsn: str, name: str) -> str:
    """`dsn` for another database of the same server."""
    return dsn.replace("@/postgres?", f"@/{name}?")
