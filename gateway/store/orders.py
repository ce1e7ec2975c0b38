"""ACME orders and what the gate needs to know about them (RFC 8555 §7.1.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from gateway.db.pool import Connection, Pool, Record, fetch_one
from gateway.rules.issuance import GateFacts, SubscriptionFacts
from gateway.store.admission import Admission, Ticket, admission_of


@dataclass(frozen=True, slots=True)
class Order:
    """A stored order; `names` and `authorization_ids` in the client's order."""

    id: UUID
    account_id: str
    status: str
    profile: str
    not_before: datetime | None
    not_after: datetime | None
    expires_at: datetime
    error: dict[str, Any] | None
    names: list[str]
    authorization_ids: list[UUID]
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class NewAuthorization:
    """An authorization to be stored with its challenges as (id, type, token)."""

    id: UUID
    name: str
    wildcard: bool
    challenges: Sequence[tuple[UUID, str, str]]


@dataclass(frozen=True, slots=True)
class Proof:
    """A valid authorization that a new order can lean on."""

    id: UUID
    name: str
    wildcard: bool
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Reusable:
    """What a client has already: an open order for the same names, and proofs for single ones."""

    order_id: UUID | None
    proofs: list[Proof]


async def read_gate(
    pool: Pool,
    ticket: Ticket,
    names: Sequence[str],
    profile: str,
    replaces: str | None,
    now: datetime,
) -> tuple[Admission, GateFacts, Reusable]:
    """newOrder's read: admits the request; the gate's facts for `names`, and what can be reused."""
    row = await fetch_one(
        pool,
        """
          WITH burnt AS MATERIALIZED (SELECT acme.burn_nonce($1, $2) AS nonce_fresh)
        SELECT burnt.nonce_fresh, signer.*, subscription.started_at, subscription.expires_at,
               ARRAY(SELECT domain.name
                       FROM subscription.domain
                      WHERE domain.subscription_id = subscription.id
                        AND domain.name = ANY ($4)
                        AND domain.removed_at IS NULL) AS listed,
               ARRAY(SELECT ROW(held.id, held.name, held.wildcard, held.expires_at)
                       FROM acme.authorization held
                      WHERE held.account_id = signer.account_id
                        AND held.name = ANY ($5)
                        AND held.status = 'valid'
                        AND held.expires_at > $7
                      ORDER BY held.expires_at) AS proofs,
               (SELECT open.id
                  FROM acme."order" open
                 WHERE open.account_id = signer.account_id
                   AND open.status IN ('pending', 'ready')
                   AND open.expires_at > $7
                   AND open.profile = $6
                   AND open.not_before IS NULL
                   AND open.not_after IS NULL
                   AND open.replaces IS NOT DISTINCT FROM $9
                   AND (SELECT array_agg(item.name ORDER BY item.name)
                          FROM acme.order_identifier item
                         WHERE item.order_id = open.id) = $8
                 ORDER BY open.id DESC
                 LIMIT 1) AS open_order
          FROM burnt
          CROSS JOIN acme.signer
          LEFT JOIN subscription.subscription
            ON subscription.kid = signer.kid AND subscription.superseded_at IS NULL
         WHERE signer.account_id = $3
        """,
        ticket.nonce,
        ticket.epoch,
        ticket.account_id,
        names,
        [name.removeprefix("*.") for name in names],
        profile,
        now,
        sorted(names),
        replaces,
    )
    admission = admission_of(row)
    proofs = [Proof(*proof) for proof in row["proofs"]]
    return admission, _facts_of(row, admission), Reusable(row["open_order"], proofs)


async def find(pool: Pool, order_id: UUID) -> Order:
    """An order by its id; raises LookupError if there is none."""
    row = await fetch_one(
        pool,
        """
        SELECT placed.id, placed.account_id, placed.status, placed.profile, placed.not_before,
               placed.not_after, placed.expires_at AS order_expires_at, placed.error,
               placed.replaces, item.names, item.authorization_ids
          FROM acme."order" placed
          CROSS JOIN LATERAL (
                SELECT array_agg(name ORDER BY position) AS names,
                       array_agg(authorization_id ORDER BY position) AS authorization_ids
                  FROM acme.order_identifier
                 WHERE order_id = placed.id
               ) item
         WHERE placed.id = $1
        """,
        order_id,
    )
    order = _order_of(row)
    assert order is not None
    return order


