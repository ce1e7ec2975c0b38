"""The documents for operators are right: commands run, views and settings exist."""

import asyncio
import os
import re
import tomllib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from msgspec import Struct, structs, to_builtins

from gateway.config import Notices, Settings
from gateway.config.sources import load_settings
from gateway.db.pool import Pool
from tests.integration.process.test_serve import configured
from tests.support.gateway import session_trusting
from tests.support.password_postgres import PasswordServer, password_server
from tests.support.server_process import ServerProcess, write_config

ROOT = Path(__file__).parents[3]
OPERATORS = ROOT / "docs" / "operators.md"
README = ROOT / "README.md"
EXAMPLE = ROOT / "config" / "gateway.example.toml"


def blocks(document: Path, marker: str) -> list[str]:
    """The code blocks behind `<!-- marker -->`."""
    pattern = rf"<!-- {marker} -->\n```(?:sh|sql)\n(.*?)```"
    found = re.findall(pattern, document.read_text(), re.DOTALL)
    assert found
    return [str(block) for block in found]


async def run(script: str, directory: Path) -> str:
    process = await asyncio.create_subprocess_exec(
        *("sh", "-euc", script),
        cwd=directory,
        env={**os.environ, "PATH": f"{ROOT / '.venv/bin'}:{os.environ['PATH']}"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    return output.decode()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PasswordServer]:
    """As Debian sets it up; nothing was done to it yet."""
    with password_server(tmp_path_factory.mktemp("postgres")) as started:
        yield started


def documented_database(server: PasswordServer) -> str:
    """The setting as the README has it, but for the port."""
    [dsn] = re.findall(r'`database = "(\S+)"`', README.read_text())
    assert "@127.0.0.1/" in dsn
    return str(dsn).replace("@127.0.0.1/", f"@127.0.0.1:{server.port}/")


@pytest.fixture
async def settings(server: PasswordServer, tmp_path: Path) -> AsyncIterator[Settings]:
    """An operator's: the README's role and database, settings and a password file."""
    [script] = re.findall(r"```sql\n(.*?)```", README.read_text(), re.DOTALL)
    superuser = await asyncpg.connect(server.superuser)
    try:
        for statement in script.strip().split(";\n"):  # one by one, as psql does
            await superuser.execute(statement)
        database = documented_database(server)
        made = await configured(database, tmp_path, notices=Notices(smtp_host="127.0.0.1"))
        write_config(made, tmp_path / "gateway.toml")
        (tmp_path / "password.txt").write_text("a long password\n")
        yield made
        await superuser.execute("DROP DATABASE gateway WITH (FORCE)")
        await superuser.execute("DROP ROLE gateway")
    finally:
        await superuser.close()


async def test_the_role_of_the_readme_is_let_in_by_its_password_and_by_no_other(
    settings: Settings,
) -> None:
    connection = await asyncpg.connect(settings.database)
    try:
        assert await connection.fetchval("SELECT current_user || '@' || current_database()") == (
            "gateway@gateway"
        )
        await connection.execute("CREATE SCHEMA its_own")
    finally:
        await connection.close()
    for wrong in ("choose-two", ""):
        with pytest.raises((asyncpg.InvalidPasswordError, asyncpg.InterfaceError)):
            await asyncpg.connect(settings.database.replace("choose-one", wrong))


def test_all_documents_name_the_same_database() -> None:
    setting = re.compile(r'^\W*database = "(\S+)"|`database = "(\S+)"`', re.MULTILINE)
    named = {
        first or second
        for document in (README, OPERATORS, EXAMPLE)
        for first, second in setting.findall(document.read_text())
    }
    assert len(named) == 1, named


async def test_readme_and_operators_commands_run_one_after_the_other_to_a_serving_gateway(
    settings: Settings, tmp_path: Path
) -> None:
    await run(readme_commands(), tmp_path)
    for script in blocks(OPERATORS, "run"):
        await run(script, tmp_path)
    [serve] = blocks(OPERATORS, "serve")
    assert serve == "gateway serve --config gateway.toml\n"
    serving = ServerProcess(tmp_path / "gateway.toml", tmp_path / "serve.log")
    serving.start()
    try:
        await serving.until_logged("server.ready")
        [checks] = blocks(OPERATORS, "http")
        curl = checks.replace("https://acme.example.com", settings.public_url)
        curl = curl.replace("curl ", f"curl --silent --fail --cacert {tmp_path / 'root.pem'} ")
        assert await run(curl, tmp_path)
        async with (
            session_trusting(tmp_path / "root.pem") as session,
            session.get(f"{settings.public_url}/v2/DV") as response,
        ):
            assert response.status == 200
    finally:
        serving.kill()
    connection = await asyncpg.connect(settings.database)
    try:
        [queries] = blocks(OPERATORS, "psql")
        await connection.execute(queries)
    finally:
        await connection.close()


def readme_commands() -> str:
    """All but the last, which serves."""
    [script] = [
        block
        for block in re.findall(r"```sh\n(.*?)```", README.read_text(), re.DOTALL)
        if "gateway migrate" in block
    ]
    *commands, serve = script.strip().splitlines()
    assert serve == "gateway serve --config gateway.toml"
    return "\n".join(commands)


async def test_every_view_is_documented_and_every_documented_one_is_there(pool: Pool) -> None:
    there = {
        f"ops.{row['viewname']}"
        for row in await pool.fetch("SELECT viewname FROM pg_views WHERE schemaname = 'ops'")
    }
    assert set(re.findall(r"\| `(ops\.\w+)` \|", OPERATORS.read_text())) == there


async def test_every_schema_table_column_and_view_has_a_comment(pool: Pool) -> None:
    bare = await pool.fetch(
        """
        WITH ours AS (
            SELECT oid, nspname
              FROM pg_namespace
             WHERE nspname !~ '^pg_'
               AND nspname NOT IN ('information_schema', 'public')
        ), relation AS (
            SELECT class.oid, class.oid::regclass::text AS name
              FROM pg_class class
              JOIN ours ON ours.oid = class.relnamespace
             WHERE class.relkind IN ('r', 'v', 'm', 'p')
        )
        SELECT nspname AS name
          FROM ours
         WHERE obj_description(oid, 'pg_namespace') IS NULL
         UNION ALL
        SELECT name
          FROM relation
         WHERE obj_description(oid, 'pg_class') IS NULL
         UNION ALL
        SELECT relation.name || '.' || attname
          FROM relation
          JOIN pg_attribute ON attrelid = relation.oid
         WHERE attnum > 0
           AND NOT attisdropped
           AND coalesce(trim(col_description(attrelid, attnum)), '') = ''
        """
    )
    assert [row["name"] for row in bare] == []


def test_the_example_settings_load_and_name_every_setting() -> None:
    loaded = load_settings(EXAMPLE)
    assert loaded.public_url == "https://acme.example.com"
    text = EXAMPLE.read_text()
    for setting in structs.fields(Settings):
        name, kind = setting.name, setting.type
        if isinstance(kind, type) and issubclass(kind, Struct):
            assert f"[{name}]" in text
            section = text.split(f"[{name}]")[1].split("\n[")[0]
            for inner in kind.__struct_fields__:
                assert re.search(rf"^(# )?{inner} = ", section, re.MULTILINE), f"{name}.{inner}"
        else:
            assert re.search(rf"^(# )?{name} = ", text, re.MULTILINE), name


def test_what_is_commented_out_in_the_example_is_the_default(tmp_path: Path) -> None:
    text = EXAMPLE.read_text()
    shown: dict[str, Any] = tomllib.loads(re.sub(r"^# (\w+ = )", r"\1", text, flags=re.MULTILINE))
    defaults = to_builtins(load_settings(EXAMPLE), enc_hook=str)
    examples = {"passphrase_file", "crl_url", "resolve_to", "terms_of_service", "website"}
    examples |= {"maximum_total_days", "caa_identities", "require_dnssec", "methods", "ssl_names"}
    examples |= {"smtp_host", "smtp_user", "smtp_password", "sender"}
    for name, value in shown.items():
        if not isinstance(value, dict):
            assert defaults[name] == value
            continue
        for inner, given in value.items():
            if inner not in examples and name not in ("secrets", "ca"):
                assert defaults[name][inner] == given, inner
