"""SiteLock licences, their add-ons and orders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from gateway.db.pool import Connection, Pool
from gateway.rules.sitelock.licences import Licence


@dataclass(frozen=True, slots=True)
class StoredLicence:
    """A licence; its row is locked, unless it is only shown."""

    id: UUID
    number: int
    domain_name: str
    facts: Licence


@dataclass(frozen=True, slots=True)
class OrderLine:
    """A product that a purchase bought; `kind` as in Line."""

    order_number: int
    product: int
    kind: str
    cost: Decimal
    refunded: Decimal
    purchased_at: datetime


async def lock_of_domain(
    connection: Connection, domain_name: str
) -> tuple[StoredLicence, UUID] | None:
    """Locks the active licence of a domain, of any reseller; gives it and its reseller."""
    return await _read(
        connection,
        """
        SELECT id, number, reseller_id, domain_name, product, days, status, period_started_at,
               expires_at
          FROM sitelock.licence
         WHERE domain_name = $1
           AND status = 'active'
           AND days > 0
           FOR UPDATE
        """,
        domain_name,
    )


async def lock_of_order(
    connection: Connection, reseller_id: UUID, order_number: int
) -> StoredLicence | None:
    """Locks the licence that an order of a reseller was for."""
    found = await _read(
        connection,
        """
        SELECT id, number, reseller_id, domain_name, product, days, status, period_started_at,
               expires_at
          FROM sitelock.licence
         WHERE reseller_id = $1
           AND id = (SELECT licence_id
                       FROM sitelock.order_line
                      WHERE order_number = $2
                      LIMIT 1)
           FOR UPDATE
        """,
        reseller_id,
        order_number,
    )
    return found[0] if found else None


async def find_of_order(
    connection: Connection, reseller_id: UUID, order_number: int
) -> StoredLicence | None:
    """Gives the licence that an order of a reseller was for, without a lock."""
    found = await _read(
        connection,
        """
        SELECT id, number, reseller_id, domain_name, product, days, status, period_started_at,
               expires_at
          FROM sitelock.licence
         WHERE reseller_id = $1
           AND id = (SELECT licence_id
                       FROM sitelock.order_line
                      WHERE order_number = $2
                      LIMIT 1)
        """,
        reseller_id,
        order_number,
    )
    return found[0] if found else None


async def lock(connection: Connection, licence_id: UUID) -> StoredLicence | None:
    """Locks a licence by its id."""
    found = await _read(
        connection,
        """
        SELECT id, number, reseller_id, domain_name, product, days, status, period_started_at,
               expires_at
          FROM sitelock.licence
         WHERE id = $1
           FOR UPDATE
        """,
        licence_id,
    )
    return found[0] if found else None


async def _read(
    connection: Connection, query: str, *arguments: Any
) -> tuple[StoredLicence, UUID] | None:
    row = await connection.fetchrow(query, *arguments)
    if row is None:
        return None
    add_ons = await connection.fetch(
        """
        SELECT product, expires_at
          FROM sitelock.add_on
         WHERE licence_id = $1
           AND ended_at IS NULL
        """,
        row["id"],
    )
    facts = Licence(
        row["product"],
        row["days"],
        row["status"],
        row["period_started_at"],
        row["expires_at"],
        {each["product"]: each["expires_at"] for each in add_ons},
    )
    stored = StoredLicence(row["id"], row["number"], row["domain_name"], facts)
    return stored, row["reseller_id"]


@dataclass(frozen=True, slots=True)
class NewLicence:
    """A licence to be stored; the database gives it a number. Its period starts now."""

    id: UUID
    reseller_id: UUID
    domain_name: str
    product: int
    days: int
    email: str
    auto_renew: bool
    organization: Mapping[str, str]
    expires_at: datetime | None


async def add(connection: Connection, licence: NewLicence, now: datetime) -> int:
    """Stores a new licence; gives its number.

    Raises asyncpg.UniqueViolationError when the domain has one.
    """
    number: int = await connection.fetchval(
        """
        INSERT INTO sitelock.licence
               (id, reseller_id, domain_name, product, days, email, auto_renew, organization,
                period_started_at, expires_at, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $9)
        RETURNING number
        """,
        licence.id,
        licence.reseller_id,
        licence.domain_name,
        licence.product,
        licence.days,
        licence.email,
        licence.auto_renew,
        licence.organization,
        now,
        licence.expires_at,
    )
    return number


async def change(
    connection: Connection,
    licence_id: UUID,
    *,
    product: int,
    days: int,
    expires_at: datetime | None,
    period_started_at: datetime,
) -> None:
    """Changes a licence after a renewal or an upgrade."""
    await connection.execute(
        """
        UPDATE sitelock.licence
           SET product = $2, days = $3, expires_at = $4, period_started_at = $5
         WHERE id = $1
        """,
        licence_id,
        product,
        days,
        expires_at,
        period_started_at,
    )


async def end(
    connection: Connection,
    licence_id: UUID,
    status: str,
    now: datetime,
    refund_reason: int | None = None,
) -> None:
    """Ends a licence and its add-ons."""
    await connection.execute(
        """
        WITH ended AS (
            UPDATE sitelock.licence
               SET status = $2, ended_at = $3, refund_reason = $4
             WHERE id = $1
        )
        UPDATE sitelock.add_on
           SET ended_at = $3
         WHERE licence_id = $1
           AND ended_at IS NULL
        """,
        licence_id,
        status,
        now,
        refund_reason,
    )


async def put_add_on(
    connection: Connection, add_on_id: UUID, licence_id: UUID, product: int, expires_at: datetime
) -> None:
    """Adds an add-on, or gives a new end to one that the licence has."""
    await connection.execute(
        """
        INSERT INTO sitelock.add_on (id, licence_id, product, expires_at)
        VALUES ($1, $2, $3, $4)
            ON CONFLICT (licence_id, product) WHERE ended_at IS NULL
            DO UPDATE SET expires_at = excluded.expires_at
        """,
        add_on_id,
        licence_id,
        product,
        expires_at,
    )


async def end_add_ons(
    connection: Connection, licence_id: UUID, products: Sequence[int], now: datetime
) -> None:
    """Ends these add-ons of a licence."""
    await connection.execute(
        """
        UPDATE sitelock.add_on
           SET ended_at = $3
         WHERE licence_id = $1
           AND product = ANY ($2)
           AND ended_at IS NULL
        """,
        licence_id,
        list(products),
        now,
    )


async def add_line(
    connection: Connection,
    *,
    order_number: int,
    product: int,
    licence_id: UUID,
    kind: str,
    cost: Decimal,
) -> None:
    """Adds a product that a purchase bought."""
    await connection.execute(
        """
        INSERT INTO sitelock.order_line (order_number, product, licence_id, kind, cost)
        VALUES ($1, $2, $3, $4, $5)
        """,
        order_number,
        product,
        licence_id,
        kind,
        cost,
    )


async def lines_of(connection: Connection, licence_id: UUID) -> list[OrderLine]:
    """Gives all that was ever bought for a licence, in the order of buying."""
    rows = await connection.fetch(
        """
        SELECT line.order_number, line.product, line.kind, line.cost, purchase.refunded,
               purchase.purchased_at
          FROM sitelock.order_line line
          JOIN reseller.purchase USING (order_number)
         WHERE line.licence_id = $1
         ORDER BY line.order_number, line.product
        """,
        licence_id,
    )
    return [OrderLine(**row) for row in rows]


async def expired(pool: Pool, until: datetime, limit: int) -> list[tuple[datetime, UUID]]:
    """Gives active licences that ended at `until` or before; earliest first."""
    rows = await pool.fetch(
        """
        SELECT expires_at, id
          FROM sitelock.licence
         WHERE status = 'active'
           AND days > 0
           AND expires_at <= $1
         ORDER BY expires_at, id
         LIMIT $2
        """,
        until,
        limit,
    )
    return [(row["expires_at"], row["id"]) for row in rows]
