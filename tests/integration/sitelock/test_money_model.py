"""Whatever is ordered, renewed, cancelled and refunded: no purchase pays back more than it cost."""

import asyncio
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.sitelock.conftest import SiteLockClient

START = "2025-01-10T12:00:00Z"
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["order", "monthly", "renew", "upgrade", "add", "refund", "cancel"]),
        st.integers(0, 3),
        st.sampled_from([0, 1, 13, 14, 15, 340, 351]),
    ),
    min_size=3,
    max_size=12,
)
BOOKED = """
    SELECT purchase.order_number, purchase.cost,
           coalesce(sum(-entry.amount) FILTER (WHERE entry.kind = 'charge'), 0) AS paid,
           coalesce(sum(entry.amount) FILTER (WHERE entry.kind = 'refund'), 0) AS refunded
      FROM reseller.purchase
      LEFT JOIN reseller.ledger_entry entry USING (order_number)
     GROUP BY purchase.order_number
"""


async def take(
    sitelock_client: SiteLockClient, domain: str, step: str, number: str
) -> dict[str, str]:
    """One step; `number` is that of an order made before, if there is one."""
    named = {"domainName": domain}
    match step:
        case "order":
            return await sitelock_client.try_order("1060,1071", **named)
        case "monthly":
            return await sitelock_client.try_order("1060", "30", **named)
        case "renew":
            return await sitelock_client.try_order("1060", previousOrderNumber=number, **named)
        case "upgrade":
            return await sitelock_client.try_order("1061", previousOrderNumber=number, **named)
        case "add":
            return await sitelock_client.try_order("1069", **named)
        case "refund":
            return await sitelock_client.refund(number)
        case _:
            return await sitelock_client.cancel(number, "1060,1061")


async def live(
    sitelock_client: SiteLockClient, domain: str, steps: list[tuple[str, int, int]]
) -> None:
    """A history of one domain; what is answered and what is booked must agree all the way."""
    await sitelock_client.gateway.at(START)
    numbers: list[str] = []
    for step, which, days in steps:
        await sitelock_client.gateway.advance(days * 86400)
        number = numbers[-1 - which % len(numbers)] if numbers else "1"
        before = await sitelock_client.balance()
        answer = await take(sitelock_client, domain, step, number)
        moved = await sitelock_client.balance() - before
        if answer["errorCode"] != "0":
            assert moved == 0
        elif "orderNumber" in answer:
            numbers.append(answer["orderNumber"])
            assert moved == -Decimal(answer["totalCost"])
        else:
            assert moved == Decimal(answer["refundedAmount"])
    for order in await sitelock_client.gateway.pool.fetch(BOOKED):
        assert order["paid"] == order["cost"]
        assert order["refunded"] in (0, order["paid"])
    assert await sitelock_client.gateway.pool.fetch("SELECT FROM ops.ledger_mismatch") == []


async def test_refunds_of_a_purchase_never_exceed_what_was_paid_for_it(
    sitelock_client: SiteLockClient,
) -> None:
    loop = asyncio.get_running_loop()
    runs = 0

    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
    @given(steps=STEPS)
    def histories(steps: list[tuple[str, int, int]]) -> None:
        nonlocal runs
        runs += 1
        work = live(sitelock_client, f"history-{runs}.example", steps)
        asyncio.run_coroutine_threadsafe(work, loop).result(120)

    await sitelock_client.gateway.pool.execute("UPDATE reseller.account SET credit_limit = 1000000")
    await asyncio.to_thread(histories)
