"""Destinations and deliveries make the documented moves and no other."""

from itertools import permutations

import pytest

from tests.integration.acme.test_status_machines import documented, moves
from tests.support.gateway import RunningGateway
from tests.support.notices import NoticeOperator
from tests.support.receivers import WebhookReceiver
from tests.support.server_process import until

MACHINES = {
    "Destination": ("notice.destination", ["active", "parked", "removed"]),
    "Delivery": ("notice.delivery", ["pending", "delivered", "skipped"]),
}


@pytest.mark.parametrize("title", MACHINES)
async def test_exactly_the_documented_moves_are_possible(
    gateway: RunningGateway,
    operator: NoticeOperator,
    receiver: WebhookReceiver,
    kid: str,
    title: str,
) -> None:
    table, statuses = MACHINES[title]
    await operator.webhook(receiver.url)
    await operator.happen(kid, 1)
    await until(lambda: operator.undelivered_are(0), "it is recorded")
    async with gateway.pool.acquire() as connection:
        for constraint in ("parked_is_dated", "delivered_is_dated"):
            await connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {constraint}")
        possible = {
            move for move in permutations(statuses, 2) if await moves(connection, table, *move)
        }
    assert possible == documented(title)
