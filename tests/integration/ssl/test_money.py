"""Whatever is done in whatever order: no purchase gives back more than was paid in cash."""

import asyncio
from collections import Counter
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gateway.errors import OperatorMistake
from tests.support.certificate_shop import CertificateShop, application, purchase

HOUR = 3600
coupons = st.none() | st.decimals("0.01", "150.00", places=2)
steps = st.lists(
    st.tuples(
        st.sampled_from(
            ["unsubscribe", "approve", "approve twice", "reject", "apply", "cancel-apply", "wait"]
        ),
        st.integers(0, 2),
    ),
    max_size=12,
)


async def test_refunds_of_a_purchase_never_exceed_what_was_paid_in_cash(
    shop: CertificateShop,
) -> None:
    loop = asyncio.get_running_loop()
    start = await shop.balance()

    @settings(max_examples=40, suppress_health_check=list(HealthCheck))
    @given(st.lists(coupons, min_size=1, max_size=3), steps)
    @example([Decimal("20.00"), None], [("unsubscribe", 0), ("approve twice", 0)])
    @example([None], [("unsubscribe", 0), ("reject", 0), ("unsubscribe", 0), ("approve", 0)])
    def live(wanted: list[Decimal | None], moves: list[tuple[str, int]]) -> None:
        async def play() -> None:
            await shop.gateway.at("2025-12-01T12:00:00Z")
            bought = [await _buy(shop, coupon) for coupon in wanted]
            numbers: list[int] = []
            for move, which in moves:
                await _do(shop, move, bought[which % len(bought)], numbers)
            await _check(shop, start)

        asyncio.run_coroutine_threadsafe(play(), loop).result(120)

    await asyncio.to_thread(live)
    paid_back = await shop.gateway.pool.fetchval(
        "SELECT count(*) FROM ssl.unsubscription WHERE status = 'approved' AND refunded > 0"
    )
    assert paid_back > 0  # the test has seen what it is about


async def _buy(shop: CertificateShop, coupon: Decimal | None) -> str:
    members: dict[str, Any] = {}
    if coupon is not None:
        members["coupon"] = await shop.coupon(str(coupon))
    answer = await shop.do("POST", json=purchase(validity_period=1, **members))
    return str(answer["cert_id"])


async def _do(shop: CertificateShop, move: str, cert_id: str, numbers: list[int]) -> None:
    match move:
        case "unsubscribe":
            answer = await shop.send("DELETE", f"/{cert_id}/unsubscribe")
            if answer.status == 200:
                numbers.append(int(answer.json["unsubscribe_results"].split()[1]))
        case "approve" | "approve twice" | "reject" if numbers:
            times = 2 if move == "approve twice" else 1
            decide = shop.reject if move == "reject" else shop.approve
            results = await asyncio.gather(
                *(decide(numbers[-1]) for _ in range(times)), return_exceptions=True
            )
            for result in results:
                assert not isinstance(result, Exception) or isinstance(result, OperatorMistake)
        case "wait":
            await shop.gateway.advance(60 * HOUR)
        case "apply":
            await shop.send("POST", f"/{cert_id}/apply", json=application())
        case "cancel-apply":
            await shop.send("POST", f"/{cert_id}/cancel-apply")


async def _check(shop: CertificateShop, start: Decimal) -> None:
    rows = await shop.gateway.pool.fetch(
        """
        SELECT placed.paid, placed.coupon, purchase.cost, purchase.refunded,
               placed.unsubscribed_at IS NOT NULL AS gone,
               coalesce((SELECT sum(amount)
                           FROM reseller.ledger_entry entry
                          WHERE entry.order_number = placed.order_number
                            AND entry.kind = 'refund'), 0) AS booked
          FROM ssl."order" placed
          JOIN reseller.purchase ON purchase.order_number = placed.order_number
        """
    )
    for row in rows:
        assert row["cost"] == row["paid"] - row["coupon"]
        assert row["booked"] == row["refunded"] <= row["cost"]
        assert row["refunded"] == (row["cost"] if row["gone"] else 0)
    spent = sum((row["cost"] - row["booked"] for row in rows), Decimal(0))
    assert await shop.balance() == start - spent
    assert await shop.mismatches() == 0


async def test_a_coupon_used_at_the_same_moment_counts_once(shop: CertificateShop) -> None:
    coupon = await shop.coupon("100.00")
    start = await shop.balance()
    answers = await asyncio.gather(
        *(shop.send("POST", json=purchase(coupon=coupon)) for _ in range(6))
    )
    assert Counter(answer.status for answer in answers) == {200: 1, 403: 5}
    assert await shop.balance() == start - Decimal("20.00")


async def test_purchases_at_the_same_moment_never_spend_more_than_there_is(
    shop: CertificateShop,
) -> None:
    poor = await shop.second("poor", deposit="250.00")
    answers = await asyncio.gather(*(poor.send("POST", json=purchase()) for _ in range(6)))
    assert Counter(answer.status for answer in answers) == {200: 2, 403: 4}
    assert await poor.balance() == Decimal("10.00")
    assert await shop.mismatches() == 0
