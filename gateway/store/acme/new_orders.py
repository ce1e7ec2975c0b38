"""Placing orders: the facts that newOrder reads, and the order it stores (RFC 8555 §7.4)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from gateway.db.batching import Batched, columns
from gateway.db.pool import Connection, Pool
from gateway.rules.acme.issuance import GateFacts
from gateway.store.acme.admission import Admission, Ticket, admission_of, columns_of
from gateway.store.acme.gate import facts_for, facts_of
from gateway.store.acme.orders import Order


class OfferedAuthorization(Struct, frozen=True):
    """An authorization to be stored with its challenges as (id, type, token)."""

    id: UUID
    name: str
    wildcard: bool
    challenges: Sequence[tuple[UUID, str, str]]


class ReusableAuthorization(Struct, frozen=True, order=True):
    """A valid authorization that a new order can use."""

    expires_at: datetime
    id: UUID
    name: str
    wildcard: bool


class Reusable(Struct, frozen=True):
    """What a client has already: an open order for the same names, and proofs for single names.

    The proof that lasts longest comes last.
    """

    order_id: UUID | None
    proofs: list[ReusableAuthorization]


_READ_GATE = f"""
        WITH asked AS (
            SELECT item.*, string_to_array(listing, ' ') AS names,
                   string_to_array(replace(listing, '*.', ''), ' ') AS bases
              FROM unnest(acme.burn_nonces($1, $2), $3::text[], $4::text[], $5::text[],
                          $6::text[], $7::timestamptz[])
                   WITH ORDINALITY
                   AS item (nonce_fresh, account_id, listing, profile, replaces, now, position)
        )
        SELECT asked.position, asked.nonce_fresh, signer.*,
               {facts_for("asked.names")},
               ARRAY(SELECT ROW(held.expires_at, held.id, held.name, held.wildcard)
                       FROM acme.authorization held
                      WHERE held.account_id = asked.account_id
                        AND held.name = ANY (asked.bases)
                        AND held.status = 'valid'
                        AND held.expires_at > asked.now) AS proofs,
               (SELECT open.id
                  FROM acme."order" open
                 WHERE open.account_id = asked.account_id
                   AND open.status IN ('pending', 'ready')
                   AND open.csr IS NULL
                   AND open.expires_at > asked.now
                   AND open.profile = asked.profile
                   AND open.not_before IS NULL
                   AND open.not_after IS NULL
                   AND open.replaces IS NOT DISTINCT FROM asked.replaces
                   AND (SELECT string_agg(item.name, ' ' ORDER BY item.name)
                          FROM acme.order_identifier item
                         WHERE item.order_id = open.id) = asked.listing
                 ORDER BY open.expires_at DESC
                 LIMIT 1) AS open_order
          FROM asked
          CROSS JOIN LATERAL (
                SELECT * FROM acme.signer WHERE signer.account_id = asked.account_id OFFSET 0
               ) signer
          LEFT JOIN LATERAL (
                SELECT id, started_at, expires_at
                  FROM subscription.subscription
                 WHERE kid = signer.kid AND superseded_at IS NULL
                OFFSET 0
               ) subscription
            ON true
"""  # noqa: S608  of constants


@Batched
async def read_gate(
    pool: Pool | Connection,
    asked: Sequence[tuple[Ticket, Sequence[str], str, str | None, datetime]],
) -> dict[int, tuple[Admission, GateFacts, Reusable]]:
    """Admits the request of a new order; reads the gate's facts and what can be reused.

    The arguments are ticket, names, profile, the certificate that is to be replaced, and now.
    """
    tickets, names, profiles, replaced, instants = zip(*asked, strict=True)
    rows = await pool.fetch(
        _READ_GATE,
        *columns_of(tickets),
        [" ".join(sorted(each)) for each in names],
        profiles,
        replaced,
        instants,
    )
    return {
        row["position"]: (
            admission_of(row),
            facts_of(row),
            Reusable(
                row["open_order"], sorted(ReusableAuthorization(*proof) for proof in row["proofs"])
            ),
        )
        for row in rows
    }


@Batched
async def place(
    pool: Pool | Connection,
    placed: Sequence[tuple[Order, Sequence[OfferedAuthorization], datetime, str | None]],
) -> dict[int, str]:
    """Stores an order, the new ones among its authorizations with challenges, the audit event.

    Gives the status that was stored: an order that is to be `ready` from the start is `pending` if
    one of its authorizations is not valid any more. The arguments are the order, its new
    authorizations, now, and where the request came from.
    """
    orders = [
        (
            order.id,
            order.account_id,
            order.status,
            order.profile,
            order.not_before,
            order.not_after,
            order.expires_at,
            now,
            order.replaces,
            source,
            {"names": order.names, "profile": order.profile},
        )
        for order, _, now, source in placed
    ]
    identifiers = [
        (order.id, position, name, authorization_id)
        for order, *_ in placed
        for position, (name, authorization_id) in enumerate(
            zip(order.names, order.authorization_ids, strict=True), 1
        )
    ]
    authorizations = [
        (made.id, order.account_id, made.name, made.wildcard, order.expires_at, now)
        for order, several, now, _ in placed
        for made in several
    ]
    challenges = [
        (made.id, *challenge)
        for _, several, *_ in placed
        for made in several
        for challenge in made.challenges
    ]
    rows = await pool.fetch(
        """
        WITH orders AS (
            SELECT *
              FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[],
                          $6::timestamptz[], $7::timestamptz[], $8::timestamptz[], $9::text[],
                          $10::text[], $11::jsonb[])
                   AS item (id, account_id, status, profile, not_before, not_after, expires_at,
                            now, replaces, source, audited)
        ), identifiers AS (
            SELECT *
              FROM unnest($12::uuid[], $13::smallint[], $14::text[], $15::uuid[])
                   AS item (order_id, position, name, authorization_id)
        ), placed AS (
            INSERT INTO acme."order"
                (id, account_id, profile, not_before, not_after, expires_at, created_at, replaces,
                 status)
            SELECT id, account_id, profile, not_before, not_after, expires_at, now, replaces,
                   CASE WHEN status = 'ready'
                         AND NOT EXISTS (
                             SELECT
                               FROM identifiers
                              WHERE order_id = orders.id
                                AND NOT EXISTS (
                                    SELECT
                                      FROM acme.authorization held
                                     WHERE held.id = authorization_id AND held.status = 'valid'))
                        THEN 'ready' ELSE 'pending' END
              FROM orders
            RETURNING id, status
        ), authorized AS (
            INSERT INTO acme.authorization (id, account_id, name, wildcard, expires_at, created_at)
            SELECT *
              FROM unnest($16::uuid[], $17::text[], $18::text[], $19::boolean[],
                          $20::timestamptz[], $21::timestamptz[])
        ), identified AS (
            INSERT INTO acme.order_identifier (order_id, position, name, authorization_id)
            SELECT * FROM identifiers
        ), challenged AS (
            INSERT INTO acme.challenge (authorization_id, id, type, token)
            SELECT * FROM unnest($22::uuid[], $23::uuid[], $24::text[], $25::text[])
        ), audited AS (
            INSERT INTO audit.event (at, actor, source, action, subject, after)
            SELECT now, 'acme:' || account_id, source::inet, 'order.placed', id::text, audited
              FROM orders
        )
        SELECT id, status FROM placed
        """,
        *columns(orders, 11),
        *columns(identifiers, 4),
        *columns(authorizations, 6),
        *columns(challenges, 4),
    )
    stored = {row["id"]: row["status"] for row in rows}
    return {position: stored[order.id] for position, (order, *_) in enumerate(placed, 1)}
