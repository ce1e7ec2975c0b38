"""A filled database of each earlier schema comes to the newest, and no row is lost."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.db.migrate import migrate, sql_directory
from tests.support.acme_client import AcmeClient, Eab, Signer, base64url
from tests.support.gateway import RunningGateway, running_gateway
from tests.support.schema_chain import (
    FILLED,
    KEY,
    Chain,
    Step,
    chain_of_schemas,
    rows_of,
)

MOVED = dict.fromkeys(("product.price", "sitelock.price", "ssl.price"), "reseller.price")
"""Tables that are no more, by every name they had, and where their rows went."""

AS_THEY_BEGIN = {
    "sandbox.clock.only_row": "the table has one row",
    "acme.nonce_epoch.only_row": "the table has one row",
    "notice.cursor.only_row": "the table has one row",
}
"""Columns in which no row needs a value of its own, and why."""

VIEWS = """
    SELECT oid::regclass::text
      FROM pg_class
     WHERE relkind = 'v'
       AND relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema')
    """

UNCHECKED = "SELECT conname FROM pg_constraint WHERE NOT convalidated"
MISMATCHES = "SELECT * FROM ops.ledger_mismatch"

SERIAL = "0a01f3c2d47e5b90a6f18c2d3e4b5a69"
MAC_KEY = base64url(b"mac key of the filled database..")


@dataclass
class Upgraded:
    """What was seen of a database of an earlier schema after it came to the newest."""

    step: Step
    applied: list[str]
    lost: list[str]
    """Tables with rows that are there no more."""
    unchecked: list[str]
    """Constraints that old rows were not held to."""
    unreadable: list[str]
    """Views that fail at a row."""
    mismatches: list[asyncpg.Record]


@pytest.fixture(scope="module")
async def chain(
    database_server: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Chain]:
    """Every schema, filled as it was at its time."""
    directory = tmp_path_factory.mktemp("chain")
    async with chain_of_schemas(database_server, sql_directory(), directory) as made:
        yield made


@pytest.fixture(scope="module")
async def upgraded(chain: Chain) -> list[Upgraded]:
    """Every earlier schema, brought to the newest by the code that operators run."""
    return await asyncio.gather(*(upgrade(step) for step in chain.steps[:-1]))


async def upgrade(step: Step, sql: Path | None = None) -> Upgraded:
    before = await rows_of(step.dsn)
    applied = await migrate(step.dsn, sql)
    after = await rows_of(step.dsn)
    connection = await asyncpg.connect(step.dsn)
    try:
        views = {row[0] for row in await connection.fetch(VIEWS)}
        return Upgraded(
            step,
            applied,
            before.lost(after, MOVED),
            [row[0] for row in await connection.fetch(UNCHECKED)],
            await unreadable(connection),
            await connection.fetch(MISMATCHES) if "ops.ledger_mismatch" in views else [],
        )
    finally:
        await connection.close()


async def unreadable(connection: asyncpg.Connection) -> list[str]:
    """Views that fail at a row."""
    failed = []
    for (view,) in await connection.fetch(VIEWS):
        try:
            await connection.fetch(f"SELECT * FROM {view}")
        except asyncpg.PostgresError as error:
            failed.append(f"{view}: {error}")
    return failed


def test_each_migration_that_changes_tables_has_rows_of_its_time(chain: Chain) -> None:
    for step in chain.steps:
        assert step.filled or not step.changed, (
            f"{step.migration.name} changes {', '.join(step.changed)}: give it rows in"
            f" tests/integration/db/filled/{step.number}.sql, in the columns of its time"
        )


def test_each_file_of_rows_has_its_migration(chain: Chain) -> None:
    numbers = {step.number for step in chain.steps}
    assert [file.name for file in FILLED.iterdir() if file.stem not in numbers] == []


def test_the_rows_use_every_table_and_column_of_their_time(chain: Chain) -> None:
    for step in chain.steps:
        unused = [column for column in step.unused if column not in AS_THEY_BEGIN]
        assert not unused, (
            f"{step.migration.name} brings {', '.join(unused)}, and no row has a value there: add"
            f" some in tests/integration/db/filled/{step.number}.sql"
        )


def test_every_status_and_kind_occurs_in_the_rows(chain: Chain) -> None:
    assert chain.unseen == [], "add rows in tests/integration/db/filled/"
    assert chain.listed > 30, "the constraints that list values are found"


def test_every_earlier_schema_comes_to_the_newest(chain: Chain, upgraded: list[Upgraded]) -> None:
    names = [step.migration.name for step in chain.steps]
    for position, each in enumerate(upgraded, 1):
        assert each.applied == names[position:]
    assert len(upgraded) == len(names) - 1


def test_no_row_is_lost_on_the_way_to_the_newest_schema(upgraded: list[Upgraded]) -> None:
    assert [(each.step.number, each.lost) for each in upgraded if each.lost] == []


def test_old_rows_are_held_to_every_constraint_of_the_newest_schema(
    upgraded: list[Upgraded],
) -> None:
    assert [(each.step.number, each.unchecked) for each in upgraded if each.unchecked] == []


def test_the_money_of_every_earlier_schema_adds_up_in_the_newest(upgraded: list[Upgraded]) -> None:
    assert [(each.step.number, each.mismatches) for each in upgraded if each.mismatches] == []


def test_every_view_can_be_read_over_the_rows_of_every_earlier_schema(
    upgraded: list[Upgraded],
) -> None:
    assert [(each.step.number, each.unreadable) for each in upgraded if each.unreadable] == []


async def client_of(gateway: RunningGateway, private_value: int) -> AcmeClient:
    """The client of an account that was there before."""
    signer = Signer(ec.derive_private_key(private_value, ec.SECP256R1()))
    client = AcmeClient(gateway.session, gateway.directory_url, signer)
    found = await client.new_account(None, onlyReturnExisting=True)
    assert found.status == 200, found.body
    client.account_url = found.headers["Location"]
    return client


@pytest.mark.parametrize("number", ["0005", "0011", "last"])
async def test_accounts_of_an_earlier_schema_are_served_as_before(
    number: str, upgraded: list[Upgraded], tmp_path: Path
) -> None:
    """From the first schema with certificates, the first with all products, and the last.

    Rows of a time take the same way from every later schema.
    """
    wanted = [each for each in upgraded if number in (each.step.number, "last")][-1]
    async with running_gateway(wanted.step.dsn, tmp_path, secrets={"keys": [KEY]}) as gateway:
        gateway.login, gateway.password = "filled", "filled-password"
        await clients_get_certificates_as_before(gateway)
        await the_reseller_sees_its_names(gateway)
        report = await order_report(gateway)
        assert "_fqdn=back.example.com&" in report
        assert "300.00+USD+paid+back+on+2025-06-08" in report
        if number != "0005":
            assert "_fqdn=scanned.example.com&" in report
            assert "_fqdn=ssl5.example.com&" in report
            await the_ssl_certificate_is_shown(gateway)
        assert await gateway.pool.fetch(MISMATCHES) == []


async def clients_get_certificates_as_before(gateway: RunningGateway) -> None:
    active, grace, barred = [await client_of(gateway, 20250500 + n) for n in (1, 2, 3)]
    placed = await active.new_order("shop.example.com")
    assert (placed.status, placed.json["status"]) == (201, "ready"), "its proof still counts"
    orders = (await active.post(f"{active.account_url}/orders")).json["orders"]
    assert len(orders) == 5, "the four that are not invalid, and the new one"
    shown = [(await active.post(url)).json for url in orders]
    [certificate] = [order["certificate"] for order in shown if order["status"] == "valid"]
    leaf = x509.load_pem_x509_certificate((await active.post(certificate)).body)
    assert f"{leaf.serial_number:032x}" == SERIAL
    refused = await grace.new_order("grace.example.com")
    assert "expired on 2026-02-14T23:59:59Z and can be extended" in refused.detail
    assert "suspended" in (await barred.new_order("shop.example.com")).detail
    added = AcmeClient(gateway.session, gateway.directory_url)
    await added.register(Eab("filledNew", MAC_KEY))


async def the_reseller_sees_its_names(gateway: RunningGateway) -> None:
    """And buys one more."""
    status, bought = await gateway.action(
        "ADDDOMAIN", acmeAccountID="filledDV", domainName="new.example.com"
    )
    assert status == 200, bought
    _, listed = await gateway.action("LISTDOMAINS", acmeAccountID="filledDV")
    assert [domain["domainName"] for domain in listed["Domains"]] == [
        "old.example.com",
        "shop.example.com",
        "www.shop.example.com",
        "*.app.example.com",
        "app.example.com",
        "new.example.com",
    ]


async def order_report(gateway: RunningGateway) -> str:
    form = {"loginName": gateway.login, "loginPassword": gateway.password, "responseFormat": "1"}
    url = f"{gateway.url}/products/!WebHostReport"
    async with gateway.session.post(url, data=form) as answer:
        return await answer.text()


async def the_ssl_certificate_is_shown(gateway: RunningGateway) -> None:
    headers = {"X-Auth-Token": "filledToken00001.filled-secret"}
    url = f"{gateway.url}/v3/scm/certificates/scs0000000000005"
    async with gateway.session.get(url, headers=headers) as answer:
        details = await answer.json()
    leaf = x509.load_pem_x509_certificate(details["certificate"].encode())
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["ssl5.example.com"]
    assert details["status"] == "ISSUED"


BAD = """
    CREATE TABLE audit.made (id integer PRIMARY KEY, kind text CHECK (kind IN ('one', 'two')));
    ALTER TABLE acme.server ADD CONSTRAINT too_late CHECK (name <> 'DV') NOT VALID;
    DELETE FROM reseller.idempotency;
    CREATE VIEW ops.broken AS SELECT 1 / (position - 1) AS share FROM acme.server;
    """


async def test_what_a_bad_migration_does_is_seen(database_server: str, tmp_path: Path) -> None:
    sql = tmp_path / "sql"
    sql.mkdir()
    for file in sql_directory().glob("000[12]_*.sql"):
        shutil.copy(file, sql)
    (sql / "0003_bad.sql").write_text(BAD)
    filled, directory = tmp_path / "filled", tmp_path / "chain"
    filled.mkdir()
    directory.mkdir()
    for number in ("0001", "0002"):
        shutil.copy(FILLED / f"{number}.sql", filled)
    async with chain_of_schemas(database_server, sql, directory, filled) as chain:
        before, bad = chain.steps[-2:]
        assert not bad.filled
        assert bad.changed == ["acme.server", "audit.made"]
        assert bad.unused == ["audit.made.id", "audit.made.kind"]
        assert {"audit.made.kind = one", "audit.made.kind = two"} <= set(chain.unseen)
        found = await upgrade(before, sql)
        assert found.lost == ["reseller.idempotency"]
        assert found.unchecked == ["too_late"]
        assert [text.partition(":")[0] for text in found.unreadable] == ["ops.broken"]
