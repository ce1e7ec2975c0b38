"""The release before serves while the newest migrations are applied, and goes on afterwards.

It is the wheel in tests/releases, in processes of its own; see the README there.
"""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from tests.support.releases import release_before, todays
from tests.support.schema_chain import rows_of
from tests.support.steady_load import Customers, busy
from tests.support.upgrades import Upgrade, filled, newer_migrations

HARMLESS = (
    "9999_made_by_the_test.sql",
    """
    ALTER TABLE subscription.domain ADD COLUMN remark text;
    COMMENT ON COLUMN subscription.domain.remark IS 'What the newer release says of it.';
    ALTER TABLE acme."order" ADD COLUMN priority integer NOT NULL DEFAULT 0;
    CREATE VIEW ops.remarks AS SELECT name, remark FROM subscription.domain;
    """,
)
"""A migration as the next release may bring it, so that there always is one to try."""

CLEANED = {
    "acme.nonce": "nonces of an epoch that is over are forgotten",
    "job.log": "kept for days only",
}
"""Tables that the program itself takes rows from within this test."""

PAID = """
    SELECT domain.name, purchase.order_number
      FROM subscription.domain
      JOIN reseller.purchase USING (order_number)
    """

UNFILLED = """
    SELECT attrelid::regclass || '.' || attname
      FROM pg_attribute
      JOIN pg_class class ON class.oid = attrelid AND relkind = 'r'
     WHERE attnum > 0 AND attnotnull AND NOT atthasdef AND attidentity = ''
       AND attrelid::regclass::text = ANY ($1)
     ORDER BY 1
    """
"""Columns that an INSERT has to name."""


@pytest.fixture
async def upgrade(database_server: str, tmp_path: Path) -> AsyncIterator[Upgrade]:
    """An upgrade from the release before to this source tree."""
    async with filled(database_server, tmp_path, HARMLESS) as made:
        yield made


async def test_the_release_before_serves_while_the_newest_migrations_are_applied(
    upgrade: Upgrade,
) -> None:
    config, _ = upgrade.configure("migrate")
    there = await rows_of(upgrade.database)
    async with upgrade.served("before", upgrade.before) as old, AsyncExitStack() as beside:
        async with busy(old) as more_old:
            await more_old(2)
            await old.ask_for_everything()
            await upgrade.order_by_an_old_account(old.url)
            applied = await asyncio.to_thread(upgrade.after.run, "migrate", "--config", str(config))
            assert [each.name for each in upgrade.newer if each.name not in applied] == []
            await more_old(2)
            await upgrade.replace_workers("before")
            await more_old(1)
            await old.ask_for_everything()
            await upgrade.order_by_an_old_account(old.url)
            new = await beside.enter_async_context(upgrade.served("after", upgrade.after))
            async with busy(new) as more_new:
                await asyncio.gather(more_old(2), more_new(2))
                await new.ask_for_everything()
                await upgrade.order_by_an_old_account(new.url)
        for customers in (old, new):
            await every_acknowledged_row_is_there(upgrade, customers, new)
    lost = there.lost(await rows_of(upgrade.database))
    assert [table for table in lost if table not in CLEANED] == []


async def every_acknowledged_row_is_there(
    upgrade: Upgrade, customers: Customers, new: Customers
) -> None:
    """In the database, and for clients of the next release."""
    names = set()
    for account in customers.accounts:
        listed = await new.action("LISTDOMAINS", acmeAccountID=account)
        names |= {domain["domainName"] for domain in listed["Domains"]}
    assert names == customers.names.keys() - set(customers.removed)
    client = upgrade.client_of(customers.client.signer, customers.accounts[0], new.url)
    for path, downloaded in customers.certificates.items():
        again = await client.post(new.url + path)
        assert (again.status, again.body) == (200, downloaded)
    connection = await asyncpg.connect(upgrade.database)
    try:
        paid = await connection.fetch(PAID)
        assert customers.names.items() <= {tuple(row) for row in paid}
        assert await connection.fetch("SELECT * FROM ops.ledger_mismatch") == []
    finally:
        await connection.close()