async def place(
    pool: Pool,
    order: Order,
    authorizations: Sequence[NewAuthorization],
    now: datetime,
    source: str | None,
) -> None:
    """Stores an order, the new ones among its authorizations with challenges, the audit event.

    An order that is `ready` from the start must find its authorizations valid still.
    """
    challenges = [
        (authorization.id, *challenge)
        for authorization in authorizations
        for challenge in authorization.challenges
    ]
    await pool.execute(
        """
        WITH placed AS (
            INSERT INTO acme."order"
                (id, account_id, profile, not_before, not_after, expires_at, created_at, replaces,
                 status)
            SELECT $1, $2, $3, $4, $5, $6, $7, $19,
                   CASE WHEN $17 = 'ready'
                         AND (SELECT count(*)
                                FROM acme.authorization
                               WHERE id = ANY ($18) AND status = 'valid') = cardinality($18)
                        THEN 'ready' ELSE 'pending' END
        ), authorizations AS (
            INSERT INTO acme.authorization (id, account_id, name, wildcard, expires_at, created_at)
            SELECT item.id, $2, item.name, item.wildcard, $6, $7
              FROM unnest($9::uuid[], $10::text[], $11::boolean[]) AS item (id, name, wildcard)
        ), identifiers AS (
            INSERT INTO acme.order_identifier (order_id, position, name, authorization_id)
            SELECT $1, item.position, item.name, item.authorization_id
              FROM unnest($8::text[], $18::uuid[])
                   WITH ORDINALITY AS item (name, authorization_id, position)
        ), challenges AS (
            INSERT INTO acme.challenge (id, authorization_id, type, token)
            SELECT item.id, item.authorization_id, item.type, item.token
              FROM unnest($12::uuid[], $13::uuid[], $14::text[], $15::text[])
                   AS item (authorization_id, id, type, token)
        )
        INSERT INTO audit.event (at, actor, source, action, subject, after)
        VALUES ($7, 'acme:' || $2, $16::text::inet, 'order.placed', $1::text,
                jsonb_build_object('names', to_jsonb($8::text[]), 'profile', $3::text))
        """,
        order.id,
        order.account_id,
        order.profile,
        order.not_before,
        order.not_after,
        order.expires_at,
        now,
        order.names,
        [authorization.id for authorization in authorizations],
        [authorization.name for authorization in authorizations],
        [authorization.wildcard for authorization in authorizations],
        [challenge[0] for challenge in challenges],
        [challenge[1] for challenge in challenges],
        [challenge[2] for challenge in challenges],
        [challenge[3] for challenge in challenges],
        source,
        order.status,
        order.authorization_ids,
        order.replaces,
    )


async def read(pool: Pool, ticket: Ticket, order_id: UUID) -> tuple[Admission, Order | None]:
    """Admits a request and reads one of the signer's orders."""
    row = await fetch_one(
        pool,
        """
          WITH burnt AS MATERIALIZED (SELECT acme.burn_nonce($1, $2) AS nonce_fresh)
        SELECT burnt.nonce_fresh, signer.*, placed.*, item.names, item.authorization_ids
          FROM burnt
          CROSS JOIN acme.signer
          LEFT JOIN (
                SELECT id, status, profile, not_before, not_after, expires_at AS order_expires_at,
                       error, replaces, account_id AS ordered_by
                  FROM acme."order"
               ) placed
            ON placed.id = $4 AND placed.ordered_by = signer.account_id
          LEFT JOIN LATERAL (
                SELECT array_agg(name ORDER BY position) AS names,
                       array_agg(authorization_id ORDER BY position) AS authorization_ids
                  FROM acme.order_identifier
                 WHERE order_id = placed.id
               ) item
            ON true
         WHERE signer.account_id = $3
        """,
        ticket.nonce,
        ticket.epoch,
        ticket.account_id,
        order_id,
    )
    return admission_of(row), _order_of(row)


