"""A role that may read the views of ops reads them all, also after migrations."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from gateway import ids
from gateway.db.migrate import migrate, read_migrations, sql_directory
from gateway.db.pool import Connection
from tests.support.postgres import BARE, fresh_database

MIGRATIONS = [migration.name for migration in read_migrations(sql_directory())]


@pytest.fixture
async def role(database_server: str) -> AsyncIterator[str]:
    """A role of the server that may do nothing yet, and that logs in without a password."""
    name = f"Reporting {ids.new_id().hex}"
    connection = await asyncpg.connect(database_server)
    try:
        await connection.execute(f'CREATE ROLE "{name}" LOGIN')
        yield name
        await connection.execute(f'DROP ROLE "{name}"')
    finally:
        await connection.close()


async def views(connection: Connection) -> list[str]:
    rows = await connection.fetch("SELECT viewname FROM pg_views WHERE schemaname = 'ops'")
    return sorted(row["viewname"] for row in rows)


async def test_usage_and_select_on_ops_are_enough_for_every_view(database: str, role: str) -> None:
    owner = await asyncpg.connect(database)
    try:
        await owner.execute(f'GRANT USAGE ON SCHEMA ops TO "{role}"')
        await owner.execute(f'GRANT SELECT ON ALL TABLES IN SCHEMA ops TO "{role}"')
        there = await views(owner)
        assert len(there) > 20
        await owner.execute(f'SET ROLE "{role}"')
        for view in there:
            await owner.fetch(f"SELECT * FROM ops.{view}")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await owner.fetch("SELECT * FROM reseller.account")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await owner.fetch("SELECT * FROM sandbox.clock")
        await owner.execute("RESET ROLE")
        await owner.execute(f'DROP OWNED BY "{role}"')
    finally:
        await owner.close()


@pytest.mark.parametrize("older", MIGRATIONS[:-1])
async def test_rights_on_everything_outlive_all_later_migrations(
    database_server: str, role: str, tmp_path: Path, older: str
) -> None:
    """From each schema that there ever was to the newest."""
    for name in MIGRATIONS[: MIGRATIONS.index(older) + 1]:
        shutil.copy(sql_directory() / f"{name}.sql", tmp_path)
    async with fresh_database(database_server, BARE) as dsn:
        await migrate(dsn, tmp_path)
        connection = await asyncpg.connect(dsn)
        try:
            await connection.execute(
                f"""
                DO $$
                DECLARE schema text;
                BEGIN
                    FOR schema IN SELECT nspname FROM pg_namespace
                                   WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
                    LOOP
                        EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO "{role}"',
                                       schema);
                        EXECUTE format('GRANT EXECUTE ON ALL ROUTINES IN SCHEMA %I TO "{role}"',
                                       schema);
                    END LOOP;
                END $$
                """
            )
            before = await rights(connection, role)
            assert before
        finally:
            await connection.close()  # some migrations need a stop
        await migrate(dsn)
        connection = await asyncpg.connect(dsn)
        try:
            there = await everything(connection)
            lost = {right for right in before - await rights(connection, role) if right in there}
            assert lost == set()
            await connection.execute(f'DROP OWNED BY "{role}"')
        finally:
            await connection.close()


RENAMED = {
    "product.licence": "sitelock.licence",
    "product.add_on": "sitelock.add_on",
    "product.order_line": "sitelock.order_line",
    "product.inactive_partner": "sitelock.inactive_partner",
    "ops.licences": "ops.sitelock_licences",
    "ops.certificate_orders": "ops.ssl_orders",
    "ops.certificate_order_reviews": "ops.ssl_reviews",
    "ssl.certificate_order": 'ssl."order"',
    "notice.refusal_told": "notice.notified_refusal",
}


async def test_rights_on_what_is_renamed_go_with_it(
    database_server: str, role: str, tmp_path: Path
) -> None:
    for name in MIGRATIONS:
        if name < "0021":
            shutil.copy(sql_directory() / f"{name}.sql", tmp_path)
    async with fresh_database(database_server, BARE) as dsn:
        await migrate(dsn, tmp_path)
        connection = await asyncpg.connect(dsn)
        for name in RENAMED:
            await connection.execute(f'GRANT SELECT ON {name} TO "{role}"')
        await connection.close()
        await migrate(dsn)
        connection = await asyncpg.connect(dsn)
        try:
            assert set(RENAMED.values()) <= await rights(connection, role)
            assert not set(RENAMED) & await everything(connection)
            await connection.execute(f'DROP OWNED BY "{role}"')
        finally:
            await connection.close()


async def everything(connection: Connection) -> set[str]:
    rows = await connection.fetch(
        """
        SELECT oid::regclass::text AS name FROM pg_class WHERE relkind IN ('r', 'v')
         UNION ALL
        SELECT oid::regprocedure::text FROM pg_proc
        """
    )
    return {row["name"] for row in rows}


async def rights(connection: Connection, role: str) -> set[str]:
    rows = await connection.fetch(
        """
        SELECT class.oid::regclass::text AS name
          FROM pg_class class, aclexplode(class.relacl) AS granted
         WHERE pg_get_userbyid(granted.grantee) = $1
         UNION ALL
        SELECT routine.oid::regprocedure::text
          FROM pg_proc routine, aclexplode(routine.proacl) AS granted
         WHERE pg_get_userbyid(granted.grantee) = $1
        """,
        role,
    )
    return {row["name"] for row in rows}


async def test_a_view_that_is_made_anew_keeps_all_rights_on_it_and_its_columns(
    database_server: str, role: str, tmp_path: Path
) -> None:
    files = Path(shutil.copytree(sql_directory(), tmp_path / "sql"))
    async with fresh_database(database_server, BARE) as dsn:
        await migrate(dsn, files)
        connection = await asyncpg.connect(dsn)
        try:
            await connection.execute(
                "CREATE VIEW ops.shown AS SELECT 1 AS kept, 2 AS dropped, 3 AS whole;"
                f'GRANT SELECT (kept, dropped) ON ops.shown TO "{role}";'
                "GRANT SELECT ON ops.shown TO PUBLIC;"
                f'GRANT DELETE ON ops.shown TO "{role}" WITH GRANT OPTION;'
                f'GRANT SELECT ON audit.event TO "{role}";'
            )
            (files / "9999_anew.sql").write_text(
                "DROP VIEW ops.shown; CREATE VIEW ops.shown AS SELECT 1 AS kept, 3 AS whole;"
                f'REVOKE SELECT ON audit.event FROM "{role}";'
            )
            await migrate(dsn, files)
            has = "SELECT has_{}_privilege($1, {}, $2)"
            assert await connection.fetchval(
                has.format("table", "'ops.shown'"), role, "DELETE WITH GRANT OPTION"
            )
            assert await connection.fetchval(has.format("table", "'ops.shown'"), role, "SELECT")
            assert await connection.fetchval(
                "SELECT attacl IS NOT NULL FROM pg_attribute"
                " WHERE attrelid = 'ops.shown'::regclass AND attname = 'kept'"
            )
            # What a migration takes away on purpose stays away.
            assert not await connection.fetchval(
                has.format("table", "'audit.event'"), role, "SELECT"
            )
            await connection.execute(f'DROP OWNED BY "{role}"')
        finally:
            await connection.close()
