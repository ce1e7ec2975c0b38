"""The order report: every purchase of a reseller with what its refund depends on (§7.5, §7.6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from gateway.db.pool import Connection


@dataclass(frozen=True, slots=True)
class Search:
    """Which orders are wanted; None and empty = any. `names` is a pattern of SQL's LIKE.

    Of those found, newest first, `limit` are wanted from number `first` (1-based) on.
    """

    reseller_id: UUID
    order_numbers: Sequence[int] = ()
    purchased_from: datetime | None = None
    purchased_until: datetime | None = None
    names: str | None = None
    products: Sequence[str] = ()
    status: str | None = None
    first: int = 1
    limit: int = 1000
    refund_once_in_days: int = 0
    """R22; only with it the report looks for earlier refunds of the same names."""


@dataclass(frozen=True, slots=True)
class ReportedOrder:
    """A purchase; `family` is acme, sitelock or ssl, and `facts` what that family looks at."""

    order_number: int
    family: str
    kind: str
    product: str
    description: str
    names: list[str]
    cost: Decimal
    currency: str
    days: int
    purchased_at: datetime
    refunded: Decimal
    refunded_at: datetime | None
    status: str
    """Current, Expired, Cancelled or Refunded."""
    facts: dict[str, Any]


async def search(
    connection: Connection, wanted: Search, now: datetime
) -> tuple[int, list[ReportedOrder]]:
    """How many orders there are, and the wanted ones of them, the newest first."""
    rows = await connection.fetch(
        """
        WITH wanted AS (
            SELECT purchase.*
              FROM reseller.purchase
             WHERE account_id = $1
               AND (cardinality($2::bigint[]) = 0 OR order_number = ANY ($2))
               AND ($3::timestamptz IS NULL OR purchased_at >= $3)
               AND ($4::timestamptz IS NULL OR purchased_at <= $4)
        ), acme AS (
            SELECT wanted.order_number, server.product_id::text AS product, server.description,
                   array_agg(domain.name ORDER BY line.cost DESC, domain.name) AS names,
                   max(subscription.expires_at) AS ends_at,
                   jsonb_build_object(
                       'added_at', min(domain.added_at),
                       'removed', bool_or(line.cost > 0 AND domain.removed_at IS NOT NULL),
                       'once_in_days', $11::integer,
                       'last_refunded_at',
                       CASE WHEN $11 > 0 AND wanted.kind = 'add_domain'
                            THEN max((SELECT max(earlier.refunded_at)
                                        FROM subscription.domain same
                                        JOIN reseller.purchase earlier USING (order_number)
                                       WHERE same.name = domain.name
                                         AND same.free_because IS NULL
                                         AND earlier.account_id = $1
                                         AND earlier.refunded > 0))
                                 FILTER (WHERE domain.free_because IS NULL) END) AS facts
              FROM wanted
              JOIN subscription.purchase_line line USING (order_number)
              JOIN subscription.domain ON domain.id = line.domain_id
              JOIN subscription.subscription ON subscription.id = domain.subscription_id
              JOIN subscription.eab_credential eab ON eab.kid = subscription.kid
              JOIN acme.server ON server.id = eab.server_id
             GROUP BY wanted.order_number, wanted.kind, server.product_id, server.description
        ), sitelock AS (
            SELECT wanted.order_number,
                   string_agg(line.product::text, ',' ORDER BY line.kind = 'add_on', line.product)
                       AS product,
                   'SiteLock' AS description, ARRAY[licence.domain_name] AS names,
                   licence.expires_at AS ends_at,
                   jsonb_build_object(
                       'days', licence.days,
                       'period_started_at', licence.period_started_at,
                       'status', licence.status,
                       'refund_reason', licence.refund_reason,
                       'only_add_ons', bool_and(line.kind = 'add_on'),
                       'once_in_days', $11::integer,
                       'last_refunded_at',
                       CASE WHEN $11 > 0
                            THEN (SELECT max(earlier.refunded_at)
                                    FROM sitelock.licence same
                                    JOIN sitelock.order_line bought ON bought.licence_id = same.id
                                    JOIN reseller.purchase earlier
                                      ON earlier.order_number = bought.order_number
                                   WHERE same.domain_name = licence.domain_name
                                     AND same.reseller_id = $1
                                     AND earlier.refunded > 0) END) AS facts
              FROM wanted
              JOIN sitelock.order_line line USING (order_number)
              JOIN sitelock.licence ON licence.id = line.licence_id
             GROUP BY wanted.order_number, licence.id
        ), ssl AS (
            SELECT wanted.order_number, bought.type AS product,
                   bought.brand || ' ' || bought.type AS description, bought.names,
                   certificate.not_after AS ends_at,
                   jsonb_build_object(
                       'status', CASE WHEN bought.unsubscribed_at IS NULL THEN bought.status
                                      ELSE 'refunded' END,
                       'revoked_at', bought.revoked_at,
                       'under_review', EXISTS (SELECT
                                                 FROM ssl.unsubscription asked
                                                WHERE asked.cert_id = bought.cert_id
                                                  AND asked.status = 'waiting')) AS facts
              FROM wanted
              JOIN ssl.certificate_order bought USING (order_number)
              LEFT JOIN ca.certificate ON certificate.serial = bought.serial
        ), described AS (
            SELECT * FROM acme
             UNION ALL
            SELECT * FROM sitelock
             UNION ALL
            SELECT * FROM ssl
        ), matched AS (
            SELECT wanted.order_number, wanted.family, wanted.kind, described.product,
                   described.description, described.names, wanted.cost, wanted.currency,
                   wanted.days, wanted.purchased_at, wanted.refunded, wanted.refunded_at,
                   state.status, described.facts
              FROM wanted
              JOIN described USING (order_number)
             CROSS JOIN LATERAL (
                   SELECT CASE WHEN wanted.refunded_at IS NOT NULL THEN 'Refunded'
                               WHEN wanted.cost = 0 AND described.facts->>'status' = 'refunded'
                               THEN 'Refunded'
                               WHEN described.facts->>'status' IN ('cancelled', 'refunded')
                                    OR (described.facts->>'removed')::boolean
                               THEN 'Cancelled'
                               WHEN described.ends_at <= $7 THEN 'Expired'
                               ELSE 'Current' END AS status) AS state
             WHERE ($5::text IS NULL
                    OR EXISTS (SELECT FROM unnest(described.names) AS name WHERE name LIKE $5))
               AND (cardinality($6::text[]) = 0
                    OR string_to_array(described.product, ',') && $6)
               AND ($8::text IS NULL OR state.status = $8)
        )
        SELECT total.found, page.*
          FROM (SELECT count(*) AS found FROM matched) AS total
          LEFT JOIN (SELECT *
                       FROM matched
                      ORDER BY order_number DESC
                      LIMIT $10
                     OFFSET $9) AS page ON true
         ORDER BY page.order_number DESC
        """,
        wanted.reseller_id,
        list(wanted.order_numbers),
        wanted.purchased_from,
        wanted.purchased_until,
        wanted.names,
        list(wanted.products),
        now,
        wanted.status,
        wanted.first - 1,
        wanted.limit,
        wanted.refund_once_in_days,
    )
    orders = [
        ReportedOrder(**{name: value for name, value in row.items() if name != "found"})
        for row in rows
        if row["order_number"] is not None
    ]
    return rows[0]["found"], orders
