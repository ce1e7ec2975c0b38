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

    @property
    def of_purchases_alone(self) -> bool:
        """Whether the page can be found without a look at what the orders bought."""
        further = self.names or self.products or self.described or self.status
        return not further and self.sort in _OF_PURCHASES


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
        WITH bought AS NOT MATERIALIZED (
            SELECT purchase.*
              FROM reseller.purchase
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
        SELECT total.found, page.*,
               CASE WHEN $11 > 0
                    THEN (SELECT max(earlier.refunded_at)
                            FROM reseller.refunded_name earlier
                           WHERE earlier.family = page.family
                             AND earlier.account_id = $1
                             AND earlier.name = ANY (page.refundable_names))
                     END AS last_refunded_at
          FROM (SELECT count(*) AS found
                  FROM (SELECT FROM [counted] LIMIT $12::bigint) AS each) AS total
          LEFT JOIN (SELECT *
                       FROM matched
                      ORDER BY [order]
                      [last page]) AS page ON true
         ORDER BY [order]
        """
_PAGE = "LIMIT $10 OFFSET $9"


async def search(
    connection: Connection, wanted: Search, now: datetime
) -> tuple[int, list[ReportedOrder]]:
    """Gives the number of orders found, and a page of them."""
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
    )
    orders = [
        ReportedOrder(**{name: row[name] for name in _MEMBERS})
        for row in rows
        if row["order_number"] is not None
    ]
    return rows[0]["found"], orders


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
    return (
        _SEARCH.replace("[first page]", f"ORDER BY {order} {_PAGE}" if early else "")
        .replace("[last page]", "" if early else _PAGE)
        .replace("[counted]", "bought" if early else "matched")
        .replace("[order]", order)
    )
