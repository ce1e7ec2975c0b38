"""`gateway migrate`: in order, once, and never past a contradiction."""

import asyncio
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from gateway import ids
from gateway.db import migrate as migrations
from gateway.db.migrate import migrate, missing_migrations, schema_is_current, sql_directory
from gateway.db.pool import open_pool
from gateway.errors import OperatorMistake
from tests.support.postgres import BARE, fresh_database

ROOT = Path(__file__).parents[3]


@pytest.fixture
async def empty(database_server: str) -> AsyncIterator[str]:
    """DSN of a database without any schema of ours."""
    async with fresh_database(database_server, BARE) as dsn:
        yield dsn


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A copy of sql/ to tamper with."""
    return Path(shutil.copytree(sql_directory(), tmp_path / "sql"))


async def value(dsn: str, query: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_all_files_are_applied_in_order_and_only_once(empty: str) -> None:
    names = [file.stem for file in sorted(sql_directory().glob("*.sql"))]
    assert await migrate(empty) == names
    assert await migrate(empty) == []


async def test_processes_that_migrate_at_once_wait_for_each_other(empty: str) -> None:
    done = await asyncio.gather(*(migrate(empty) for _ in range(4)))
    assert sorted(map(bool, done)) == [False, False, False, True]


async def test_a_changed_file_is_refused(empty: str, files: Path) -> None:
    await migrate(empty, files)
    first = files / "0001_foundation.sql"
    first.write_text(first.read_text() + "\n-- changed\n")
    with pytest.raises(OperatorMistake, match=f"{first.stem} was changed after it was applied"):
        await migrate(empty, files)


async def test_a_database_newer_than_the_program_is_refused(empty: str, files: Path) -> None:
    (files / "9999_future.sql").write_text("CREATE TABLE future (id integer);")
    await migrate(empty, files)
    with pytest.raises(OperatorMistake, match=r"newer than this program.*9999_future"):
        await migrate(empty)


async def test_a_file_numbered_below_an_applied_one_is_refused(empty: str, files: Path) -> None:
    await migrate(empty, files)
    (files / "0000_late.sql").write_text("SELECT 1;")
    with pytest.raises(OperatorMistake, match="0000_late is older than"):
        await migrate(empty, files)


async def test_a_misnamed_file_is_refused_before_anything_happens(empty: str, files: Path) -> None:
    (files / "7-fix.sql").write_text("SELECT 1;")
    with pytest.raises(OperatorMistake, match="NNNN_what_it_does"):
        await migrate(empty, files)
    assert await value(empty, "SELECT to_regclass('migration.applied')") is None


async def test_a_file_that_fails_leaves_nothing_and_can_be_repaired(
    empty: str, files: Path
) -> None:
    await migrate(empty, files)
    broken = files / "9999_new.sql"
    broken.write_text("CREATE TABLE made (id integer); SELECT no_such_column;")
    with pytest.raises(OperatorMistake, match=r"9999_new cannot be applied.*no_such_column"):
        await migrate(empty, files)
    assert await value(empty, "SELECT to_regclass('made')") is None
    broken.write_text("CREATE TABLE made (id integer);")
    assert await migrate(empty, files) == ["9999_new"]


async def test_a_file_that_needs_a_stop_waits_until_nobody_else_is_connected(
    empty: str, files: Path
) -> None:
    await migrate(empty, files)
    (files / "9998_first.sql").write_text("CREATE TABLE made (id integer);")
    renaming = "-- Needs a stop: it renames.\nALTER TABLE made RENAME TO m;"
    (files / "9999_new.sql").write_text(renaming)
    pool = await open_pool(empty)
    try:
        with pytest.raises(OperatorMistake, match="9999_new needs a stop, and 2 connections"):
            await migrate(empty, files)
        assert await value(empty, "SELECT to_regclass('made')") is None, "nothing is half done"
    finally:
        await pool.close()
    applied = await asyncio.gather(*(migrate(empty, files) for _ in range(3)))
    assert sorted(applied) == [[], [], ["9998_first", "9999_new"]]


async def test_a_role_that_only_reads_does_not_hold_up_a_stop(
    empty: str, database_server: str, files: Path
) -> None:
    await migrate(empty, files)
    (files / "9999_new.sql").write_text("-- Needs a stop: it renames.\nCREATE TABLE made ();")
    role = f"reading_{ids.new_id().hex}"
    server = await asyncpg.connect(database_server)
    await server.execute(f"CREATE ROLE {role} LOGIN")
    reading = await asyncpg.connect(empty, user=role)
    try:
        assert await migrate(empty, files) == ["9999_new"]
    finally:
        await reading.close()
        await server.execute(f"DROP ROLE {role}")
        await server.close()


async def test_a_running_process_is_not_left_with_a_schema_that_it_does_not_know(
    empty: str, tmp_path: Path
) -> None:
    """The migration that gave each subject one name."""
    for file in sql_directory().glob("00[01]*.sql"):
        shutil.copy(file, tmp_path)
    await migrate(empty, tmp_path)
    running = await open_pool(empty)
    try:
        with pytest.raises(OperatorMistake, match="0021_one_name_a_subject needs a stop"):
            await migrate(empty)
        assert await running.fetchval("SELECT count(*) FROM product.licence") == 0
    finally:
        await running.close()
    assert "0021_one_name_a_subject" in await migrate(empty)


async def test_prices_of_all_families_move_into_one_list(empty: str, tmp_path: Path) -> None:
    for file in sql_directory().glob("00[012]*.sql"):
        if file.name < "0023":
            shutil.copy(file, tmp_path)
    await migrate(empty, tmp_path)
    connection = await asyncpg.connect(empty)
    await connection.execute(
        """
        INSERT INTO reseller.account (id, login, password_hash, created_at)
        VALUES (md5('r')::uuid, 'r', '', now());
        INSERT INTO acme.server (id, name, path, validation, product_id, description, position)
        VALUES (md5('s')::uuid, 'DV', '/v2/DV', 'DV', 608, '', 1);
        INSERT INTO reseller.price (id, account_id, server_id, name_type, yearly, currency)
        VALUES (md5('1')::uuid, NULL, md5('s')::uuid, 'wildcard', 1095, 'USD'),
               (md5('2')::uuid, md5('r')::uuid, md5('s')::uuid, 'fqdn', 300, 'USD');
        INSERT INTO sitelock.price (id, product, days, amount, currency)
        VALUES (md5('3')::uuid, 1060, 30, 14.90, 'USD');
        INSERT INTO ssl.price (id, brand, type, name_type, yearly, currency)
        VALUES (md5('4')::uuid, 'LOCAL', 'DV_SSL_CERT', 'fqdn', 120, 'EUR');
        """
    )
    await connection.close()
    await migrate(empty)
    connection = await asyncpg.connect(empty)
    rows = await connection.fetch(
        """
        SELECT family, item, variant, amount::text, currency, account_id IS NULL
          FROM reseller.price
         ORDER BY family, item, variant
        """
    )
    assert [tuple(row) for row in rows] == [
        ("acme", "DV", "fqdn", "300.00", "USD", False),
        ("acme", "DV", "wildcard", "1095.00", "USD", True),
        ("sitelock", "1060", "30", "14.90", "USD", True),
        ("ssl", "LOCAL/DV_SSL_CERT", "fqdn", "120.00", "EUR", True),
    ]
    change = "UPDATE reseller.price SET {} WHERE family = {}"
    for assignment, family in (
        ("item = 'XX'", "'acme'"),  # no such server
        ("variant = '7'", "'sitelock'"),
        ("item = 'local/DV_SSL_CERT'", "'ssl'"),
        ("family = 'other'", "'ssl'"),
        ("account_id = NULL, variant = 'wildcard'", "'acme' AND variant = 'fqdn'"),
    ):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError):
            await connection.execute(change.format(assignment, family))
    await connection.close()


async def test_history_has_the_new_words_and_the_ledger_stays_as_it_was(
    empty: str, tmp_path: Path
) -> None:
    for file in sql_directory().glob("*.sql"):
        if file.name < "0025":
            shutil.copy(file, tmp_path)
    await migrate(empty, tmp_path)
    connection = await asyncpg.connect(empty)
    await connection.execute(
        """
        INSERT INTO reseller.account (id, login, password_hash, created_at)
        VALUES (md5('r')::uuid, 'r', '', now());
        INSERT INTO reseller.purchase
               (order_number, account_id, kind, cost, currency, days, purchased_at)
        SELECT 100 + n, md5('r')::uuid, kind, 10, 'USD', 365, now()
          FROM unnest(ARRAY['add_domain', 'extend_domains', 'buy_certificate', 'order_product'])
               WITH ORDINALITY AS bought (kind, n);
        INSERT INTO reseller.ledger_entry (account_id, amount, kind, booked_at)
        VALUES (md5('r')::uuid, 100, 'deposit', now());
        INSERT INTO reseller.ledger_entry (account_id, amount, kind, order_number, booked_at)
        SELECT md5('r')::uuid, -10, 'charge', order_number, now() FROM reseller.purchase;
        INSERT INTO audit.event (at, actor, action, subject, after)
        SELECT now(), 'reseller:r', 'purchase.charged', order_number,
               jsonb_build_object('kind', kind, 'cost', cost)
          FROM reseller.purchase ORDER BY order_number;
        INSERT INTO audit.event (at, actor, action, subject, after)
        VALUES (now(), 'reseller:r', 'certificate_order.bought', 'scs1', '{"status": "PAID"}'),
               (now(), 'gateway:certificate-orders', 'certificate_order.moved', 'scs1', NULL),
               (now(), 'gateway:certificate-orders', 'certificate.issued', '0a', NULL),
               (now(), 'operator:o', 'product_partner.set', 'r', NULL);
        """
    )
    ledger = "SELECT array_agg(entry ORDER BY id) FROM reseller.ledger_entry entry"
    before = await connection.fetchval(ledger)
    await connection.close()
    await migrate(empty)
    connection = await asyncpg.connect(empty)
    try:
        assert await connection.fetchval(ledger) == before
        purchases = await connection.fetch(
            "SELECT kind, family FROM reseller.purchase ORDER BY order_number"
        )
        assert [tuple(row) for row in purchases] == [
            ("add_domain", "acme"),
            ("extend_domains", "acme"),
            ("order_ssl", "ssl"),
            ("order_sitelock", "sitelock"),
        ]
        events = await connection.fetch(
            "SELECT actor, action, after ->> 'kind' FROM audit.event ORDER BY id"
        )
        assert [tuple(row) for row in events] == [
            ("reseller:r", "purchase.charged", "add_domain"),
            ("reseller:r", "purchase.charged", "extend_domains"),
            ("reseller:r", "purchase.charged", "order_ssl"),
            ("reseller:r", "purchase.charged", "order_sitelock"),
            ("reseller:r", "ssl_order.bought", None),
            ("gateway:ssl-orders", "ssl_order.moved", None),
            ("gateway:ssl-orders", "certificate.issued", None),
            ("operator:o", "sitelock_partner.set", None),
        ]
        with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
            await connection.execute("UPDATE audit.event SET action = 'other'")
    finally:
        await connection.close()


async def test_nothing_in_the_database_has_a_name_of_former_times(database: str) -> None:
    former = await value(
        database,
        """
        SELECT array_agg(name)
          FROM (SELECT relname::text FROM pg_class
                 UNION ALL SELECT conname::text FROM pg_constraint
                 UNION ALL SELECT attname::text FROM pg_attribute
                 UNION ALL SELECT proname::text FROM pg_proc
                 UNION ALL SELECT tgname::text FROM pg_trigger
                 UNION ALL SELECT pg_get_constraintdef(oid) FROM pg_constraint
                 UNION ALL SELECT prosrc FROM pg_proc
                 UNION ALL SELECT pg_get_viewdef(oid) FROM pg_class
                            WHERE relkind = 'v' AND relnamespace::regnamespace::text !~ '^pg_')
               AS found (name)
         WHERE name ~ 'certificate_order(?!_id)|(^|_)(un)?told|order_product|buy_certificate'
        """,
    )
    assert former is None


async def test_sections_that_comments_cite_are_in_documents_that_are_here(database: str) -> None:
    cited = await value(
        database,
        "SELECT array_agg(description) FROM pg_description WHERE description LIKE '%.md%'",
    )
    assert isinstance(cited, list) and cited
    for comment in cited:
        for name, section in re.findall(r"(\S+\.md)(?: (§[\d.]*\d))?", comment):
            document = (ROOT / name.lstrip("(")).read_text()
            assert re.search(rf"^#+ {section}\b", document, re.MULTILINE), comment


async def test_the_schema_is_current_only_when_every_file_was_applied(
    empty: str, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "sql_directory", lambda: files)
    connection = await asyncpg.connect(empty)
    try:
        assert len(await missing_migrations(connection)) == len(migrations.read_migrations(files))
        await migrate(empty)
        assert await schema_is_current(connection)
        (files / "9999_new.sql").write_text("SELECT 1;")
        assert await missing_migrations(connection) == ["9999_new"]
        await migrate(empty)
        (files / "9999_new.sql").unlink()
        assert await schema_is_current(connection), "the old release goes on during an upgrade"
    finally:
        await connection.close()


async def test_every_table_and_view_is_described(database: str) -> None:
    undescribed = await value(
        database,
        """
        SELECT array_agg(class.relnamespace::regnamespace || '.' || class.relname ORDER BY 1)
          FROM pg_class AS class
         WHERE class.relkind IN ('r', 'v', 'm')
           AND class.relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema')
           AND obj_description(class.oid, 'pg_class') IS NULL
        """,
    )
    assert undescribed is None


async def test_no_extension_beyond_plpgsql_is_needed(database: str) -> None:
    assert await value(database, "SELECT array_agg(extname) FROM pg_extension") == ["plpgsql"]


def test_the_wheel_brings_its_migrations_and_the_pages_of_the_console(tmp_path: Path) -> None:
    """Built for real, and found by the installed package from anywhere."""
    for name in ("gateway", "sql", "config"):
        shutil.copytree(ROOT / name, tmp_path / "source" / name)
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, tmp_path / "source" / name)
    build = "import hatchling.build as b; print(b.build_wheel('..'))"
    subprocess.run(
        [sys.executable, "-c", build], cwd=tmp_path / "source", check=True, capture_output=True
    )
    (wheel,) = tmp_path.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    script = "from gateway.db import migrate as m; print(m.sql_directory())"
    found = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path / "site",
        env={"PYTHONPATH": str(tmp_path / "site"), "PATH": "/usr/bin:/bin"},
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    assert Path(found) == tmp_path / "site" / "gateway" / "sql"
    assert [file.name for file in sorted(Path(found).glob("*.sql"))] == [
        file.name for file in sorted((ROOT / "sql").glob("*.sql"))
    ]
    assert all(re.fullmatch(r"\d{4}_\w+\.sql", file.name) for file in Path(found).iterdir())
    console = Path("gateway", "doors", "console")
    for kind in ("templates", "static"):
        packed, here = (root / console / kind for root in (tmp_path / "site", ROOT))
        assert {each.name for each in packed.iterdir()} == {each.name for each in here.iterdir()}
