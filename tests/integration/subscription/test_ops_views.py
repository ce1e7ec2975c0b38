"""The ops views: what operators see of subscriptions, money and certificates."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from gateway.db.pool import Record
from gateway.origin import Origin
from gateway.store.operation import audit
from gateway.store.operation.audit import Change
from tests.support.issued import acme_order, certificate
from tests.support.shop import Shop


@pytest.fixture
async def shop(shop: Shop) -> AsyncIterator[Shop]:
    """Whatever a test did, no money moved past the program."""
    yield shop
    assert await rows(shop, "SELECT * FROM ops.ledger_mismatch") == []


async def rows(shop: Shop, query: str, *arguments: Any) -> list[Record]:
    """Read with the views' clock standing where the gateway's stands."""
    now = await shop.gateway.services.clock.now()
    async with shop.gateway.pool.acquire() as connection, connection.transaction():
        await connection.execute("DELETE FROM sandbox.clock")
        await connection.execute("INSERT INTO sandbox.clock (stands_at) VALUES ($1)", now)
        return list(await connection.fetch(query, *arguments))


async def values(shop: Shop, query: str, *arguments: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await rows(shop, query, *arguments)]


async def test_every_view_and_table_is_described(shop: Shop) -> None:
    undescribed = await values(
        shop,
        """
        SELECT relation.oid::regclass::text
          FROM pg_class relation
          JOIN pg_namespace namespace ON namespace.oid = relation.relnamespace
         WHERE namespace.nspname = 'ops'
           AND obj_description(relation.oid, 'pg_class') IS NULL
        """,
    )
    assert undescribed == []


@pytest.mark.parametrize(
    ("now", "state", "days_left"),
    [
        ("2025-01-10T15:30:00Z", "active", 365),
        ("2026-01-09T12:00:00Z", "active", 1),
        ("2026-01-10T23:59:59Z", "active", 0),
        ("2026-01-11T00:00:00Z", "grace", 0),
        ("2026-02-09T23:59:59Z", "grace", 0),
        ("2026-02-10T00:00:00Z", "expired", 0),
    ],
)
async def test_subscriptions_with_state_and_days_left(
    shop: Shop, now: str, state: str, days_left: int
) -> None:
    account = await shop.credential()
    await shop.add(account, "a.example", addAssociatedFQDN="Y")
    await shop.at(now)
    assert await values(
        shop, "SELECT kid, state, days_left, paid_names, free_names FROM ops.subscriptions"
    ) == [(account, state, days_left, 1, 1)]


async def test_subscriptions_that_want_attention(shop: Shop) -> None:
    account = await shop.credential()
    await shop.add(account, "a.example")
    soon, grace = (
        "SELECT kid, days_left FROM ops.expiring_soon",
        "SELECT kid, days_to_extend FROM ops.in_grace",
    )
    for now, expiring, in_grace in (
        ("2025-12-10T12:00:00Z", [], []),
        ("2025-12-11T12:00:00Z", [(account, 30)], []),
        ("2026-01-11T12:00:00Z", [], [(account, 29)]),
        ("2026-02-09T12:00:00Z", [], [(account, 0)]),
        ("2026-02-10T12:00:00Z", [], []),
    ):
        await shop.at(now)
        assert await values(shop, soon) == expiring
        assert await values(shop, grace) == in_grace


async def test_domains_say_why_they_are_free(shop: Shop) -> None:
    account = await shop.credential()
    await shop.add(account, "a.example", addAssociatedFQDN="Y")
    await shop.add(account, "*.b.example", addAssociatedFQDN="Y")
    await shop.remove(account, "b.example")
    assert await values(
        shop,
        "SELECT name, charged_as, free_with, cost, removed_at IS NULL"
        " FROM ops.domains ORDER BY name",
    ) == [
        ("*.b.example", "paid", None, Decimal("1095.00"), True),
        ("a.example", "paid", None, Decimal("365.00"), True),
        ("b.example", "wildcard_base", "*.b.example", Decimal(0), False),
        ("www.a.example", "www", "a.example", Decimal(0), True),
    ]


async def test_purchases_refunds_and_revenue_by_day(shop: Shop) -> None:
    account = await shop.credential()
    await shop.add(account, "a.example", addAssociatedFQDN="Y")
    await shop.at("2025-01-11T10:00:00Z")
    await shop.add(account, "b.example")
    await shop.remove(account, "a.example")
    assert await values(
        shop, "SELECT cost, refunded, kept, kid, names FROM ops.purchases ORDER BY order_number"
    ) == [
        (Decimal(365), Decimal(365), Decimal(0), account, ["a.example", "www.a.example"]),
        (Decimal(364), Decimal(0), Decimal(364), account, ["b.example"]),
    ]
    assert await values(
        shop, "SELECT day::text, charged, refunded, revenue FROM ops.daily_revenue"
    ) == [
        ("2025-01-11", Decimal(364), Decimal(365), Decimal(-1)),
        ("2025-01-10", Decimal(365), Decimal(0), Decimal(365)),
    ]


async def test_ledger_mismatch_finds_money_moved_past_the_program(shop: Shop) -> None:
    account = await shop.credential()
    await shop.add(account, "a.example")
    async with shop.gateway.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute("UPDATE reseller.account SET balance = balance + 1")
        await connection.execute("UPDATE reseller.purchase SET cost = cost + 2")
        found = await connection.fetch(
            "SELECT problem, computed - stated AS off FROM ops.ledger_mismatch ORDER BY problem"
        )
        await transaction.rollback()
    assert [tuple(row) for row in found] == [
        ("balance is not the sum of the ledger", Decimal(-1)),
        ("cost is not the sum of its names", Decimal(-2)),
        ("cost is not what was booked", Decimal(-2)),
    ]


async def test_low_balances_know_what_is_due(shop: Shop) -> None:
    poor = await shop.second_reseller("poor", deposit="1500.00")
    account = await poor.credential()
    await poor.add(account, "*.a.example", addAssociatedFQDN="Y")
    query = "SELECT available, needed FROM ops.low_balances WHERE reseller = 'poor'"
    assert await values(shop, query) == []
    await shop.at("2025-10-03T00:00:00Z")
    assert await values(shop, query) == [(Decimal("405.00"), Decimal("1095.00"))]
    await shop.set_reseller("poor", credit_limit=Decimal("690.00"))
    assert await values(shop, query) == []


async def test_certificates_and_refunds_after_issuance(shop: Shop) -> None:
    account = await shop.credential()
    await shop.add(account, "a.example")
    await shop.add(account, "b.example")
    issued = datetime(2025, 1, 11, tzinfo=UTC)
    order = await acme_order(shop.gateway.pool, account, "a.example", issued, "valid", csr=b"csr")
    serial = await certificate(shop.gateway.pool, order, "a.example", issued)
    await shop.at("2025-02-01T00:00:00Z")
    assert await values(
        shop, "SELECT name, kid, serial, state FROM ops.certificates_by_domain"
    ) == [("a.example", account, serial, "valid")]
    assert await values(shop, "SELECT * FROM ops.refunds_after_issuance") == []
    for name in ("a.example", "b.example"):
        await shop.remove(account, name)
    assert await values(
        shop,
        "SELECT reseller, month::text, names, refunded, certificates"
        " FROM ops.refunds_after_issuance",
    ) == [(shop.gateway.login, "2025-02-01", 1, Decimal(365), 1)]


async def test_why_was_this_name_refused(shop: Shop) -> None:
    now = await shop.gateway.services.clock.now()
    refusals = [{"name": "a.example", "reason": "expired"}, {"name": "b.example", "reason": "x"}]
    async with shop.gateway.pool.acquire() as connection:
        await audit.record(
            connection,
            now,
            Origin("acme:someone", "192.0.2.1"),
            Change("issuance.refused", "order", None, {"refusals": refusals}),
            Change("issuance.refused", "order", None, {"other": 1}),
        )
    assert await values(
        shop,
        "SELECT reason, actor, at FROM ops.issuance_refusals WHERE name = $1",
        "a.example",
    ) == [("expired", "acme:someone", now)]


async def test_stuck_orders(shop: Shop) -> None:
    account = await shop.credential()
    now = await shop.gateway.services.clock.now()
    for age in (timedelta(minutes=59), timedelta(minutes=61)):
        name = f"n{age.seconds}.example"
        placed = now - age
        await acme_order(shop.gateway.pool, account, name, placed, "processing", csr=b"csr")
    assert await values(shop, "SELECT names, age FROM ops.stuck_orders") == [
        (["n3660.example"], timedelta(minutes=61))
    ]