def test_each_release_runs_its_own_code(tmp_path: Path) -> None:
    for program in (release_before(tmp_path / "before"), todays(tmp_path / "after")):
        script = "import gateway.process.worker as module; print(module.__file__)"
        found = subprocess.run(
            [sys.executable, "-c", script],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            **program.options,
        ).stdout
        assert found.startswith(f"{program.directory}/gateway/")


async def test_every_statement_of_the_release_before_fits_the_newest_schema(
    upgrade: Upgrade,
) -> None:
    assert await no_longer_possible(upgrade) == []


async def test_the_release_before_can_add_rows_to_every_table_of_the_newest_schema(
    upgrade: Upgrade,
) -> None:
    assert await newly_required(upgrade) == []


async def test_a_column_without_a_default_is_seen(database_server: str, tmp_path: Path) -> None:
    requires = "9999_new.sql", "ALTER TABLE sitelock.inactive_partner ADD reason text NOT NULL;"
    async with filled(database_server, tmp_path, requires) as upgrade:
        connection = await asyncpg.connect(upgrade.database)
        await connection.execute("DELETE FROM sitelock.inactive_partner")
        await connection.close()
        assert await newly_required(upgrade) == ["sitelock.inactive_partner.reason"]


async def test_a_renamed_column_is_seen_in_the_statements_of_the_release_before(
    database_server: str, tmp_path: Path
) -> None:
    renames = "9999_new.sql", "ALTER TABLE subscription.domain RENAME removed_at TO gone_at;"
    async with filled(database_server, tmp_path, renames) as upgrade:
        impossible = await no_longer_possible(upgrade)
    assert len(impossible) > 5
    assert all("removed_at" in statement for statement in impossible)


def test_a_migration_that_needs_a_stop_asks_for_the_release_that_brings_it(tmp_path: Path) -> None:
    stop = "9999_new.sql", "-- Needs a stop: it renames."
    after = todays(tmp_path / "after", [stop])
    with pytest.raises(pytest.fail.Exception, match=r"9999_new needs a stop.*make release-wheel"):
        newer_migrations(release_before(tmp_path / "before"), after)


@asynccontextmanager
async def migrated(upgrade: Upgrade) -> AsyncIterator[asyncpg.Connection]:
    """Applies the newest migrations, and gives a connection made afterwards."""
    config, _ = upgrade.configure("migrate")
    await asyncio.to_thread(upgrade.after.run, "migrate", "--config", str(config))
    connection = await asyncpg.connect(upgrade.database)
    try:
        yield connection
    finally:
        await connection.close()


async def no_longer_possible(upgrade: Upgrade) -> list[str]:
    """Statements of the release before that mean nothing in the newest schema."""
    connection = await asyncpg.connect(upgrade.database)
    statements = upgrade.before.statements()
    possible = [each for each in statements if await prepares(connection, each)]
    await connection.close()
    assert len(possible) > 200
    async with migrated(upgrade) as connection:
        return [each for each in possible if not await prepares(connection, each)]


async def prepares(connection: asyncpg.Connection, statement: str) -> bool:
    try:
        await connection.prepare(statement)
    except asyncpg.PostgresError:
        return False
    return True


async def newly_required(upgrade: Upgrade) -> list[str]:
    """Columns that the release before does not know, and may not leave out."""
    tables = list((await rows_of(upgrade.database)).names.values())
    connection = await asyncpg.connect(upgrade.database)
    known = {row[0] for row in await connection.fetch(UNFILLED, tables)}
    await connection.close()
    async with migrated(upgrade) as connection:
        required = await connection.fetch(UNFILLED, tables)
    return [row[0] for row in required if row[0] not in known]
