"""Brings the schema up to date with the numbered files of sql/."""

import asyncio
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from gateway.db import grants
from gateway.db.pool import Connection, is_outage
from gateway.errors import OperatorMistake

_PACKAGE = Path(__file__).parents[1]
_FILE_NAME = re.compile(r"[0-9]{4}_[a-z0-9_]+\.sql")
_ADVISORY_LOCK = 0x6761_7465_7761_79
_NEEDS_A_STOP = "-- Needs a stop"
_LOOKS_AGAIN = 20
_LOOK_PAUSE_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Migration:
    """One file of sql/; `checksum` is its SHA-256."""

    name: str
    text: str
    checksum: bytes

    @property
    def needs_a_stop(self) -> bool:
        """Its first line says that processes of the release before cannot go on after it."""
        return self.text.startswith(_NEEDS_A_STOP)


async def migrate(url: str, directory: Path | None = None) -> list[str]:
    """Applies missing migrations, each file in its own transaction; gives their names.

    Rights on objects that a file makes anew are kept.

    Several processes may call it at once: they wait for each other. Raises OperatorMistake when an
    applied file was changed since, when the database is newer than the files, when a file needs a
    stop and others use the database, or when the database refuses a file; OSError or
    asyncpg.PostgresError when it cannot be reached.
    """
    migrations = read_migrations(directory or sql_directory())
    connection = await asyncpg.connect(url)
    try:
        # The lock ends with the session, also when this process is killed.
        await connection.execute("SELECT pg_advisory_lock($1)", _ADVISORY_LOCK)
        await _create_journal(connection)
        applied = await _applied(connection)
        missing = _missing(migrations, applied)
        if applied:  # nobody can be using an empty database
            await _require_stop(connection, missing)
        for migration in missing:
            await _apply(connection, migration)
        return [migration.name for migration in missing]
    finally:
        await connection.close()


async def missing_migrations(connection: Connection) -> list[str]:
    """Names of the files that this program needs and that were not applied to the database.

    Raises OperatorMistake when an applied file was changed since. A newer database is accepted:
    during an upgrade the processes of the old release go on working.
    """
    migrations = read_migrations(sql_directory())
    known = {migration.name for migration in migrations}
    applied = await _applied(connection) if await _has_journal(connection) else {}
    ours = {name: checksum for name, checksum in applied.items() if name in known}
    return [migration.name for migration in _missing(migrations, ours)]


async def require_current_schema(connection: Connection) -> None:
    """Raises OperatorMistake, with what to do, when the schema is older than the program."""
    missing = await missing_migrations(connection)
    if missing:
        raise OperatorMistake(
            f"the database lacks {', '.join(missing)}: run `gateway migrate` first"
        )


async def schema_is_current(connection: Connection) -> bool:
    """Has the database everything this program needs? Raises as `missing_migrations`."""
    return not await missing_migrations(connection)


def sql_directory() -> Path:
    """sql/ beside the package in a source tree, inside it when installed from a wheel."""
    installed = _PACKAGE / "sql"
    return installed if installed.is_dir() else _PACKAGE.parent / "sql"


def read_migrations(directory: Path) -> list[Migration]:
    """All NNNN_name.sql files in the order of their numbers; any other *.sql file is a mistake."""
    files = sorted(directory.glob("*.sql"))
    if not files:
        raise OperatorMistake(f"no migrations in {directory}: the installation is incomplete")
    for file in files:
        if not _FILE_NAME.fullmatch(file.name):
            raise OperatorMistake(f"{file.name} is no migration: name it NNNN_what_it_does.sql")
    return [
        Migration(file.stem, content.decode(), hashlib.sha256(content).digest())
        for file in files
        for content in (file.read_bytes(),)
    ]


def _missing(migrations: list[Migration], applied: Mapping[str, bytes]) -> list[Migration]:
    checksums = {migration.name: migration.checksum for migration in migrations}
    for name, checksum in applied.items():
        if name not in checksums:
            raise OperatorMistake(
                f"the database is newer than this program: it has migration {name};"
                " install the release that brought it"
            )
        if checksums[name] != checksum:
            raise OperatorMistake(
                f"migration {name} was changed after it was applied;"
                " restore the file and put the change into a new one"
            )
    newest = max(applied, default="")
    missing = [migration for migration in migrations if migration.name not in applied]
    for migration in missing:
        if migration.name < newest:
            raise OperatorMistake(
                f"migration {migration.name} is older than {newest}, which is already applied;"
                " give it a higher number"
            )
    return missing


async def _require_stop(connection: Connection, missing: list[Migration]) -> None:
    """Raises OperatorMistake if a file needs a stop and others are connected to the database.

    Every process of the gateway keeps connections open, also when it has nothing to do.
    """
    reason = next((migration.name for migration in missing if migration.needs_a_stop), None)
    if reason is None:
        return
    others = await _others(connection)
    for _ in range(_LOOKS_AGAIN):  # closed connections, and others' migrations, take a moment
        if not others:
            return
        await asyncio.sleep(_LOOK_PAUSE_SECONDS)
        others = await _others(connection)
    if others:
        raise OperatorMistake(
            f"migration {reason} needs a stop, and {others} connections of this role are open:"
            " end every gateway process of the release before, then run `gateway migrate` again"
        )


async def _others(connection: Connection) -> int:
    """Connections of this role to the database, without those that wait to migrate it too."""
    found: int = await connection.fetchval(
        """
        SELECT count(*)
          FROM pg_stat_activity
         WHERE datname = current_database()
           AND usename = current_user
           AND pid <> pg_backend_pid()
           AND pid NOT IN (SELECT pid
                             FROM pg_locks
                            WHERE locktype = 'advisory'
                              AND classid::bigint << 32 | objid::bigint = $1)
        """,
        _ADVISORY_LOCK,
    )
    return found


async def _create_journal(connection: Connection) -> None:
    await connection.execute(
        """
        CREATE SCHEMA IF NOT EXISTS migration;
        COMMENT ON SCHEMA migration IS 'What `gateway migrate` did.';

        CREATE TABLE IF NOT EXISTS migration.applied (
            name       text COLLATE "C" PRIMARY KEY,
            checksum   bytea NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
        );
        COMMENT ON TABLE migration.applied IS 'Files of sql/ this database has seen.';
        COMMENT ON COLUMN migration.applied.name IS 'Name of the file, without .sql.';
        COMMENT ON COLUMN migration.applied.checksum IS 'SHA-256 of the file as it was applied.';
        COMMENT ON COLUMN migration.applied.applied_at IS 'Real time, not the business clock.'
        """
    )


async def _has_journal(connection: Connection) -> bool:
    found = await connection.fetchval("SELECT to_regclass('migration.applied') IS NOT NULL")
    return bool(found)


async def _applied(connection: Connection) -> dict[str, bytes]:
    rows = await connection.fetch(
        """
        SELECT name, checksum
          FROM migration.applied
         ORDER BY name
        """
    )
    return {row["name"]: row["checksum"] for row in rows}


async def _apply(connection: Connection, migration: Migration) -> None:
    async with connection.transaction():
        granted = await grants.read(connection)
        try:
            await connection.execute(migration.text)
        except asyncpg.PostgresError as error:
            if is_outage(error):
                raise
            raise OperatorMistake(
                f"the migration {migration.name} cannot be applied and has changed nothing: {error}"
            ) from error
        await grants.restore(connection, granted)
        await connection.execute(
            """
            INSERT INTO migration.applied (name, checksum)
            VALUES ($1, $2)
            """,
            migration.name,
            migration.checksum,
        )
