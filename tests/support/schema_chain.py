"""Databases of every earlier schema, each with the rows of its time.

`tests/integration/db/filled/NNNN.sql` has what was put in right after migration NNNN. One database
steps forward, and a copy of it stays behind at each step.
"""

import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import asyncpg

from gateway import ids
from gateway.db.migrate import Migration, migrate, read_migrations
from gateway.db.pool import Connection
from tests.support.postgres import BARE, fresh_database, of_database

FILLED = Path(__file__).parents[1] / "integration/db/filled"

KEY = "b25seSB0aGUgdGVzdHMnIGZpbGxlZCBkYXRhYmFzZXM="
"""It opens the secrets of those rows."""

_OURS = "NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'migration')"
"""Schemas of the gateway; the journal of migrations is not filled by hand."""

_COLUMNS = f"""
    SELECT class.oid AS table_oid, class.oid::regclass::text AS table_name, attnum AS number,
           quote_ident(attname) AS name, format_type(atttypid, atttypmod) AS type,
           pg_get_expr(adbin, adrelid) AS preset,
           attgenerated::text <> '' OR attidentity::text <> ''
               OR coalesce(pg_get_expr(adbin, adrelid) LIKE 'nextval(%', false) AS makes_itself
      FROM pg_class class
      JOIN pg_attribute ON attrelid = class.oid AND attnum > 0 AND NOT attisdropped
      LEFT JOIN pg_attrdef ON adrelid = class.oid AND adnum = attnum
     WHERE relkind = 'r'
       AND relnamespace::regnamespace::text {_OURS}
     ORDER BY table_name, attnum
    """

_ENUMERATIONS = r"""
    SELECT rule.oid AS rule_oid, class.oid::regclass::text AS table_name,
           quote_ident(attname) AS column_name,
           substring(pg_get_constraintdef(rule.oid)
                     FROM '^CHECK \(\(\w+ = ANY \((ARRAY\[.*\])\)\)\)$') AS listed
      FROM pg_constraint rule
      JOIN pg_attribute ON (attrelid = rule.conrelid AND rule.conkey = ARRAY[attnum])
                        OR atttypid = rule.contypid
      JOIN pg_class class ON class.oid = attrelid AND relkind = 'r'
     WHERE rule.contype = 'c' AND attnum > 0 AND NOT attisdropped
    """

_RULES = f"""
    SELECT class.oid AS table_oid, conname || ' ' || pg_get_constraintdef(rule.oid) AS text
      FROM pg_constraint rule
      JOIN pg_class class ON class.oid = conrelid
     WHERE contype = 'c'
       AND relnamespace::regnamespace::text {_OURS}
    """

_KEYS = f"""
    SELECT rule.conrelid AS table_oid, rule.conrelid::regclass::text AS table_name,
           (SELECT string_agg(quote_ident(attname), ', ' ORDER BY array_position(conkey, attnum))
              FROM pg_attribute
             WHERE attrelid = conrelid AND attnum = ANY (conkey)) AS columns
      FROM pg_constraint rule
      JOIN pg_class class ON class.oid = conrelid
     WHERE contype = 'p'
       AND relnamespace::regnamespace::text {_OURS}
    """


@dataclass(frozen=True)
class Shape:
    """The tables of a schema, by their oid, which stays when a table is renamed."""

    names: Mapping[int, str]
    columns: Mapping[int, Mapping[int, asyncpg.Record]]
    """By table and by number, which stays when a column is renamed."""
    rules: Mapping[int, frozenset[str]]
    """CHECK constraints, by table."""

    def changed_since(self, before: "Shape") -> list[str]:
        """Tables that are new, or have other names, columns, types or CHECK constraints."""
        return [name for oid, name in self.names.items() if self._of(oid) != before._of(oid)]

    def columns_since(self, before: "Shape") -> list[asyncpg.Record]:
        return [
            column
            for oid, columns in self.columns.items()
            for number, column in columns.items()
            if number not in before.columns.get(oid, {})
        ]

    def _of(self, oid: int) -> object:
        columns = [
            (column["name"], column["type"]) for column in self.columns.get(oid, {}).values()
        ]
        return self.names.get(oid), columns, self.rules.get(oid)


@dataclass
class Step:
    """A schema that there was, with the rows of its time and of all times before."""

    migration: Migration
    dsn: str
    filled: bool
    """There is a file for it."""
    changed: list[str]
    """Tables that the migration made or changed."""
    unused: list[str] = field(default_factory=list)
    """What is new in this schema, and no row has a value in."""

    @property
    def number(self) -> str:
        return self.migration.name[:4]


@dataclass
class Chain:
    """All schemas from the first to the newest."""

    steps: list[Step]
    unseen: list[str]
    """Values that a column could have as long as a constraint listed them, and that no row had."""
    listed: int
    """How many constraints list the values of a column."""


