"""No page reads a large table from end to end once it has rows; lists read their page only."""

import json
from typing import Any

from bench.fill import Amounts, fill
from gateway.rules.operation.bulk_revocation import Criterion
from gateway.sandbox import demo_data
from gateway.usecases.operation.bulk_revocation import BulkWanted, prepare
from gateway.usecases.work import open_work
from tests.integration.acme import test_plans
from tests.integration.acme.test_plans import nodes, scanned
from tests.support.console import ConsolePerson
from tests.support.looked_up import NAME, certificate_of, credential_with_name, demo_reseller
from tests.support.shop import OPERATOR

_FILLED = Amounts(accounts=2000, names=20_000, certificates=10_000, revocations=2000)
_MANY = {"eab_credential", "subscription", "domain", "purchase", "ledger_entry", "event"}
_MANY |= {"order_identifier", "certificate", "revocation"}

_OF_JOBS = ("FOR UPDATE", "SKIP LOCKED", "revocation.partition IS NULL")
"""Parts of statements by which jobs look for work while a test runs; no page sends them."""

database = test_plans.database
statements = test_plans.statements


async def test_pages_of_operators_go_by_an_index(
    gateway: Any, operator: ConsolePerson, statements: dict[str, Any]
) -> None:
    eab = await credential_with_name(gateway)
    serial = await certificate_of(gateway, eab)
    order = await gateway.pool.fetchval('SELECT id FROM acme."order"')
    now = await gateway.services.clock.now()
    async with open_work(gateway.pool, now, OPERATOR) as work:
        texts: dict[Criterion, str] = {
            "name": NAME,
            "credential": eab.kid,
            "account": eab.kid,
            "serials": serial,
            "key": "ab" * 32,
        }
        bulk = [
            await prepare(work, BulkWanted(criterion, text, 1, "ticket 4711"))
            for criterion, text in texts.items()
        ]
    statements.clear()
    for path in (
        f"find?q={NAME}",
        f"credentials/{eab.kid}",
        f"issued/{serial}",
        f"resellers/{await demo_reseller(gateway)}",
        f"audit?subject={serial}",
        "audit?action=certificate.issued",
        "audit",
        "issuers",
        "prices?reseller=demo",
        f"acme-orders/{order}",
        *(f"bulk-revocations/{each}" for each in bulk),
    ):
        assert (await operator.get(f"/console/{path}")).status == 200
    asked = {
        text: arguments
        for text, arguments in statements.items()
        if any(each in text for each in ("AS kind", "subscription.", "ca.", "audit.event"))
        and text.lstrip().startswith(("SELECT", "("))
        and not any(each in text for each in _OF_JOBS)
    }
    assert len(asked) >= 9
    async with gateway.pool.acquire() as connection:
        await fill(connection, demo_data.LOGIN, _FILLED)
        await connection.execute(
            """
            INSERT INTO audit.event (at, actor, action, subject)
            SELECT now(), 'gateway:test', 'thing.' || number % 50, 'thing-' || number
              FROM generate_series(1, 20000) AS number
            """
        )
        # A gateway that runs has listed nearly all of them, and may be doing so right now.
        async with connection.transaction():
            await connection.execute("LOCK TABLE ca.revocation IN SHARE ROW EXCLUSIVE MODE")
            await connection.execute("UPDATE ca.revocation SET crl_number = 1")
        await connection.execute("ANALYZE")
        # As a database with the default settings would plan it, for any arguments.
        await connection.execute("SET enable_seqscan = on")
        for text, arguments in asked.items():
            plan = await connection.fetchval(f"EXPLAIN (FORMAT JSON) {text}", *arguments)
            assert not scanned(json.loads(plan)) & _MANY, text


_LISTS = (
    "orders?orders=",
    "orders?orders=&sort=cost",
    "orders?orders=&page=20",
    "certificates/my-orders",
    "subscriptions",
    "subscriptions?sort=-expires",
    "subscriptions?page=20",
    "subscriptions/refusals",
    "statement",
    "statement/due",
    "organizations",
    "organizations?sort=-created",
    "sitelock",
    "sitelock?sort=domain",
    "sitelock?sort=-ends",
    "notices",
)
_OWNED = Amounts(accounts=4000, names=24_000, certificates=100, revocations=10)
_MOST_READ = 2100
"""Rows that a part of a plan may read in all: more than a month has entries, fewer than any list.

What is only counted, from an index, is not among them: counting ends at COUNTED_TO.
"""


async def test_lists_of_a_reseller_read_the_rows_of_their_page_only(
    gateway: Any, reseller: ConsolePerson, statements: dict[str, Any]
) -> None:
    async with gateway.pool.acquire() as connection:
        await fill(connection, demo_data.LOGIN, _OWNED, lists=True)
    for path in _LISTS:
        statements.clear()
        assert (await reseller.get(f"/console/{path}")).status == 200
        asked = {
            text: arguments
            for text, arguments in statements.items()
            if text.lstrip().startswith(("SELECT", "WITH", "("))
            and not any(each in text for each in ("INSERT", "UPDATE", "DELETE", "clock"))
        }
        async with gateway.pool.acquire() as connection:
            for text, arguments in asked.items():
                plan = await connection.fetchval(
                    f"EXPLAIN (ANALYZE, FORMAT JSON) {text}", *arguments
                )
                assert heaviest(json.loads(plan)) <= _MOST_READ, (path, text)


def heaviest(plan: Any) -> float:
    """The rows that one part of a plan reads, those it throws away included."""
    read: list[float] = [
        node["Actual Loops"]
        * (node["Actual Rows"] + sum(node.get(f"Rows Removed by {each}", 0) for each in _THROWN))
        for node in nodes(plan)
        if node.get("Node Type", "").endswith("Scan") and not only_counts(node)
    ]
    return max(read, default=0)


_THROWN = ("Filter", "Index Recheck", "Join Filter")


def only_counts(node: dict[str, Any]) -> bool:
    """Whether no column is read, or only those of an index."""
    light = ("Index Only Scan", "CTE Scan", "Subquery Scan", "Bitmap Index Scan")
    return node["Node Type"] in light or node["Plan Width"] == 0
