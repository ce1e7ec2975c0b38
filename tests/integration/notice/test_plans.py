"""No statement of notices reads a whole table, once the tables have rows."""

import json
from typing import Any

from tests.integration.acme import test_plans
from tests.integration.acme.test_plans import scanned
from tests.support.gateway import RunningGateway
from tests.support.notices import NoticeOperator
from tests.support.receivers import WebhookReceiver
from tests.support.server_process import until
from tests.support.shop import Shop

_FILLED = {"event", "destination", "notice", "delivery"}

database = test_plans.database
statements = test_plans.statements

_FILL = """
    INSERT INTO audit.event (at, actor, action, subject)
    SELECT now(), 'job:fill', 'filled', number::text
      FROM generate_series(1, 20000) AS number;

    INSERT INTO reseller.account (id, login, password_hash, created_at)
    SELECT gen_random_uuid(), 'reseller ' || number, '', now()
      FROM generate_series(1, 2000) AS number;

    INSERT INTO notice.destination
           (id, reseller_id, channel, address, kinds, created_at, attempt_at)
    SELECT gen_random_uuid(), account.id, 'mail', number || '@example.com', '{balance.low}', now(),
           CASE WHEN account.login LIKE '%00' THEN now() + interval '1 hour' END
      FROM reseller.account, generate_series(1, 10) AS number
     WHERE account.login LIKE 'reseller %';

    INSERT INTO notice.notice (id, reseller_id, kind, subject, due_at, data, once)
    SELECT gen_random_uuid(), account.id, 'balance.low', '', now(), '{}',
           account.id || '/' || number
      FROM reseller.account, generate_series(1, 10) AS number
     WHERE account.login LIKE 'reseller %';

    INSERT INTO notice.delivery (destination_id, notice_number, status, delivered_at)
    SELECT destination.id, notice.number,
           CASE WHEN notice.number % 100 = 0 THEN 'pending' ELSE 'delivered' END, now()
      FROM notice.notice
      JOIN notice.destination ON destination.reseller_id = notice.reseller_id
     WHERE destination.address LIKE '1@%'
    ON CONFLICT DO NOTHING;

    ANALYZE;
"""


async def test_statements_of_notices_go_by_an_index(
    gateway: RunningGateway,
    operator: NoticeOperator,
    receiver: WebhookReceiver,
    kid: str,
    shop: Shop,
    statements: dict[str, Any],
) -> None:
    await operator.webhook(receiver.url)
    await operator.threshold("10000.00")
    await operator.happen(kid, 1)
    await shop.add(kid, "a.example.com")
    await receiver.until(2)
    await until(lambda: operator.undelivered_are(0), "both are recorded")
    ours = {text: arguments for text, arguments in statements.items() if " notice." in text}
    assert len(ours) >= 12
    async with gateway.pool.acquire() as connection:
        await connection.execute(_FILL)
        # As a database with the default settings would plan it, for any arguments.
        await connection.execute("SET enable_seqscan = on")
        for text, arguments in ours.items():
            if "ops." in text:
                continue
            plan = await connection.fetchval(f"EXPLAIN (FORMAT JSON) {text}", *arguments)
            assert not scanned(json.loads(plan)) & _FILLED, text
