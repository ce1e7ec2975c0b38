"""Reuses databases, and connections to them, for the tests of one process.

Making and dropping a database takes 40 ms of CPU, and each new connection plans each statement
anew. So a database whose schema a test did not change gets its template's rows back, and serves the
next test, with its connections. Nothing else outlives a test.
"""

import asyncio
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import asyncpg

from gateway import ids
from gateway.db import pool as gateway_pool
from gateway.db.pool import Connection
from tests.support.postgres import of_database

_MOST_CONNECTIONS = 12
"""The most connections that are kept to one database; the server allows 300."""
_END_MILLISECONDS = 5_000
_MOST_GROWTH = 4 * 1024**2
"""Bytes that deleted rows may take in a database that is used again."""

_SCHEMA = """
    SELECT (SELECT count(*) || ',' || sum(hashtext(t::text)::bigint) FROM (
               SELECT oid, relname, relnamespace, relacl, relchecks, relhastriggers, relowner
                 FROM pg_class WHERE oid >= 16384 AND relkind <> 't') t)
        || ';' || (SELECT count(*) || ',' || sum(hashtext(t::text)::bigint) FROM (
               SELECT attrelid, attname, atttypid, attnotnull, attacl
                 FROM pg_attribute WHERE attrelid >= 16384 AND attnum > 0) t)
        || ';' || (SELECT count(*) || ',' || sum(oid::bigint) FROM pg_constraint)
        || ';' || (SELECT count(*) || ',' || sum(hashtext(oid || tgenabled::text)::bigint)
                     FROM pg_trigger)
        || ';' || (SELECT count(*) || ',' || sum(hashtext(oid || ' ' || xmin)::bigint)
                     FROM pg_proc WHERE oid >= 16384)
        || ';' || (SELECT count(*) || ',' || sum(hashtext(oid || ' ' || xmin)::bigint)
                     FROM pg_namespace WHERE nspname !~ '^pg_')
        || ';' || (SELECT xmin FROM pg_database WHERE datname = current_database())
        || ';' || (SELECT count(*) FROM pg_db_role_setting JOIN pg_database d
                       ON d.oid = setdatabase WHERE datname = current_database())
    """
"""What a test may change besides rows; a database changed so is not used again."""

_TABLES = """
    SELECT format('%I.%I', nspname, relname) AS name,
           (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum)
              FROM pg_attribute
             WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
           ) AS columns
      FROM pg_class c
      JOIN pg_namespace n ON n.oid = relnamespace
     WHERE c.oid >= 16384 AND relkind = 'r' AND nspname !~ '^pg_'
    """

_SEQUENCES = """
    SELECT format('SELECT setval(%L, %s, %L)', format('%I.%I', schemaname, sequencename),
                  coalesce(last_value, start_value), last_value IS NOT NULL)
      FROM pg_sequences
    """


@dataclass
class KeptDatabase:
    """A database that is reused. `keeper` is a connection that no test uses."""

    dsn: str
    keeper: Connection
    schema: str = ""
    size: int = 0
    restore: str = ""
    """Statements that bring the template's rows back."""
    idle: list[Any] = field(default_factory=list)
    """Connections of pools that were closed."""

    async def note(self) -> None:
        """Notes the rows and schema that are to be restored."""
        tables = await self.keeper.fetch(_TABLES)
        wiped = [f"DELETE FROM {name}" for name, _ in tables]
        filled = []
        for name, columns in tables:
            rows = await self.keeper.fetchval(f"SELECT json_agg(t)::text FROM {name} t")
            if rows is not None:
                quoted = await self.keeper.fetchval("SELECT quote_literal($1::text)", rows)
                filled.append(
                    f"INSERT INTO {name} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns}"
                    f" FROM json_populate_recordset(NULL::{name}, {quoted})"
                )
        sequences = [row[0] for row in await self.keeper.fetch(_SEQUENCES)]
        # With the role of a replica no trigger fires, and the tables can come in any order.
        first = "BEGIN; SET LOCAL session_replication_role = replica"
        self.restore = "; ".join([first, *wiped, *filled, *sequences, "COMMIT"])
        self.schema = await self.keeper.fetchval(_SCHEMA)
        self.size = await self._size()

    async def is_as_before(self) -> bool:
        """Ends others' connections, and restores the rows if the schema is the same."""
        ours = [each.get_server_pid() for each in (*self.idle, self.keeper)]
        await self.keeper.fetch(
            "SELECT pg_terminate_backend(pid, $2) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> ALL ($1)"
            " AND backend_type = 'client backend'",
            ours,
            _END_MILLISECONDS,
        )
        if await self.keeper.fetchval(_SCHEMA) != self.schema:
            return False
        if await self._size() > self.size + _MOST_GROWTH:
            return False
        await self.keeper.execute(self.restore)
        return True

    async def _size(self) -> int:
        return int(await self.keeper.fetchval("SELECT pg_database_size(current_database())"))

    def end(self) -> None:
        """Ends all of its connections."""
        for each in (*self.idle, self.keeper):
            each.terminate()


