"""Processing orders, which wait for their issuer or were taken over from a killed process."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct

from gateway.db.pool import Connection, Pool
from gateway.rules.acme.issuance import GateFacts
from gateway.store.acme.gate import facts_for, facts_of
from gateway.store.acme.issuance import CESSATION_OF_OPERATION, SignedCertificate


class ProcessingOrder(Struct, frozen=True):
    """A `processing` order with everything that any process needs to go on."""

    order_id: UUID
    account_id: str
    kid: str
    eab_version: int
    names: list[str]
    profile: str
    csr: bytes
    intent: dict[str, Any]
    issuer_state: dict[str, Any] | None
    facts: GateFacts


async def claim_unfinished(pool: Pool, lease: timedelta, limit: int) -> list[UUID]:
    """Leases processing orders that no process works on."""
    rows = await pool.fetch(
        """
        UPDATE acme."order"
           SET issue_after = clock_timestamp() + $1::interval
         WHERE id IN (
                SELECT id
                  FROM acme."order"
                 WHERE status = 'processing' AND issue_after <= clock_timestamp()
                 ORDER BY issue_after
                 LIMIT $2
                   FOR UPDATE SKIP LOCKED)
        RETURNING id
        """,
        lease,
        limit,
    )
    return [row["id"] for row in rows]


async def wait_for_issuer(
    pool: Pool, order_id: UUID, state: dict[str, Any], retry_after: timedelta
) -> None:
    """Stores what the issuer needs to find its request again, and when to ask next."""
    await pool.execute(
        """
        UPDATE acme."order"
           SET issuer_state = $2, issue_after = clock_timestamp() + $3::interval
         WHERE id = $1 AND status = 'processing'
        """,
        order_id,
        state,
        retry_after,
    )


_READ_UNFINISHED = f"""
        SELECT placed.id AS order_id, placed.profile, placed.csr, placed.intent,
               placed.issuer_state, signer.*, item.names,
               {facts_for("item.names")}
          FROM acme."order" placed
          JOIN acme.signer ON signer.account_id = placed.account_id
          CROSS JOIN LATERAL (
                SELECT array_agg(name ORDER BY position) AS names
                  FROM acme.order_identifier
                 WHERE order_id = placed.id
               ) item
          LEFT JOIN subscription.subscription
            ON subscription.kid = signer.kid AND subscription.superseded_at IS NULL
         WHERE placed.id = $1 AND placed.status = 'processing'
"""  # noqa: S608  of constants


async def read_unfinished(connection: Connection | Pool, order_id: UUID) -> ProcessingOrder | None:
    """Gives a processing order with the gate's facts as they are now; None = it was finished."""
    row = await connection.fetchrow(
        _READ_UNFINISHED,
        order_id,
    )
    if row is None:
        return None
    return ProcessingOrder(
        row["order_id"],
        row["account_id"],
        row["kid"],
        row["eab_version"],
        row["names"],
        row["profile"],
        row["csr"],
        row["intent"],
        row["issuer_state"],
        facts_of(row),
    )


async def withhold_certificate(
    connection: Connection,
    *,
    order_id: UUID,
    signed: SignedCertificate,
    error: dict[str, Any],
) -> bool:
    """Moves processing → invalid; the certificate is withheld and revoked at once."""
    row = await connection.fetchrow(
        """
        WITH moved AS (
            UPDATE acme."order"
               SET status = 'invalid', error = $11, issue_after = NULL
             WHERE id = $1 AND status = 'processing'
            RETURNING id, account_id
        ), stored AS (
            INSERT INTO ca.certificate
                (serial, issuer_id, order_id, account_id, names, not_before, not_after,
                 key_hash, der, issued_at, withheld)
            SELECT $3, $2, id, account_id, $6, $7, $8, $5, $4, $9, true
              FROM moved
        ), revoked AS (
            INSERT INTO ca.revocation (serial, revoked_at, reason)
            SELECT $3, $9, $10
              FROM moved
        ), audited AS (
            INSERT INTO audit.event (at, actor, action, subject, after)
            SELECT $9, 'gateway:issuance', 'certificate.withheld', $3,
                   jsonb_build_object('order', id, 'names', to_jsonb($6::text[]))
              FROM moved
        )
        SELECT id FROM moved
        """,
        order_id,
        signed.issuer_id,
        signed.serial,
        signed.der,
        signed.key_hash,
        signed.names,
        signed.not_before,
        signed.not_after,
        signed.at,
        CESSATION_OF_OPERATION,
        error,
    )
    return row is not None


async def fail(
    connection: Connection | Pool, order_id: UUID, now: datetime, error: dict[str, Any]
) -> bool:
    """Moves processing → invalid, when issuer or gate refuses before anything was signed."""
    row = await connection.fetchrow(
        """
        WITH moved AS (
            UPDATE acme."order"
               SET status = 'invalid', error = $3, issue_after = NULL
             WHERE id = $1 AND status = 'processing'
            RETURNING id
        ), audited AS (
            INSERT INTO audit.event (at, actor, action, subject, after)
            SELECT $2, 'gateway:issuance', 'order.failed', id::text, $3
              FROM moved
        )
        SELECT id FROM moved
        """,
        order_id,
        now,
        error,
    )
    return row is not None
