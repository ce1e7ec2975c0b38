"""No statement on the hot path reads a whole table, once the tables have rows."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bench.fill import Amounts, fill
from gateway.sandbox import demo_data
from tests.integration.acme.conftest import NAME, ReadyOrder
from tests.support.acme_client import AcmeClient
from tests.support.csrs import csr

_FILLED = Amounts(accounts=2000, names=10_000, certificates=10_000, revocations=2000)
_TINY = {"server", "issuer", "clock", "nonce_epoch", "cursor", "alternate_chain"}
"""A few rows for ever."""
_OF_A_JOB = "revocation.reported_at IS NULL"
"""A part of the statement by which a job looks for work while a test runs; no request sends it."""


@pytest.fixture
def database(new_database: str) -> str:
    """No earlier test has left statistics or room of deleted rows in it."""
    return new_database


@pytest.fixture
async def statements(gateway: Any) -> dict[str, Any]:
    """All statements from now on, each with the arguments that it had last."""
    noted: dict[str, Any] = {}
    held = [await gateway.pool.acquire() for _ in range(gateway.pool.get_max_size())]
    for connection in held:
        connection.add_query_logger(lambda record: noted.update({record.query: record.args}))
    for connection in held:
        await gateway.pool.release(connection)
    return noted


async def issue(client: AcmeClient, ready_order: ReadyOrder) -> None:
    """Every request that a certificate takes."""
    order = await ready_order()
    await client.post(order["url"])
    await client.post(str(client.account_url))
    finalized = await client.finalize(order, csr([NAME]))
    assert (await client.post(finalized.json["certificate"])).status == 200


async def test_statements_of_an_issuance_go_by_an_index(
    gateway: Any, client: AcmeClient, ready_order: ReadyOrder, statements: dict[str, Any]
) -> None:
    await issue(client, ready_order)
    hot = {
        text: arguments
        for text, arguments in statements.items()
        if (" acme." in text or " ca." in text) and _OF_A_JOB not in text
    }
    assert len(hot) >= 9
    async with gateway.pool.acquire() as connection:
        await fill(connection, demo_data.LOGIN, _FILLED)
        # As a database with the default settings would plan it, for any arguments.
        await connection.execute("SET enable_seqscan = on")
        for text, arguments in hot.items():
            plan = json.loads(
                await connection.fetchval(f"EXPLAIN (FORMAT JSON) {text}", *arguments)
            )
            assert scanned(plan) <= _TINY, text
            assert not filtered_by_key(plan), text


async def test_rows_are_found_by_their_key_where_tables_were_empty_at_first(
    gateway: Any, client: AcmeClient, ready_order: ReadyOrder, statements: dict[str, Any]
) -> None:
    """A small partial index looks cheaper than the key then, and grows while the plan stays."""
    await issue(client, ready_order)
    async with gateway.pool.acquire() as connection:
        for text, arguments in list(statements.items()):
            if text.lstrip().startswith(("SELECT", "WITH", "UPDATE", "INSERT", "DELETE")):
                plan = await connection.fetchval(f"EXPLAIN (FORMAT JSON) {text}", *arguments)
                assert not filtered_by_key(json.loads(plan)), text


async def test_functions_and_foreign_keys_go_by_an_index_too(
    gateway: Any, client: AcmeClient, ready_order: ReadyOrder
) -> None:
    """EXPLAIN does not show them, the counters of the tables do."""
    async with gateway.pool.acquire() as connection:
        await fill(connection, demo_data.LOGIN, _FILLED)
    before = await sequential_scans(gateway)
    await issue(client, ready_order)
    after = await sequential_scans(gateway)
    assert {table for table in after if after[table] > before[table]} <= _TINY


async def sequential_scans(gateway: Any) -> dict[str, int]:
    """How often each table was read from end to end."""
    held = [await gateway.pool.acquire() for _ in range(gateway.pool.get_max_size())]
    try:
        for connection in held:
            await connection.fetchval("SELECT pg_stat_force_next_flush()")
        for connection in held:
            await connection.fetchval("SELECT 1")
        rows = await held[0].fetch("SELECT relname, seq_scan FROM pg_stat_user_tables")
    finally:
        for connection in held:
            await gateway.pool.release(connection)
    return {row["relname"]: row["seq_scan"] for row in rows}


def scanned(plan: Any) -> set[str]:
    """The tables that a plan reads from end to end."""
    return {node["Relation Name"] for node in nodes(plan) if node.get("Node Type") == "Seq Scan"}


def filtered_by_key(plan: Any) -> list[dict[str, Any]]:
    """The parts of a plan that read an index from end to end, or a range, to find rows by an id."""
    return [
        node
        for node in nodes(plan)
        if node.get("Node Type") in ("Index Scan", "Index Only Scan")
        and " = " not in node.get("Index Cond", "")
        and "id = " in node.get("Filter", "")
    ]


def nodes(plan: Any) -> Iterator[dict[str, Any]]:
    if isinstance(plan, dict):
        yield plan
        plan = list(plan.values())
    if isinstance(plan, list):
        for part in plan:
            yield from nodes(part)
