"""Placing orders: what newOrder looks at, and what it stores (RFC 8555 §7.4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.db.pool import Pool, fetch_one
from gateway.rules.issuance import GateFacts
from gateway.store.admission import Admission, Ticket, admission_of
from gateway.store.gate import facts_of
from gateway.store.orders import Order


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
               (SELECT ARRAY(SELECT ROW(link.*)
                               FROM organization.link
                              WHERE link.subscription_id = subscription.id
                                AND link.name = ANY ($4))
                  FROM acme.server
                 WHERE server.id = signer.server_id AND server.validation = 'OV') AS links,
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
                   AND open.csr IS NULL
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
    return admission, facts_of(row), Reusable(row["open_order"], proofs)


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
