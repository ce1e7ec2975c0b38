"""The reports of GETLASTORDER and LISTTRANSACTIONS."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from gateway.db.pool import Connection


@dataclass(frozen=True, slots=True)
class LastOrder:
    """A name with its newest ACME order; the certificate's members are None without one."""

    domain_name: str
    order_number: int
    acme_order_id: UUID
    acme_order_status: str
    has_csr: bool
    acme_account_id: str
    kid: str
    certificate_number: int | None
    serial: str | None
    not_before: datetime | None
    not_after: datetime | None
    withheld: bool
    revoked: bool


@dataclass(frozen=True, slots=True)
class SubscriptionRow:
    """A subscription of a credential, current or past."""

    id: UUID
    started_at: datetime
    expires_at: datetime
    superseded: bool


@dataclass(frozen=True, slots=True)
class PurchaseLine:
    """One name in one purchase; `cost` is the name's share of the purchase's."""

    subscription_id: UUID
    order_number: int
    kind: str
    days: int
    currency: str
    purchased_at: datetime
    refunded_at: datetime | None
    name: str
    name_type: str
    cost: Decimal
    removed_at: datetime | None


async def last_orders(
    connection: Connection, subscription_id: UUID, *, account_id: str | None
) -> list[LastOrder]:
    """Gives the newest ACME order of each name in the subscription that has one.

    `account_id` None = orders of all accounts of the credential. Newest goes by the order's id,
    which follows real time.
    """
    rows = await connection.fetch(
        """
        SELECT domain.name AS domain_name, domain.order_number,
               newest.id AS acme_order_id, newest.status AS acme_order_status,
               newest.csr IS NOT NULL AS has_csr,
               newest.account_id AS acme_account_id, subscription.kid,
               certificate.number AS certificate_number, certificate.serial,
               certificate.not_before, certificate.not_after,
               coalesce(certificate.withheld, false) AS withheld,
               revocation.serial IS NOT NULL AS revoked
          FROM subscription.subscription
          JOIN subscription.domain ON domain.subscription_id = subscription.id
         CROSS JOIN LATERAL (
               SELECT "order".id, "order".status, "order".csr, "order".account_id
                 FROM acme.order_identifier identifier
                 JOIN acme."order" ON "order".id = identifier.order_id
                 JOIN acme.account ON account.id = "order".account_id
                WHERE identifier.name = domain.name
                  AND account.kid = subscription.kid
                  AND ($2::text IS NULL OR account.id = $2)
                ORDER BY identifier.order_id DESC
                LIMIT 1) AS newest
          LEFT JOIN ca.certificate ON certificate.order_id = newest.id
          LEFT JOIN ca.revocation ON revocation.serial = certificate.serial
         WHERE subscription.id = $1
           AND domain.removed_at IS NULL
         ORDER BY domain.order_number, domain.free_because IS NOT NULL
        """,
        subscription_id,
        account_id,
    )
    return [LastOrder(**row) for row in rows]


async def list_subscriptions(connection: Connection, kid: str) -> list[SubscriptionRow]:
    """Gives all subscriptions of a credential, the current one first."""
    rows = await connection.fetch(
        """
        SELECT id, started_at, expires_at, superseded_at IS NOT NULL AS superseded
          FROM subscription.subscription
         WHERE kid = $1
         ORDER BY superseded_at DESC NULLS FIRST
        """,
        kid,
    )
    return [SubscriptionRow(**row) for row in rows]


async def purchase_lines(
    connection: Connection, subscription_ids: list[UUID], name: str | None
) -> list[PurchaseLine]:
    """Gives the subscriptions' purchase lines by order number, paid names before free ones.

    With `name` only the lines of that name.
    """
    rows = await connection.fetch(
        """
        SELECT domain.subscription_id, purchase.order_number, purchase.kind, purchase.days,
               purchase.currency, purchase.purchased_at, purchase.refunded_at,
               domain.name, domain.name_type, line.cost, domain.removed_at
          FROM subscription.domain
          JOIN subscription.purchase_line line ON line.domain_id = domain.id
          JOIN reseller.purchase ON purchase.order_number = line.order_number
         WHERE domain.subscription_id = ANY ($1)
           AND ($2::text IS NULL OR domain.name = $2)
         ORDER BY purchase.order_number, domain.order_number, domain.free_because IS NOT NULL
        """,
        subscription_ids,
        name,
    )
    return [PurchaseLine(**row) for row in rows]