@asynccontextmanager
async def chain_of_schemas(
    server: str, sql: Path, directory: Path, filled: Path = FILLED
) -> AsyncIterator[Chain]:
    """Makes a database for each file of `sql`, and drops all at the end.

    `directory` is empty, and gets the files one by one.
    """
    name = f"chain_{ids.new_id().hex}"
    steps: list[Step] = []
    unseen: dict[tuple[int, str, str], list[str]] = {}
    made: list[str] = []
    texts = texts_in(filled)
    admin = await asyncpg.connect(server)
    try:
        async with fresh_database(server, BARE) as dsn:
            template = dsn.partition("@/")[2].partition("?")[0]
            before = Shape({}, {}, {})
            for migration in read_migrations(sql):
                shutil.copy(sql / f"{migration.name}.sql", directory)
                await migrate(dsn, directory)
                copy = f"{name}_{migration.name[:4]}"
                step = Step(migration, of_database(server, copy), False, [])
                before = await _fill(dsn, step, texts, before, unseen)
                await admin.execute(f"CREATE DATABASE {copy} TEMPLATE {template}")
                made.append(copy)
                steps.append(step)
        yield Chain(steps, [text for missing in unseen.values() for text in missing], len(unseen))
    finally:
        for copy in made:
            await admin.execute(f"DROP DATABASE IF EXISTS {copy} WITH (FORCE)")
        await admin.close()


async def _fill(
    dsn: str,
    step: Step,
    texts: Mapping[str, str],
    before: Shape,
    unseen: dict[tuple[int, str, str], list[str]],
) -> Shape:
    connection = await asyncpg.connect(dsn)
    try:
        shape = await _shape(connection)
        step.changed = shape.changed_since(before)
        step.filled = await put_in(dsn, texts.get(step.number))
        step.unused = [
            f"{column['table_name']}.{column['name']}"
            for column in shape.columns_since(before)
            if not await _is_used(connection, column)
        ]
        for rule in await connection.fetch(_ENUMERATIONS):
            if rule["listed"] is not None:
                place = rule["rule_oid"], rule["table_name"], rule["column_name"]
                unseen[place] = await _unseen(connection, rule)
        return shape
    finally:
        await connection.close()


async def _shape(connection: Connection) -> Shape:
    names: dict[int, str] = {}
    columns: dict[int, dict[int, asyncpg.Record]] = {}
    for row in await connection.fetch(_COLUMNS):
        names[row["table_oid"]] = row["table_name"]
        columns.setdefault(row["table_oid"], {})[row["number"]] = row
    rules: dict[int, frozenset[str]] = {}
    for row in await connection.fetch(_RULES):
        rules[row["table_oid"]] = rules.get(row["table_oid"], frozenset()) | {row["text"]}
    return Shape(names, columns, rules)


async def _is_used(connection: Connection, column: asyncpg.Record) -> bool:
    """Some row has a value in it that it would not have by itself."""
    value = column["name"]
    asked = "true"
    if not column["makes_itself"]:
        asked = f"{value} IS DISTINCT FROM ({column['preset'] or 'NULL'})"
    statement = f"SELECT EXISTS (SELECT FROM {column['table_name']} WHERE {asked})"
    return bool(await connection.fetchval(statement))


async def _unseen(connection: Connection, rule: asyncpg.Record) -> list[str]:
    column = f"{rule['table_name']}.{rule['column_name']}"
    statement = (
        f"SELECT unnest({rule['listed']})::text"
        f" EXCEPT SELECT {rule['column_name']}::text FROM {rule['table_name']} ORDER BY 1"
    )
    return [f"{column} = {row[0]}" for row in await connection.fetch(statement)]


@dataclass(frozen=True)
class Rows:
    """The primary keys of all rows, and the tables' names, by the oid of their table."""

    names: Mapping[int, str]
    keys: Mapping[int, set[str]]

    def lost(self, later: "Rows", moved: Mapping[str, str] = MappingProxyType({})) -> list[str]:
        """Tables with rows that `later` has not, whatever they are called there.

        `moved` says where the rows of tables went that are no more.
        """
        oids = {name: oid for oid, name in later.names.items()}
        return [
            self.names[oid]
            for oid, keys in self.keys.items()
            if not keys
            <= later.keys.get(
                oid, later.keys.get(oids.get(moved.get(self.names[oid], ""), 0), set())
            )
        ]


async def rows_of(dsn: str) -> Rows:
    """Reads the keys of all rows of a database."""
    connection = await asyncpg.connect(dsn)
    try:
        names, keys = {}, {}
        for table in await connection.fetch(_KEYS):
            names[table["table_oid"]] = table["table_name"]
            rows = await connection.fetch(
                f"SELECT concat_ws(' ', {table['columns']}) FROM {table['table_name']}"
            )
            keys[table["table_oid"]] = {row[0] for row in rows}
        return Rows(names, keys)
    finally:
        await connection.close()


async def fill_forward(dsn: str, sql: Path, directory: Path, filled: Path = FILLED) -> None:
    """Brings one empty database through all schemas of `sql`, with the rows of each time."""
    texts = texts_in(filled)
    for migration in read_migrations(sql):
        shutil.copy(sql / f"{migration.name}.sql", directory)
        await migrate(dsn, directory)
        await put_in(dsn, texts.get(migration.name[:4]))


async def put_in(dsn: str, rows: str | None) -> bool:
    """Puts in rows in one transaction; False = there are none."""
    if rows is None:
        return False
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            await connection.execute(rows)
    except asyncpg.PostgresError as error:
        error.add_note(rows)
        raise
    finally:
        await connection.close()
    return True


def texts_in(filled: Path) -> dict[str, str]:
    """The rows of each time, by the number of its migration."""
    return {file.stem: file.read_text() for file in filled.glob("[0-9][0-9][0-9][0-9].sql")}
