"""The order report and earlier refunds: one contract for all families, and an index for each."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, get_args
from uuid import UUID

import pytest

from gateway.db.pool import Connection, Pool
from gateway.rules.money.prices import Family
from gateway.store.money import name_refunds, order_report
from gateway.store.money.order_report import ReportedOrder, Search
from gateway.usecases.money.order_report import report
from gateway.usecases.work import Work
from tests.integration.acme.test_plans import scanned
from tests.support.shop import OPERATOR

NOW = datetime(2025, 6, 1, tzinfo=UTC)
FILL = """
    SET LOCAL session_replication_role = replica;
    INSERT INTO acme.server (id, name, path, validation, product_id, description, position)
    VALUES (md5('server')::uuid, 'DV', '/v2/DV', 'DV', 608, 'CaaS', 1);
    INSERT INTO reseller.account (id, login, password_hash, created_at)
    SELECT md5('r' || n)::uuid, 'r' || n, '', now() FROM generate_series(0, 499) AS n;
    INSERT INTO subscription.eab_credential
           (kid, reseller_id, server_id, encrypted_mac_key, term_days, created_at)
    SELECT 'k' || n, md5('r' || n)::uuid, md5('server')::uuid, '', 365, now()
      FROM generate_series(0, 499) AS n;
    INSERT INTO subscription.subscription (id, kid, started_at, expires_at)
    SELECT md5('s' || n)::uuid, 'k' || n, '2025-01-01', '2026-01-01'
      FROM generate_series(0, 499) AS n;
    INSERT INTO reseller.purchase
           (order_number, account_id, kind, cost, currency, days, purchased_at, refunded,
            refunded_at)
    SELECT 100000 + n, md5('r' || n / 40)::uuid,
           CASE n % 4 WHEN 0 THEN 'order_sitelock' WHEN 1 THEN 'order_ssl'
                      ELSE 'add_domain' END, 10, 'USD', 365, '2025-05-20',
           CASE WHEN n % 10 < 3 THEN 10 ELSE 0 END,
           CASE WHEN n % 10 < 3 THEN '2025-05-25'::date + n % 3 END
      FROM generate_series(0, 19999) AS n;
    INSERT INTO subscription.domain
           (id, subscription_id, name, name_type, order_number, added_at, added_by, removed_at)
    SELECT md5('d' || n)::uuid, md5('s' || n / 40)::uuid, 'n' || n % 6 || '.example', 'fqdn',
           order_number, purchased_at, 'k' || n / 40,
           CASE WHEN n % 40 < 30 THEN '2025-05-25'::date END
      FROM (SELECT *, order_number - 100000 AS n
              FROM reseller.purchase WHERE kind = 'add_domain') AS bought;
    INSERT INTO subscription.purchase_line (order_number, domain_id, cost)
    SELECT order_number, id, 10 FROM subscription.domain;
    INSERT INTO sitelock.licence
           (id, reseller_id, domain_name, product, days, email, auto_renew, period_started_at,
            expires_at, created_at)
    SELECT md5('l' || order_number)::uuid, account_id, 'n' || order_number || '.example', 1060, 365,
           '', false, purchased_at, '2026-05-20', purchased_at
      FROM reseller.purchase WHERE kind = 'order_sitelock';
    INSERT INTO sitelock.order_line (order_number, product, licence_id, kind, cost)
    SELECT order_number, 1060, md5('l' || order_number)::uuid, 'order', 10
      FROM reseller.purchase WHERE kind = 'order_sitelock';
    INSERT INTO ssl."order"
           (cert_id, reseller_id, order_number, name, brand, type, names, months, paid, created_at,
            updated_at)
    SELECT 'scs' || lpad(order_number::text, 13, '0'), account_id, order_number, 'n', 'LOCAL',
           'DV_SSL_CERT', ARRAY['n' || order_number || '.example'], 12, 10, purchased_at,
           purchased_at
      FROM reseller.purchase WHERE kind = 'order_ssl';
    INSERT INTO ca.certificate
           (serial, issuer_id, names, not_before, not_after, key_hash, der, issued_at)
    SELECT md5(cert_id), md5('issuer')::uuid, names, '2025-05-20', '2025-08-18', '', '',
           '2025-05-20'
      FROM ssl."order";
    UPDATE ssl."order" SET serial = md5(cert_id);
    INSERT INTO ssl.unsubscription (cert_id, requested_at, acknowledged)
    SELECT cert_id, created_at, 'flag' FROM ssl."order";
