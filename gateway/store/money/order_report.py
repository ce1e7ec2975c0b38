"""The order report (docs/wire.md §7.5, §7.6): each purchase with the facts for its refund.

Each family has a view that says what a purchase bought; reseller.reported_order joins them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from gateway.db.pool import Connection


@dataclass(frozen=True, slots=True)
class Search:
    """A search for orders; None and empty = any. `names` is a pattern of SQL's LIKE.

    An order is of the product if one of `products` is its, or its description is like `described`,
    a pattern in any letter case. Of the orders found, newest first unless `sort` says otherwise,
    `limit` are wanted from number `first` (1-based) on.
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
    described: str | None = None
    sort: str = "order"
    """A key of SORTED_BY."""
    descending: bool = True
    before: int | None = None
    """Only orders with a smaller number."""
    most_counted: int | None = None
    """Counting ends at that many orders; None = all are counted."""
    most_described: int | None = None
    """Only the newest so many orders are looked at for what they bought; None = all."""
    names_first: bool = False
    """The orders of `names` are found by their names, of which all are read."""

    @property
    def of_purchases_alone(self) -> bool:
        """Whether the page can be found without a look at what the orders bought."""
        return not self.by_description and self.sort in _OF_PURCHASES

    @property
    def by_description(self) -> bool:
        """Whether it asks for something that only what the orders bought tells."""
        return bool(self.names or self.products or self.described or self.status)


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found: how many orders, and a page of them.

    Of `looked_at` orders it was asked what they bought; the oldest of them is number `oldest`.
    """

    total: int
    orders: list["ReportedOrder"]
    looked_at: int
    oldest: int | None


@dataclass(frozen=True, slots=True)
class ReportedOrder:
    """A purchase; `facts` is what the refund policy of its `family` looks at."""

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
    last_refunded_at: datetime | None
    """When one of its names was last refunded (R22); None = never, or not looked for."""


SORTED_BY = {
    "order": "order_number",
    "date": "purchased_at",
    "product": "description",
    "cost": "cost",
    "status": "status",
}
"""Columns by which orders are sorted, ties by number."""
_OF_PURCHASES = ("order", "date", "cost")

_MEMBERS = [member.name for member in fields(ReportedOrder)]


_SEARCH = """
        WITH [named]bought AS NOT MATERIALIZED (
            SELECT purchase.*
              FROM reseller.purchase
              [of the named]
             WHERE account_id = $1
               AND (cardinality($2::bigint[]) = 0 OR order_number = ANY ($2))
               AND ($3::timestamptz IS NULL OR purchased_at >= $3)
               AND ($4::timestamptz IS NULL OR purchased_at <= $4)
               AND ($14::bigint IS NULL OR order_number < $14)
        ), wanted AS (
            SELECT *
              FROM bought
             [first page]
        ), matched AS (
            SELECT wanted.order_number, wanted.family, wanted.kind, described.product,
                   described.description, described.names, wanted.cost, wanted.currency,
                   wanted.days, wanted.purchased_at, wanted.refunded, wanted.refunded_at,
                   state.status, described.facts, described.refundable_names
              FROM wanted
              JOIN reseller.reported_order described USING (order_number)
             CROSS JOIN LATERAL (
                   SELECT CASE WHEN wanted.refunded_at IS NOT NULL THEN 'Refunded'
                               WHEN wanted.cost = 0 AND described.ended = 'refunded'
                               THEN 'Refunded'
                               WHEN described.ended IS NOT NULL THEN 'Cancelled'
                               WHEN described.ends_at <= $7 THEN 'Expired'
                               ELSE 'Current' END AS status) AS state
                   -- As an array it gets to the indexes below the views.
             WHERE described.order_number = ANY (ARRAY(SELECT order_number FROM wanted))
               AND ($5::text IS NULL
                    OR EXISTS (SELECT FROM unnest(described.names) AS name WHERE name LIKE $5))
               AND (cardinality($6::text[]) = 0 AND $13::text IS NULL
                    OR string_to_array(described.product, ',') && $6
                    OR described.description ILIKE $13)
               AND ($8::text IS NULL OR state.status = $8)
        )
        SELECT total.found, looked.looked_at, looked.oldest, page.*,
               CASE WHEN $11 > 0
                    THEN (SELECT max(earlier.refunded_at)
                            FROM reseller.refunded_name earlier
                           WHERE earlier.family = page.family
                             AND earlier.account_id = $1
                             AND earlier.name = ANY (page.refundable_names))
                     END AS last_refunded_at
          FROM (SELECT count(*) AS found
                  FROM (SELECT FROM [counted] LIMIT $12::bigint) AS each) AS total
         CROSS JOIN (SELECT count(*) AS looked_at, min(order_number) AS oldest
                       FROM wanted) AS looked
          LEFT JOIN (SELECT *
                       FROM matched
                      ORDER BY [order]
                      [last page]) AS page ON true
         ORDER BY [order]
        """
_PAGE = "LIMIT least($10::bigint, $15::bigint) OFFSET $9"
_NEWEST = "ORDER BY order_number DESC LIMIT $15::bigint"
_NAMED = """named AS MATERIALIZED (
            SELECT line.order_number
              FROM subscription.eab_credential eab
              JOIN subscription.subscription ON subscription.kid = eab.kid
                   -- From the index alone: few of all names are such.
              JOIN subscription.domain such ON such.subscription_id = subscription.id
              JOIN subscription.domain
                ON domain.subscription_id = such.subscription_id AND domain.name = such.name
              JOIN subscription.purchase_line line ON line.domain_id = domain.id
             WHERE eab.reseller_id = $1
               AND such.name LIKE $5
             UNION
            SELECT line.order_number
              FROM sitelock.licence
              JOIN sitelock.order_line line ON line.licence_id = licence.id
             WHERE licence.reseller_id = $1
               AND licence.domain_name LIKE $5
             UNION
            SELECT placed.order_number
              FROM ssl."order" placed
             WHERE placed.reseller_id = $1
               AND EXISTS (SELECT FROM unnest(placed.names) AS name WHERE name LIKE $5)
        ), """
"""Orders of such names, found by their names: to describe all orders first takes far longer."""


async def search(connection: Connection, wanted: Search, now: datetime) -> Found:
    """Gives how many orders are found, and a page of them."""
    rows = await connection.fetch(
        _statement(wanted),
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
        wanted.most_counted,
        wanted.described,
        wanted.before,
        wanted.most_described,
    )
    orders = [
        ReportedOrder(**{name: row[name] for name in _MEMBERS})
        for row in rows
        if row["order_number"] is not None
    ]
    return Found(rows[0]["found"], orders, rows[0]["looked_at"], rows[0]["oldest"])


async def refund_reasons(connection: Connection, order_numbers: Sequence[int]) -> dict[int, str]:
    """Gives the reasons that were noted when orders were paid back, by order number."""
    rows = await connection.fetch(
        """
        SELECT subject::bigint AS order_number, after ->> 'reason' AS reason
          FROM audit.event
         WHERE subject = ANY ($1)
           AND action = 'purchase.refunded'
           AND after ? 'reason'
        """,
        [str(number) for number in order_numbers],
    )
    return {row["order_number"]: row["reason"] for row in rows}


def _statement(wanted: Search) -> str:
    """The search with its order; a page of purchases alone is taken before they are described."""
    direction = "DESC" if wanted.descending else "ASC"
    order = ", ".join(
        f"{column} {direction}"
        for column in dict.fromkeys((SORTED_BY[wanted.sort], "order_number"))
    )
    early = wanted.of_purchases_alone
    named = wanted.names is not None and wanted.names_first
    return (
        _SEARCH.replace("[first page]", f"ORDER BY {order} {_PAGE}" if early else _NEWEST)
        .replace("[last page]", "" if early else _PAGE)
        .replace("[counted]", "bought" if early else "matched")
        .replace("[order]", order)
        .replace("[named]", _NAMED if named else "")
        .replace("[of the named]", "JOIN named USING (order_number)" if named else "")
    )