async def read_for_finalize(
    pool: Pool, ticket: Ticket, order_id: UUID
) -> tuple[Admission, Order | None, GateFacts, datetime | None]:
    """Admits a request; the order and the gate's facts for its names, all of one snapshot.

    Last comes when CAA was checked for the name that waits longest; None = for some name never.
    """
    row = await fetch_one(
        pool,
        """
          WITH burnt AS MATERIALIZED (SELECT acme.burn_nonce($1, $2) AS nonce_fresh)
        SELECT burnt.nonce_fresh, signer.*, placed.*, item.names, item.authorization_ids,
               item.caa_checked_at, subscription.started_at, subscription.expires_at,
               ARRAY(SELECT domain.name
                       FROM subscription.domain
                      WHERE domain.subscription_id = subscription.id
                        AND domain.name = ANY (item.names)
                        AND domain.removed_at IS NULL) AS listed
          FROM burnt
          CROSS JOIN acme.signer
          LEFT JOIN (
                SELECT id, status, profile, not_before, not_after, expires_at AS order_expires_at,
                       error, replaces, account_id AS ordered_by
                  FROM acme."order"
               ) placed
            ON placed.id = $4 AND placed.ordered_by = signer.account_id
          LEFT JOIN LATERAL (
                SELECT array_agg(item.name ORDER BY position) AS names,
                       array_agg(authorization_id ORDER BY position) AS authorization_ids,
                       CASE WHEN count(*) = count(held.caa_checked_at)
                            THEN min(held.caa_checked_at) END AS caa_checked_at
                  FROM acme.order_identifier item
                  JOIN acme.authorization held ON held.id = item.authorization_id
                 WHERE order_id = placed.id
               ) item
            ON true
          LEFT JOIN subscription.subscription
            ON subscription.kid = signer.kid AND subscription.superseded_at IS NULL
         WHERE signer.account_id = $3
        """,
        ticket.nonce,
        ticket.epoch,
        ticket.account_id,
        order_id,
    )
    admission = admission_of(row)
    return admission, _order_of(row), _facts_of(row, admission), row["caa_checked_at"]


async def list_ids(
    pool: Pool, ticket: Ticket, before: UUID | None, limit: int
) -> tuple[Admission, list[UUID]]:
    """Admits a request; the signer's orders, newest first, below `before` (RFC 8555 §7.1.2.1)."""
    row = await fetch_one(
        pool,
        """
          WITH burnt AS MATERIALIZED (SELECT acme.burn_nonce($1, $2) AS nonce_fresh)
        SELECT burnt.nonce_fresh, signer.*,
               ARRAY(SELECT id
                       FROM acme."order"
                      WHERE account_id = signer.account_id
                        AND ($4::uuid IS NULL OR id < $4)
                        AND status <> 'invalid'
                      ORDER BY id DESC
                      LIMIT $5) AS order_ids
          FROM burnt
          CROSS JOIN acme.signer
         WHERE signer.account_id = $3
        """,
        ticket.nonce,
        ticket.epoch,
        ticket.account_id,
        before,
        limit,
    )
    return admission_of(row), row["order_ids"]


async def record_refusal(
    connection: Connection | Pool,
    now: datetime,
    account_id: str,
    source: str | None,
    subject: str,
    refusals: Sequence[tuple[str, str, str]],
) -> None:
    """Audit of a closed gate, for ops.issuance_refusals: (name, reason, text) each."""
    await connection.execute(
        """
        INSERT INTO audit.event (at, actor, source, action, subject, after)
        VALUES ($1, 'acme:' || $2::text, $3::text::inet, 'issuance.refused', $4, $5)
        """,
        now,
        account_id,
        source,
        subject,
        {
            "refusals": [
                {"name": name, "reason": reason, "text": text} for name, reason, text in refusals
            ]
        },
    )


def _order_of(row: Record) -> Order | None:
    if row["id"] is None:
        return None
    return Order(
        row["id"],
        row["account_id"],
        row["status"],
        row["profile"],
        row["not_before"],
        row["not_after"],
        row["order_expires_at"],
        row["error"],
        row["names"],
        row["authorization_ids"],
        row["replaces"],
    )


def _facts_of(row: Record, admission: Admission) -> GateFacts:
    subscription = None
    if row["started_at"] is not None:
        subscription = SubscriptionFacts(row["started_at"], row["expires_at"])
    return GateFacts(admission.standing, subscription, frozenset(row["listed"]))
