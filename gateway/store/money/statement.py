"""A reseller's ledger as a statement: the entries of some days, and what they come to."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from gateway.db.counting import COUNTED_TO
from gateway.db.pool import Connection, Record

_ORDERS = {
    ("booked", False): "booked_at, id",
    ("booked", True): "booked_at DESC, id DESC",
    ("amount", False): "amount, id DESC",
    ("amount", True): "amount DESC, id DESC",
}
COLUMNS = ("booked", "amount")
"""What a statement can be sorted by."""


@dataclass(frozen=True, slots=True)
class Totals:
    """What the entries of the days come to; all in the reseller's currency.

    `found` counts them up to COUNTED_TO.
    """

    found: int
    opening: Decimal
    paid_in: Decimal
    charged: Decimal
    refunded: Decimal

    @property
    def closing(self) -> Decimal:
        """The balance after the last entry."""
        return self.opening + self.paid_in + self.charged + self.refunded


@dataclass(frozen=True, slots=True)
class Entry:
    """A movement of money; `buyer` is the login of another reseller whose order it was for."""

    id: int
    booked_at: datetime
    kind: str
    amount: Decimal
    balance_after: Decimal
    note: str
    order_number: int | None
    buyer: str | None
    description: str | None
    names: list[str] | None


_MEMBERS = [member.name for member in fields(Entry)]


def _page_by(order: str) -> str:
    return f"""
        WITH within AS NOT MATERIALIZED (
            SELECT *
              FROM reseller.ledger_entry
             WHERE account_id = $1
               AND booked_at >= $2
               AND booked_at < $3
        ), wanted AS (
            SELECT *, row_number() OVER (ORDER BY {order}) AS place
              FROM (SELECT * FROM within ORDER BY {order} LIMIT $4 OFFSET $5) AS page
        ), counted AS (
            SELECT count(*) AS found,
                   coalesce(sum(amount) FILTER (WHERE kind = 'charge'), 0) AS charged
              FROM (SELECT amount, kind FROM within LIMIT $6::bigint) AS each
        ), others AS (
            SELECT coalesce(sum(amount) FILTER (WHERE kind = 'deposit'), 0) AS paid_in,
                   coalesce(sum(amount) FILTER (WHERE kind = 'refund'), 0) AS refunded
              FROM within
             WHERE kind <> 'charge'
        ), opening AS (
            SELECT balance_after AS opening
              FROM reseller.ledger_entry
             WHERE account_id = $1
               AND booked_at < $2
             ORDER BY booked_at DESC, id DESC
             LIMIT 1
        ), closing AS (
            SELECT balance_after AS closing
              FROM reseller.ledger_entry
             WHERE account_id = $1
               AND booked_at < $3
             ORDER BY booked_at DESC, id DESC
             LIMIT 1
        ), totals AS (
            -- Of many entries only those that are no charges are read: the balances tell the rest.
            SELECT found, paid_in, refunded, coalesce(opening.opening, 0) AS opening,
                   CASE WHEN found < $6 THEN charged
                        ELSE coalesce(closing, 0) - coalesce(opening.opening, 0)
                             - paid_in - refunded END AS charged
              FROM counted
             CROSS JOIN others
              LEFT JOIN opening ON true
              LEFT JOIN closing ON true
        )
        SELECT totals.*, wanted.id, wanted.booked_at,
               wanted.kind, wanted.amount, wanted.balance_after, wanted.note,
               wanted.order_number, described.description, described.names,
               CASE WHEN purchase.account_id <> $1 THEN buyer.login END AS buyer
          FROM totals
          LEFT JOIN wanted ON true
          LEFT JOIN reseller.purchase USING (order_number)
          LEFT JOIN reseller.account AS buyer ON buyer.id = purchase.account_id
          LEFT JOIN (SELECT *
                       FROM reseller.reported_order
                       -- As an array it gets to the indexes below the views.
                      WHERE order_number = ANY (ARRAY(SELECT order_number FROM wanted))
                    ) AS described USING (order_number)
         ORDER BY wanted.place
        """  # noqa: S608  one of _ORDERS


async def page(
    connection: Connection,
    account_id: UUID,
    since: datetime,
    until: datetime,
    *,
    order: tuple[str, bool],
    window: tuple[int, int],
) -> tuple[Totals, list[Entry]]:
    """Gives the totals of the entries from `since` to before `until`, and some of the entries.

    `order` is one of COLUMNS and whether it descends; `window` is limit and offset.
    """
    rows = await connection.fetch(
        _page_by(_ORDERS[order]),
        account_id,
        since,
        until,
        *window,
        COUNTED_TO,
    )
    totals = Totals(**{member.name: rows[0][member.name] for member in fields(Totals)})
    return totals, [_entry(row) for row in rows if row["id"] is not None]


async def after(
    connection: Connection,
    account_id: UUID,
    since: datetime,
    until: datetime,
    last_id: int,
    limit: int,
) -> Sequence[Entry]:
    """Gives the next entries of the days after the one with `last_id`, oldest first."""
    rows = await connection.fetch(
        """
        WITH wanted AS (
            SELECT *
              FROM reseller.ledger_entry
             WHERE account_id = $1
               AND booked_at >= $2
               AND booked_at < $3
               AND id > $4
             ORDER BY id
             LIMIT $5
        )
        SELECT wanted.id, wanted.booked_at, wanted.kind, wanted.amount, wanted.balance_after,
               wanted.note, wanted.order_number, described.description, described.names,
               CASE WHEN purchase.account_id <> $1 THEN buyer.login END AS buyer
          FROM wanted
          LEFT JOIN reseller.purchase USING (order_number)
          LEFT JOIN reseller.account AS buyer ON buyer.id = purchase.account_id
          LEFT JOIN (SELECT *
                       FROM reseller.reported_order
                      WHERE order_number = ANY (ARRAY(SELECT order_number FROM wanted))
                    ) AS described USING (order_number)
         ORDER BY wanted.id
        """,
        account_id,
        since,
        until,
        last_id,
        limit,
    )
    return [_entry(row) for row in rows]


def _entry(row: Record) -> Entry:
    return Entry(**{name: row[name] for name in _MEMBERS})
