"""No action on subscriptions reads all names, once there are many."""

import json
from typing import Any

from bench.fill import Amounts, fill
from gateway.sandbox import demo_data
from tests.integration.acme import test_plans
from tests.integration.acme.test_plans import scanned
from tests.support.shop import Shop

_FILLED = Amounts(accounts=2000, names=20_000, certificates=10_000, revocations=2000)
_MANY = {"eab_credential", "subscription", "domain", "purchase_line", "purchase", "ledger_entry"}
_MANY |= {"order", "order_identifier", "authorization", "certificate", "revocation"}

database = test_plans.database
statements = test_plans.statements


async def use_a_subscription(shop: Shop) -> None:
    account = await shop.credential()
    for name in ("*.example.com", "example.com", "www.example.org", "example.org", "example.net"):
        await shop.do("ADDDOMAIN", acmeAccountID=account, domainName=name)
    for action in ("LISTDOMAINS", "LISTTRANSACTIONS", "GETLASTORDER", "LISTACCOUNTS"):
        await shop.do(action, acmeAccountID=account)
    await shop.do("REMOVEDOMAIN", acmeAccountID=account, domainName="example.net")
    for action in ("SUSPENDACCOUNT", "UNSUSPENDACCOUNT"):
        await shop.do(action, acmeAccountID=account)
    await shop.at("2025-12-20T12:00:00Z")
    await shop.do("EXTENDDOMAINS", acmeAccountID=account)


async def test_actions_go_by_an_index(gateway: Any, shop: Shop, statements: dict[str, Any]) -> None:
    await use_a_subscription(shop)
    hot = {
        text: arguments
        for text, arguments in statements.items()
        if any(schema in text for schema in (" subscription.", " reseller."))
    }
    assert len(hot) >= 20
    async with gateway.pool.acquire() as connection:
        await fill(connection, demo_data.LOGIN, _FILLED)
        # As a database with the default settings would plan it, for any arguments.
        await connection.execute("SET enable_seqscan = on")
        for text, arguments in hot.items():
            plan = await connection.fetchval(f"EXPLAIN (FORMAT JSON) {text}", *arguments)
            assert not scanned(json.loads(plan)) & _MANY, text
