"""Subscriptions and the names in them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from gateway.db.pool import Connection
from gateway.rules.subscription import milestones


@dataclass(frozen=True, slots=True)
class Subscription:
    """The subscription of a credential that no later one has replaced; it may have expired."""

    id: UUID
    started_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Domain:
    """A name that is in the subscription; free ones have a reason."""

    id: UUID
    name: str
    free_because: str | None


@dataclass(frozen=True, slots=True)
class AddedDomain:
    """A name that is in the subscription, with the order that added it and its charge there."""

    id: UUID
    name: str
    added_at: datetime
    order_number: int
    charged: Decimal


@dataclass(frozen=True, slots=True)
class NewDomain:
    """A name to add. `partner_id` is the domain that makes a free one free."""

    id: UUID
    name: str
    name_type: str
    free_because: str | None
    partner_id: UUID | None
    cost: Decimal
    ov_anchor: int | None = None
    ev_anchor: int | None = None


@dataclass(frozen=True, slots=True)
class ListedDomain:
    """A line of LISTDOMAINS; OV names have a pre-validation."""

    name: str
    expires_at: datetime
    ov_anchor: int | None
    ev_anchor: int | None


async def find_current(connection: Connection, kid: str) -> Subscription | None:
    row = await connection.fetchrow(
        """
        SELECT id, started_at, expires_at
          FROM subscription.subscription
         WHERE kid = $1
           AND superseded_at IS NULL
        """,
        kid,
    )
    return Subscription(**row) if row else None


async def start(
    connection: Connection,
    *,
    subscription_id: UUID,
    kid: str,
    started_at: datetime,
    expires_at: datetime,
    replaces: UUID | None,
) -> None:
    """Starts a subscription; the one it `replaces` is superseded first."""
    if replaces is not None:
        await connection.execute(
            """
            UPDATE subscription.subscription
               SET superseded_at = $2
             WHERE id = $1
            """,
            replaces,
            started_at,
        )
    await connection.execute(
        """
        INSERT INTO subscription.subscription (id, kid, started_at, expires_at, due_at)
        VALUES ($1, $2, $3, $4, $5)
        """,
        subscription_id,
        kid,
        started_at,
        expires_at,
        milestones.due_after(expires_at, started_at),
    )


async def find_domains(
    connection: Connection, subscription_id: UUID, names: Collection[str]
) -> list[Domain]:
    """Gives those of `names` that are in the subscription."""
    rows = await connection.fetch(
        """
        SELECT id, name, free_because
          FROM subscription.domain
         WHERE subscription_id = $1
           AND name = ANY ($2)
           AND removed_at IS NULL
        """,
        subscription_id,
        list(names),
    )
    return [Domain(**row) for row in rows]


async def all_domains(connection: Connection, subscription_id: UUID) -> list[Domain]:
    """Gives every name in the subscription, in the order they were added."""
    rows = await connection.fetch(
        """
        SELECT id, name, free_because
          FROM subscription.domain
         WHERE subscription_id = $1
           AND removed_at IS NULL
         ORDER BY order_number, free_because IS NOT NULL
        """,
        subscription_id,
    )
    return [Domain(**row) for row in rows]


async def has_wildcard(connection: Connection, subscription_id: UUID) -> bool:
    """Whether any wildcard is in the subscription."""
    found: bool = await connection.fetchval(
        """
        SELECT EXISTS (
            SELECT FROM subscription.domain
             WHERE subscription_id = $1
               AND name LIKE '*.%'
               AND removed_at IS NULL)
        """,
        subscription_id,
    )
    return found


async def add_domains(
    connection: Connection,
    *,
    subscription_id: UUID,
    order_number: int,
    added_at: datetime,
    added_by: str,
    domains: Sequence[NewDomain],
) -> None:
    """Adds names, each with its line in the purchase that pays for it."""
    await connection.execute(
        """
        WITH added AS (
            SELECT *
              FROM unnest($5::uuid[], $6::text[], $7::text[], $8::text[], $9::uuid[],
                          $10::numeric[], $11::bigint[], $12::bigint[])
                   AS added (id, name, name_type, free_because, partner_id, cost,
                             ov_anchor, ev_anchor)
        ), domain AS (
            INSERT INTO subscription.domain
                   (id, subscription_id, name, name_type, free_because, partner_id,
                    order_number, added_at, added_by, ov_anchor, ev_anchor)
            SELECT id, $1, name, name_type, free_because, partner_id, $2, $3, $4,
                   ov_anchor, ev_anchor
              FROM added
        )
        INSERT INTO subscription.purchase_line (order_number, domain_id, cost)
        SELECT $2, id, cost
          FROM added
        """,
        subscription_id,
        order_number,
        added_at,
        added_by,
        [domain.id for domain in domains],
        [domain.name for domain in domains],
        [domain.name_type for domain in domains],
        [domain.free_because for domain in domains],
        [domain.partner_id for domain in domains],
        [domain.cost for domain in domains],
        [domain.ov_anchor for domain in domains],
        [domain.ev_anchor for domain in domains],
    )


async def find_added(
    connection: Connection, subscription_id: UUID, name: str
) -> AddedDomain | None:
    """Gives a name of the subscription with the charge in the order that added it."""
    row = await connection.fetchrow(
        """
        SELECT domain.id, domain.name, domain.added_at, domain.order_number, line.cost AS charged
          FROM subscription.domain
          JOIN subscription.purchase_line line
            ON line.order_number = domain.order_number
           AND line.domain_id = domain.id
         WHERE domain.subscription_id = $1
           AND domain.name = $2
           AND domain.removed_at IS NULL
        """,
        subscription_id,
        name,
    )
    return AddedDomain(**row) if row else None


async def remove_with_free_partners(
    connection: Connection, domain_id: UUID, removed_at: datetime
) -> list[str]:
    """Removes a name and those that are free because of it (R10); gives all names, it first."""
    rows = await connection.fetch(
        """
        WITH removed AS (
            UPDATE subscription.domain
               SET removed_at = $2
             WHERE (id = $1 OR partner_id = $1)
               AND removed_at IS NULL
            RETURNING id, name
        )
        SELECT name
          FROM removed
         ORDER BY id <> $1, name
        """,
        domain_id,
        removed_at,
    )
    return [row["name"] for row in rows]


async def with_free_partners(connection: Connection, domain_id: UUID) -> list[str]:
    """Gives a name and those that are free because of it (R10), it first."""
    rows = await connection.fetch(
        """
        SELECT name
          FROM subscription.domain
         WHERE (id = $1 OR partner_id = $1)
           AND removed_at IS NULL
         ORDER BY id <> $1, name
        """,
        domain_id,
    )
    return [row["name"] for row in rows]


async def extend(
    connection: Connection,
    subscription_id: UUID,
    *,
    now: datetime,
    expires_at: datetime,
    order_number: int,
    cost_by_domain: Sequence[tuple[UUID, Decimal]],
) -> None:
    """Moves the expiry, and writes the extension order's lines."""
    await connection.execute(
        """
        WITH extended AS (
            UPDATE subscription.subscription
               SET expires_at = $2, due_at = $6
             WHERE id = $1
        )
        INSERT INTO subscription.purchase_line (order_number, domain_id, cost)
        SELECT $3, line.*
          FROM unnest($4::uuid[], $5::numeric[]) AS line
        """,
        subscription_id,
        expires_at,
        order_number,
        [domain_id for domain_id, _ in cost_by_domain],
        [cost for _, cost in cost_by_domain],
        milestones.due_after(expires_at, now),
    )


async def list_domains(
    connection: Connection, kid: str, *, limit: int | None, offset: int
) -> list[ListedDomain]:
    """Gives each name of the credential once, with its most recent expiry, in the order of adding.

    Names of expired subscriptions stay (R12); a name that was removed last does not.
    """
    rows = await connection.fetch(
        """
        WITH newest AS (
            SELECT DISTINCT ON (domain.name)
                   domain.name, domain.order_number, domain.free_because, domain.removed_at,
                   domain.ov_anchor, domain.ev_anchor, subscription.expires_at
              FROM subscription.subscription
              JOIN subscription.domain ON domain.subscription_id = subscription.id
             WHERE subscription.kid = $1
             ORDER BY domain.name,
                      subscription.superseded_at DESC NULLS FIRST,
                      domain.removed_at DESC NULLS FIRST
        )
        SELECT name, expires_at, ov_anchor, ev_anchor
          FROM newest
         WHERE removed_at IS NULL
         ORDER BY order_number, free_because IS NOT NULL
         LIMIT $2
        OFFSET $3
        """,
        kid,
        limit,
        offset,
    )
    return [ListedDomain(**row) for row in rows]