class KeptPool(asyncpg.Pool):  # type: ignore[misc]
    """A pool that begins with the connections of one that was closed, and keeps its own."""

    kept: KeptDatabase

    async def _async__init__(self) -> Any:
        taken = [each for each in self.kept.idle if not each.is_closed()][: self._maxsize]
        self.kept.idle = [each for each in self.kept.idle if each not in taken]
        if taken:
            self._initsize = 0
        result = await super()._async__init__()
        for holder, connection in zip(reversed(self._holders), taken, strict=False):
            holder._con = connection
            connection._pool_holder = weakref.ref(holder)
            holder._generation = self._generation
        return result

    async def close(self) -> None:
        if self._closed or not self._initialized:
            return await super().close()
        self._closing = True
        try:
            await asyncio.gather(*(holder.wait_until_released() for holder in self._holders))
        except (Exception, asyncio.CancelledError):
            self.terminate()
            raise
        for holder in self._holders:
            connection = holder._con
            if connection is None or connection.is_closed():
                continue
            if len(self.kept.idle) >= _MOST_CONNECTIONS or connection.is_in_transaction():
                continue
            await connection.reset()
            holder._maybe_cancel_inactive_callback()
            holder._con = connection._pool_holder = None
            connection._query_loggers.clear()
            self.kept.idle.append(connection)
        self._closing = False
        return await super().close()


class KeptDatabases:
    """The reused databases of one process, on the server whose DSN is given."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._idle: dict[str, list[KeptDatabase]] = {}
        self._lent: dict[str, tuple[KeptDatabase, asyncio.AbstractEventLoop]] = {}
        self._create_pool = asyncpg.create_pool

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Keeps the connections of pools that the gateway opens within the block."""
        with patch.object(asyncpg, "create_pool", self._pool):
            yield
        for each in [each for idle in self._idle.values() for each in idle]:
            each.end()

    @asynccontextmanager
    async def lend(self, template: str) -> AsyncIterator[str]:
        """Gives one test the DSN of a database that is like `template`."""
        idle = self._idle.setdefault(template, [])
        kept = idle.pop() if idle else await self._made(template)
        self._lent[kept.dsn] = kept, asyncio.get_running_loop()
        try:
            yield kept.dsn
        finally:
            del self._lent[kept.dsn]
            if await _is_as_before(kept):
                idle.append(kept)
            else:
                kept.end()
                name = kept.dsn.partition("@/")[2].partition("?")[0]
                await self._execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _pool(self, dsn: str | None = None, **options: Any) -> Any:
        kept, loop = self._lent.get(dsn or "", (None, None))
        is_ours = options.get("init") is gateway_pool._prepare_connection
        if kept is None or not is_ours or asyncio.get_running_loop() is not loop:
            return self._create_pool(dsn, **options)
        pool = KeptPool(dsn, init_size=options["min_size"], max_queries=50_000, setup=None,
                        loop=None, connect=None, connection_class=asyncpg.Connection,
                        record_class=asyncpg.Record, max_inactive_connection_lifetime=300.0,
                        **options)  # fmt: skip
        pool.kept = kept
        return pool

    async def _made(self, template: str) -> KeptDatabase:
        name = f"test_{ids.new_id().hex}"
        await self._execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        dsn = of_database(self._server, name)
        kept = KeptDatabase(dsn, await asyncpg.connect(dsn))
        await kept.note()
        return kept

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self._server)
        await connection.execute(statement)
        await connection.close()


async def _is_as_before(kept: KeptDatabase) -> bool:
    with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        return await kept.is_as_before()
    return False