"""
MANY = {"purchase", "purchase_line", "domain", "subscription", "eab_credential", "licence"}
MANY |= {"order_line", "order", "certificate", "unsubscription", "account"}


@pytest.fixture
async def filled(pool: Pool) -> Any:
    """A connection to a database with 500 resellers who bought of everything."""
    async with pool.acquire() as connection:
        async with connection.transaction():
            await connection.execute(FILL)
        await connection.execute("ANALYZE")
        # As a database with the default settings would plan it.
        await connection.execute("SET enable_seqscan = on")
        yield connection


async def reseller_with_all(connection: Connection) -> UUID:
    found: UUID = await connection.fetchval(
        """
        SELECT account_id
          FROM reseller.purchase
         GROUP BY account_id
        HAVING count(DISTINCT family) = 3
         LIMIT 1
        """
    )
    return found


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"order_numbers": [100002]},
        {"names": "n1%"},
        {"status": "Current", "limit": 3},
        {"described": "%CaaS%", "products": ["1060"]},
        {"sort": "date", "limit": 3, "most_counted": 10},
        {"sort": "status", "limit": 3},
        {"before": 119_000, "limit": 3},
    ],
    ids=["all", "number", "name", "status", "product", "date", "sorted by status", "next part"],
)
async def test_a_report_reads_only_what_its_reseller_bought(
    filled: Connection, asked: dict[str, Any]
) -> None:
    reseller_id = await reseller_with_all(filled)
    wanted = Search(reseller_id, refund_once_in_days=365, **asked)
    noted: dict[str, Any] = {}
    with filled.query_logger(lambda record: noted.update({record.query: record.args})):
        await order_report.search(filled, wanted, NOW)
        for family in get_args(Family):
            await name_refunds.last_refund(filled, family, reseller_id, "n1.example")
    ours = {text: arguments for text, arguments in noted.items() if " reseller." in text}
    assert len(ours) == 2
    for text, arguments in ours.items():
        plan = await filled.fetchval(f"EXPLAIN (FORMAT JSON) {text}", *arguments)
        assert not scanned(json.loads(plan)) & MANY, text


@pytest.mark.parametrize("sort", ["order", "date", "cost"])
async def test_of_purchases_alone_only_the_orders_of_the_page_are_described(
    filled: Connection, sort: str
) -> None:
    reseller_id = await reseller_with_all(filled)
    wanted = Search(reseller_id, sort=sort, first=3, limit=4)
    noted: dict[str, Any] = {}
    with filled.query_logger(lambda record: noted.update({record.query: record.args})):
        found = await order_report.search(filled, wanted, NOW)
        await filled.fetchval("SELECT 1")  # queries are noted one turn of the loop later
    assert (found.total, len(found.orders)) == (40, 4)
    [(text, arguments)] = [each for each in noted.items() if "reported_order" in each[0]]
    explained = await filled.fetchval(
        f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {text}", *arguments
    )
    read = list(rows_read(json.loads(explained)[0]["Plan"]))
    described = [rows for table, rows in read if table in ("domain", "licence", "order")]
    assert described
    assert sum(described) <= 4, read


def rows_read(plan: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """How many rows each node that reads a table gave, in all its loops."""
    if "Relation Name" in plan:
        yield plan["Relation Name"], plan["Actual Rows"] * plan["Actual Loops"]
    for each in plan.get("Plans", ()):
        yield from rows_read(each)


async def test_a_family_is_a_view_with_the_columns_of_the_contract(filled: Connection) -> None:
    rows = await filled.fetch(
        """
        SELECT table_schema, array_agg(column_name || ' ' || udt_name ORDER BY ordinal_position)
          FROM information_schema.columns
         WHERE table_name = 'reported_order'
         GROUP BY table_schema
        """
    )
    columns = {schema: list(names) for schema, names in rows}
    assert columns.pop("reseller") == ["family text", *columns["subscription"]]
    assert len(columns) == len(get_args(Family))
    assert all(columns["subscription"] == each for each in columns.values())
    families = await filled.fetch("SELECT DISTINCT family FROM reseller.reported_order")
    assert {row["family"] for row in families} == set(get_args(Family))
    missing = await filled.fetchval(
        """
        SELECT count(*)
          FROM reseller.purchase
          FULL JOIN reseller.reported_order USING (order_number, family)
         WHERE purchase.account_id IS NULL
            OR reported_order.product IS NULL
        """
    )
    assert missing == 0, "each purchase is described once, by the view of its family"


async def test_r22_looks_at_the_same_names_of_the_same_reseller_and_family(
    filled: Connection,
) -> None:
    reseller_id = await reseller_with_all(filled)
    seen: set[tuple[str, bool]] = set()
    found = await everything(filled, Search(reseller_id, refund_once_in_days=365))
    for order in found:
        expected = None
        if order.family != "ssl":
            named = [each for each in found if each.family == order.family and each.refunded > 0]
            dates = [each.refunded_at for each in named if set(each.names) & set(order.names)]
            expected = max((date for date in dates if date is not None), default=None)
        assert order.last_refunded_at == expected
        seen.add((order.family, expected is not None))
    assert {("acme", True), ("acme", False), ("sitelock", False), ("ssl", False)} <= seen
    unlimited = await everything(filled, Search(reseller_id))
    assert all(order.last_refunded_at is None for order in unlimited)


async def everything(connection: Connection, search: Search) -> list[ReportedOrder]:
    found = await order_report.search(connection, search, NOW)
    assert found.total == len(found.orders) > 20
    return found.orders


async def test_a_page_looks_at_the_newest_orders_for_what_they_bought_and_says_how_many(
    filled: Connection,
) -> None:
    reseller_id = await reseller_with_all(filled)
    every = await everything(filled, Search(reseller_id))
    some = Search(reseller_id, status=every[0].status, most_described=10)
    found = await order_report.search(filled, some, NOW)
    assert (found.looked_at, found.oldest) == (10, every[9].order_number)
    wanted = [each for each in every[:10] if each.status == every[0].status]
    assert found.orders == wanted


async def test_a_rare_name_is_found_beyond_the_newest_orders(filled: Connection) -> None:
    reseller_id = await reseller_with_all(filled)
    oldest = (await everything(filled, Search(reseller_id)))[-1]
    wanted = Search(reseller_id, names=oldest.names[0], most_described=10, limit=5)
    assert (await order_report.search(filled, wanted, NOW)).orders == []
    found = await report(Work(filled, NOW, OPERATOR), wanted)
    assert oldest.order_number in [each.order.order_number for each in found.lines]
