"""No page of operators reads a large table from end to end, once it has rows."""

import json
from typing import Any

from bench.fill import Amounts, fill
from gateway.rules.operation.bulk_revocation import Criterion
from gateway.sandbox import demo_data
from gateway.usecases.operation.bulk_revocation import BulkWanted, prepare
from gateway.usecases.work import open_work
from tests.integration.acme import test_plans
from tests.integration.acme.test_plans import scanned
from tests.support.console import ConsolePerson
from tests.support.looked_up import NAME, certificate_of, credential_with_name, demo_reseller
from tests.support.shop import OPERATOR

_FILLED = Amounts(accounts=2000, names=20_000, certificates=10_000, revocations=2000)
_MANY = {"eab_credential", "subscription", "domain", "purchase", "ledger_entry", "event"}
_MANY |= {"order_identifier", "certificate", "revocation"}

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
        and "SKIP LOCKED" not in text  # of what the gateway does meanwhile
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
