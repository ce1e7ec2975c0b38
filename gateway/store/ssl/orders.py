"""SSL certificate orders as customers see them, and the moves of their status."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from gateway.db.pool import Connection, Pool


@dataclass(frozen=True, slots=True)
class NewSslOrder:
    """An order to be stored as PAID. `paid` is cash and coupon together."""

    cert_id: str
    reseller_id: UUID
    order_number: int
    name: str
    brand: str
    type: str
    names: Sequence[str]
    months: int
    paid: Decimal
    coupon: Decimal


@dataclass(frozen=True, slots=True)
class SslOrder:
    """A stored order.

    `status` is as shown at the asked instant, `not_after` that of the newest certificate.
    """

    cert_id: str
    reseller_id: UUID
    order_number: int | None
    name: str
    brand: str
    type: str
    names: list[str]
    months: int
    paid: Decimal
    coupon: Decimal
    status: str
    application_id: UUID | None
    serial: str | None
    first_issued_at: datetime | None
    revoked_at: datetime | None
    problem: str | None
    created_at: datetime
    updated_at: datetime
    not_after: datetime | None
    purchased_at: datetime | None
    cash: Decimal | None
    refunded: Decimal | None
    currency: str | None


@dataclass(frozen=True, slots=True)
class ListedOrder:
    """An order as operators see it; `organization` is that of the application."""

    cert_id: str
    reseller: str
    status: str
    type: str
    names: list[str]
    order_number: int | None
    organization: dict[str, Any] | None
    problem: str | None


_ORDERS = {
    "certExpiredTime": "not_after {} NULLS LAST, cert_id",
    "certUpdateTime": "updated_at {}, cert_id",
    "certStatus": "status {}, cert_id",
}


@dataclass(frozen=True, slots=True)
class Page:
    """The wanted part of a list, and its sorting."""

    limit: int
    offset: int
    sort_key: str
    descending: bool
    status: str | None


async def add(connection: Connection, order: NewSslOrder, now: datetime) -> bool:
    """Stores an order; False = the cert_id is taken."""
    row = await connection.fetchrow(
        """
        INSERT INTO ssl."order"
               (cert_id, reseller_id, order_number, name, brand, type, names, months, paid,
                coupon, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)
            ON CONFLICT (cert_id) DO NOTHING
        RETURNING cert_id
        """,
        order.cert_id,
        order.reseller_id,
        order.order_number,
        order.name,
        order.brand,
        order.type,
        order.names,
        order.months,
        order.paid,
        order.coupon,
        now,
    )
    return row is not None


async def lock(connection: Connection, cert_id: str) -> None:
    """Locks an order: the first lock of every operation on it; nothing if it does not exist."""
    await connection.execute(
        """
        SELECT cert_id
          FROM ssl."order"
         WHERE cert_id = $1
           FOR NO KEY UPDATE
        """,
        cert_id,
    )


async def find(connection: Connection | Pool, cert_id: str, now: datetime) -> SslOrder | None:
    """Gives an order that was not unsubscribed."""
    row = await connection.fetchrow(
        """
        SELECT placed.cert_id, placed.reseller_id, placed.order_number, placed.name,
               placed.brand, placed.type, placed.names, placed.months, placed.paid,
               placed.coupon, ssl.shown_status(placed.status, certificate.not_after, $2) AS status,
               placed.application_id, placed.serial, placed.first_issued_at, placed.revoked_at,
               placed.problem, placed.created_at, placed.updated_at, certificate.not_after,
               purchase.purchased_at, purchase.cost AS cash, purchase.refunded, purchase.currency
          FROM ssl."order" placed
          LEFT JOIN ca.certificate ON certificate.serial = placed.serial
          LEFT JOIN reseller.purchase ON purchase.order_number = placed.order_number
         WHERE placed.cert_id = $1
           AND placed.unsubscribed_at IS NULL
        """,
        cert_id,
        now,
    )
    return SslOrder(**row) if row else None


async def find_by_number(
    connection: Connection, reseller_id: UUID, order_number: int
) -> str | None:
    """Gives the cert_id that an order of a reseller bought, unless it was unsubscribed."""
    cert_id: str | None = await connection.fetchval(
        """
        SELECT cert_id
          FROM ssl."order"
         WHERE order_number = $2
           AND reseller_id = $1
           AND unsubscribed_at IS NULL
        """,
        reseller_id,
        order_number,
    )
    return cert_id


async def list_page(
    connection: Connection | Pool, reseller_id: UUID, page: Page, now: datetime
) -> tuple[list[SslOrder], int]:
    """Gives a reseller's orders that were not unsubscribed, and their number on all pages.

    Ties are broken by cert_id, so that pages do not overlap.
    """
    arguments = [reseller_id, now, page.limit, page.offset]
    if page.status is not None:
        arguments.append(page.status)
    rows = await connection.fetch(_page_by(page), *arguments)
    found = [
        SslOrder(**{name: value for name, value in row.items() if name != "total"})
        for row in rows
        if row["cert_id"] is not None
    ]
    return found, rows[0]["total"]


def _page_by(page: Page) -> str:
    order = _ORDERS[page.sort_key].format("DESC" if page.descending else "ASC")
    shown = "ssl.shown_status(placed.status, certificate.not_after, $2)"
    of_status = f"AND {shown} = $5" if page.status is not None else ""
    return f"""
        WITH wanted AS NOT MATERIALIZED (
            SELECT placed.cert_id, placed.reseller_id, placed.order_number, placed.name,
                   placed.brand, placed.type, placed.names, placed.months, placed.paid,
                   placed.coupon, {shown} AS status,
                   placed.application_id, placed.serial, placed.first_issued_at,
                   placed.revoked_at, placed.problem, placed.created_at, placed.updated_at,
                   certificate.not_after, purchase.purchased_at, purchase.cost AS cash,
                   purchase.refunded, purchase.currency
              FROM ssl."order" placed
              LEFT JOIN ca.certificate ON certificate.serial = placed.serial
              LEFT JOIN reseller.purchase ON purchase.order_number = placed.order_number
             WHERE placed.reseller_id = $1
               AND placed.unsubscribed_at IS NULL
               {of_status}
        ), page AS (
            SELECT *
              FROM wanted
             ORDER BY {order}
             LIMIT $3
            OFFSET $4
        )
        SELECT counted.total, page.*
          FROM (SELECT count(*) AS total FROM wanted WHERE $2::timestamptz IS NOT NULL) AS counted
          LEFT JOIN page ON true
         ORDER BY {order}
        """  # noqa: S608  one of _ORDERS


async def list_for_operators(
    connection: Connection, now: datetime, *, waiting_only: bool
) -> list[ListedOrder]:
    """Gives orders that were not unsubscribed, the newest first."""
    rows = await connection.fetch(
        """
        SELECT placed.cert_id, account.login AS reseller,
               ssl.shown_status(placed.status, certificate.not_after, $1) AS status,
               placed.type, placed.names, placed.order_number, application.organization,
               placed.problem
          FROM ssl."order" placed
          JOIN reseller.account ON account.id = placed.reseller_id
          LEFT JOIN ca.certificate ON certificate.serial = placed.serial
          LEFT JOIN ssl.application ON application.id = placed.application_id
         WHERE placed.unsubscribed_at IS NULL
           AND (NOT $2 OR placed.status = 'CHECKING_ORG')
         ORDER BY placed.created_at DESC, placed.cert_id
        """,
        now,
        waiting_only,
    )
    return [ListedOrder(**row) for row in rows]


async def move(
    connection: Connection,
    cert_id: str,
    status: str,
    now: datetime,
    *,
    due_in: timedelta | None = None,
    problem: str | None = None,
) -> None:
    """Changes the status of a locked order; `due_in` None = it needs no work."""
    await connection.execute(
        """
        UPDATE ssl."order"
           SET status = $2,
               updated_at = $3,
               due_at = clock_timestamp() + $4::interval,
               problem = $5,
               attempts = 0,
               revoked_at = CASE WHEN $2 = 'REVOKED' THEN $3::timestamptz END
         WHERE cert_id = $1
        """,
        cert_id,
        status,
        now,
        due_in,
        problem,
    )


async def mark_unsubscribed(connection: Connection, cert_id: str, now: datetime) -> None:
    """Removes an order from lists from now on; the record stays."""
    await connection.execute(
        """
        UPDATE ssl."order"
           SET unsubscribed_at = $2, updated_at = $2
         WHERE cert_id = $1
        """,
        cert_id,
        now,
    )
