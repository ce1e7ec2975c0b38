"""Unsubscriptions: requests to refund a certificate, which operators decide on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from gateway.db.pool import Connection


@dataclass(frozen=True, slots=True)
class Unsubscription:
    """A request and its decision."""

    id: int
    cert_id: str
    status: str
    requested_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    reason: str | None
    refunded: Decimal | None


@dataclass(frozen=True, slots=True)
class UnsubscriptionDecision:
    """The decision on a request: approved, rejected or failed, when, and by whom."""

    status: str
    decided_at: datetime
    decided_by: str
    reason: str | None = None
    refunded: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ListedUnsubscription:
    """A request as operators see it; `cash` is what an approval pays back."""

    id: int
    status: str
    cert_id: str
    reseller: str
    names: list[str]
    certificate_status: str
    order_number: int | None
    cash: Decimal | None
    currency: str | None
    requested_at: datetime
    decided_at: datetime | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class OwnUnsubscription:
    """A request as its customer sees it; `name` is the customer's name for the certificate."""

    id: int
    status: str
    cert_id: str
    name: str
    names: list[str]
    order_number: int | None
    refunded: Decimal | None
    currency: str | None
    requested_at: datetime
    decided_at: datetime | None
    reason: str | None


async def add(connection: Connection, cert_id: str, acknowledged: str, now: datetime) -> int:
    """Adds a request for a locked order; gives its number."""
    number: int = await connection.fetchval(
        """
        INSERT INTO ssl.unsubscription (cert_id, acknowledged, requested_at)
        VALUES ($1, $2, $3)
        RETURNING id
        """,
        cert_id,
        acknowledged,
        now,
    )
    return number


async def find(connection: Connection, number: int) -> Unsubscription | None:
    row = await connection.fetchrow(
        """
        SELECT id, cert_id, status, requested_at, decided_at, decided_by, reason, refunded
          FROM ssl.unsubscription
         WHERE id = $1
        """,
        number,
    )
    return Unsubscription(**row) if row else None


async def find_waiting(connection: Connection, cert_id: str) -> int | None:
    """Gives the number of the request that waits for an operator, if there is one."""
    number: int | None = await connection.fetchval(
        """
        SELECT id
          FROM ssl.unsubscription
         WHERE cert_id = $1
           AND status = 'waiting'
        """,
        cert_id,
    )
    return number


async def waiting_among(connection: Connection, cert_ids: Sequence[str]) -> set[str]:
    """Gives those of some certificates whose unsubscription waits for an operator."""
    rows = await connection.fetch(
        """
        SELECT cert_id
          FROM ssl.unsubscription
         WHERE cert_id = ANY ($1)
           AND status = 'waiting'
        """,
        cert_ids,
    )
    return {row["cert_id"] for row in rows}


async def list_own(
    connection: Connection, reseller_id: UUID, limit: int, offset: int
) -> tuple[list[OwnUnsubscription], int]:
    """Gives a page of a reseller's requests, the newest first, and how many there are."""
    rows = await connection.fetch(
        """
        WITH own AS (
            SELECT unsubscription.id, unsubscription.status, unsubscription.cert_id, placed.name,
                   placed.names, placed.order_number, unsubscription.refunded, purchase.currency,
                   unsubscription.requested_at, unsubscription.decided_at, unsubscription.reason
              FROM ssl."order" placed
              JOIN ssl.unsubscription ON unsubscription.cert_id = placed.cert_id
              LEFT JOIN reseller.purchase ON purchase.order_number = placed.order_number
             WHERE placed.reseller_id = $1
        )
        SELECT counted.total, page.*
          FROM (SELECT count(*) AS total FROM own) AS counted
          LEFT JOIN (SELECT * FROM own ORDER BY id DESC LIMIT $2 OFFSET $3) AS page ON true
         ORDER BY page.id DESC
        """,
        reseller_id,
        limit,
        offset,
    )
    found = [
        OwnUnsubscription(**{name: value for name, value in row.items() if name != "total"})
        for row in rows
        if row["id"] is not None
    ]
    return found, rows[0]["total"]


async def decide(connection: Connection, number: int, decision: UnsubscriptionDecision) -> None:
    """Decides a request that waits; call it with the order locked."""
    await connection.execute(
        """
        UPDATE ssl.unsubscription
           SET status = $2,
               decided_at = $3,
               decided_by = $4,
               reason = $5,
               refunded = $6
         WHERE id = $1
        """,
        number,
        decision.status,
        decision.decided_at,
        decision.decided_by,
        decision.reason,
        decision.refunded,
    )


async def list_all(connection: Connection, *, waiting_only: bool) -> list[ListedUnsubscription]:
    """Gives all requests: those that wait first, then by number."""
    rows = await connection.fetch(
        """
        SELECT unsubscription.id, unsubscription.status, unsubscription.cert_id,
               account.login AS reseller, placed.names, placed.status AS certificate_status,
               placed.order_number, purchase.cost AS cash, purchase.currency,
               unsubscription.requested_at, unsubscription.decided_at, unsubscription.reason
          FROM ssl.unsubscription
          JOIN ssl."order" placed ON placed.cert_id = unsubscription.cert_id
          JOIN reseller.account ON account.id = placed.reseller_id
          LEFT JOIN reseller.purchase ON purchase.order_number = placed.order_number
         WHERE NOT $1 OR unsubscription.status = 'waiting'
         ORDER BY unsubscription.status <> 'waiting', unsubscription.id
        """,
        waiting_only,
    )
    return [ListedUnsubscription(**row) for row in rows]


async def find_listed(connection: Connection, number: int) -> ListedUnsubscription | None:
    """Finds a request as operators see it."""
    row = await connection.fetchrow(
        """
        SELECT unsubscription.id, unsubscription.status, unsubscription.cert_id,
               account.login AS reseller, placed.names, placed.status AS certificate_status,
               placed.order_number, purchase.cost AS cash, purchase.currency,
               unsubscription.requested_at, unsubscription.decided_at, unsubscription.reason
          FROM ssl.unsubscription
          JOIN ssl."order" placed ON placed.cert_id = unsubscription.cert_id
          JOIN reseller.account ON account.id = placed.reseller_id
          LEFT JOIN reseller.purchase ON purchase.order_number = placed.order_number
         WHERE unsubscription.id = $1
        """,
        number,
    )
    return ListedUnsubscription(**row) if row else None
