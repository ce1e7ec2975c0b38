"""Whatever is ordered, renewed, cancelled and refunded: no purchase pays back more than it cost."""

from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.products.conftest import Counter

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["order", "monthly", "renew", "upgrade", "add", "refund", "cancel"]),
        st.integers(0, 3),
        st.sampled_from([0, 1, 13, 14, 15, 340, 351]),
    ),
    min_size=3,
    max_size=10,
)


async def take(counter: Counter, step: str, number: str) -> dict[str, str]:
    """One step; `number` is that of an order made before, if there is one."""
    match step:
        case "order":
            return await counter.try_order("1060")
        case "monthly":
            return await counter.try_order("1060", "30")
        case "renew":
            return await counter.try_order("1060", previousOrderNumber=number)
        case "upgrade":
            return await counter.try_order("1061", previousOrderNumber=number)
        case "add":
            return await counter.try_order("1069")
        case "refund":
            return await counter.refund(number)
        case _:
            return await counter.cancel(number, "1060")


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
async def test_refunds_of_a_purchase_never_exceed_what_was_paid_for_it(
    counter: Counter, steps: list[tuple[str, int, int]]
) -> None:
    numbers: list[str] = []
    await counter.gateway.pool.execute(
        "UPDATE product.licence SET status = 'cancelled', ended_at = now() WHERE status = 'active'"
    )
    for step, which, days in steps:
        await counter.gateway.advance(days * 86400)
        number = numbers[which % len(numbers)] if numbers else "1"
        answer = await take(counter, step, number)
        if answer["errorCode"] == "0" and "orderNumber" in answer:
            numbers.append(answer["orderNumber"])
    overpaid = await counter.gateway.pool.fetch(
        """
        SELECT order_number
          FROM reseller.purchase
          JOIN reseller.ledger_entry entry USING (order_number)
         WHERE entry.kind = 'refund'
         GROUP BY order_number, purchase.cost
        HAVING sum(entry.amount) > purchase.cost
        """
    )
    assert overpaid == []
    assert await counter.gateway.pool.fetch("SELECT FROM ops.ledger_mismatch") == []
    assert await counter.balance() >= Decimal(0)
