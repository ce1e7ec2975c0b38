"""ACME orders and the facts that the gate needs about them (RFC 8555 §7.1.3)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from gateway.db.batching import Batched
from gateway.db.pool import Connection, Pool, Record, fetch_one
from gateway.rules.acme.issuance import GateFacts
from gateway.store.acme.admission import Admission, Ticket, admission_of, columns_of
from gateway.store.acme.gate import facts_for, facts_of


class Order(Struct, frozen=True):
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


async def find(pool: Pool, order_id: UUID) -> Order:
    """Gives an order by its id; raises LookupError if there is none."""
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


@Batched
async def read(
    pool: Pool | Connection, asked: Sequence[tuple[Ticket, UUID]]
) -> dict[int, tuple[Admission, Order | None]]:
    """Admits a request and reads one of the signer's orders."""
    tickets, order_ids = zip(*asked, strict=True)
    rows = await pool.fetch(
        """
        SELECT asked.position, asked.nonce_fresh, signer.*, placed.*, item.names,
               item.authorization_ids
          FROM unnest(acme.burn_nonces($1, $2), $3::text[], $4::uuid[])
               WITH ORDINALITY AS asked (nonce_fresh, account_id, order_id, position)
          CROSS JOIN LATERAL (
                SELECT * FROM acme.signer WHERE signer.account_id = asked.account_id OFFSET 0
               ) signer
          LEFT JOIN LATERAL (
                SELECT id, status, profile, not_before, not_after, expires_at AS order_expires_at,
                       error, replaces
                  FROM acme."order"
                 WHERE id = asked.order_id AND "order".account_id = asked.account_id
                OFFSET 0
               ) placed
            ON true
          LEFT JOIN LATERAL (
                SELECT array_agg(name ORDER BY position) AS names,
                       array_agg(authorization_id ORDER BY position) AS authorization_ids
                  FROM acme.order_identifier
                 WHERE order_id = placed.id
               ) item
            ON true
        """,
        *columns_of(tickets),
        order_ids,
    )
    return {row["position"]: (admission_of(row), _order_of(row)) for row in rows}


class Finalizable(Struct, frozen=True):
    """The facts for finalize, all of one snapshot; `order` None = the signer has no such order."""

    admission: Admission
    order: Order | None
    facts: GateFacts
    """The facts of the gate, for the names of the order."""
    caa_checked_at: datetime | None
    """The oldest CAA check of a name of the order; None = a name was never checked."""
    issuers: list[str]
    """The issuers of the server, in order of preference."""


_READ_FOR_FINALIZE = f"""
        SELECT asked.position, asked.nonce_fresh, signer.*, placed.*, item.names,
               item.authorization_ids, item.caa_checked_at,
               (SELECT server.issuers
                  FROM acme.server
                 WHERE server.id = signer.server_id) AS issuers,
               {facts_for("item.names")}
          FROM unnest(acme.burn_nonces($1, $2), $3::text[], $4::uuid[])
               WITH ORDINALITY AS asked (nonce_fresh, account_id, order_id, position)
          CROSS JOIN LATERAL (
                SELECT * FROM acme.signer WHERE signer.account_id = asked.account_id OFFSET 0
               ) signer
          LEFT JOIN LATERAL (
                SELECT id, status, profile, not_before, not_after, expires_at AS order_expires_at,
                       error, replaces
                  FROM acme."order"
                 WHERE id = asked.order_id AND "order".account_id = asked.account_id
                OFFSET 0
               ) placed
            ON true
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
          LEFT JOIN LATERAL (
                SELECT id, started_at, expires_at
                  FROM subscription.subscription
                 WHERE kid = signer.kid AND superseded_at IS NULL
                OFFSET 0
               ) subscription
            ON true
"""  # noqa: S608  of constants


@Batched
async def read_for_finalize(
    pool: Pool | Connection, asked: Sequence[tuple[Ticket, UUID]]
) -> dict[int, Finalizable]:
    """Admits a request to finalize."""
    tickets, order_ids = zip(*asked, strict=True)
    rows = await pool.fetch(
        _READ_FOR_FINALIZE,
        *columns_of(tickets),
        order_ids,
    )
    return {
        row["position"]: Finalizable(
            admission_of(row),
            _order_of(row),
            facts_of(row),
            row["caa_checked_at"],
            row["issuers"],
        )
        for row in rows
    }


async def list_ids(
    pool: Pool, ticket: Ticket, before: UUID | None, limit: int
) -> tuple[Admission, list[UUID]]:
    """Admits a request; gives orders below `before`, newest first (RFC 8555 §7.1.2.1)."""
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
    """Audits a closed gate, for ops.issuance_refusals: (name, reason, text) each."""
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
