"""From a ready order to a stored certificate: intent first, then the signature.

Both steps hold a share lock on the EAB credential and compare its version with the one the gate's
facts were read at. Whoever changes the credential, its accounts, subscription or names takes that
row exclusively and raises the version, so no change slips between the check and the step.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from gateway.db.pool import Connection, Pool, Record, fetch_one
from gateway.rules.issuance import GateFacts, Standing, SubscriptionFacts

# RFC 5280 §5.3.1
KEY_COMPROMISE = 1
CESSATION_OF_OPERATION = 5


@dataclass(frozen=True, slots=True)
class StepResult:
    """`unchanged` = the version still held; `done` = the order was in the right state and moved."""

    unchanged: bool
    done: bool
    key_compromised: bool = False


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A `processing` order with everything needed to go on, in whatever process."""

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


async def record_intent(
    connection: Connection | Pool,
    *,
    kid: str,
    eab_version: int,
    order_id: UUID,
    csr: bytes,
    key_hash: bytes,
    intent: dict[str, Any],
    lease: timedelta,
) -> StepResult:
    """ready → processing. The caller may sign until the lease ends; then the runner takes over.

    A key that was ever revoked for keyCompromise moves nothing (BR §6.1.1.3).
    """
    row = await fetch_one(
        connection,
        """
        WITH held AS MATERIALIZED (
            SELECT kid
              FROM subscription.eab_credential
             WHERE kid = $1 AND version = $2
               FOR SHARE
        ), compromised AS (
            SELECT
              FROM ca.certificate
              JOIN ca.revocation ON revocation.serial = certificate.serial
             WHERE certificate.key_hash = $7 AND revocation.reason = $8
        ), moved AS (
            UPDATE acme."order"
               SET status = 'processing', csr = $4, intent = $5,
                   issue_after = clock_timestamp() + $6::interval
             WHERE id = $3 AND status = 'ready' AND EXISTS (SELECT FROM held)
               AND NOT EXISTS (SELECT FROM compromised)
            RETURNING id
        )
        SELECT EXISTS (SELECT FROM held) AS unchanged, EXISTS (SELECT FROM moved) AS done,
               EXISTS (SELECT FROM compromised) AS key_compromised
        """,
        kid,
        eab_version,
        order_id,
        csr,
        intent,
        lease,
        key_hash,
        KEY_COMPROMISE,
    )
    return StepResult(**row)


async def store_certificate(
    connection: Connection | Pool,
    *,
    kid: str,
    eab_version: int,
    order_id: UUID,
    issuer_id: UUID,
    serial: str,
    der: bytes,
    key_hash: bytes,
    names: Sequence[str],
    not_before: datetime,
    not_after: datetime,
    now: datetime,
    source: str | None,
) -> StepResult:
    """processing → valid, with the certificate and its audit event."""
    row = await fetch_one(
        connection,
        """
        WITH held AS MATERIALIZED (
            SELECT kid
              FROM subscription.eab_credential
             WHERE kid = $1 AND version = $2
               FOR SHARE
        ), moved AS (
            UPDATE acme."order"
               SET status = 'valid', issue_after = NULL
             WHERE id = $3 AND status = 'processing' AND EXISTS (SELECT FROM held)
            RETURNING id, account_id
        ), stored AS (
            INSERT INTO ca.certificate
                (serial, issuer_id, order_id, account_id, names, not_before, not_after,
                 key_hash, der, issued_at)
            SELECT $5, $4, id, account_id, $8, $9, $10, $7, $6, $11
              FROM moved
        ), audited AS (
            INSERT INTO audit.event (at, actor, source, action, subject, after)
            SELECT $11, 'acme:' || account_id, $12::text::inet, 'certificate.issued', $5,
                   jsonb_build_object('order', id, 'names', to_jsonb($8::text[]))
              FROM moved
        )
        SELECT EXISTS (SELECT FROM held) AS unchanged, EXISTS (SELECT FROM moved) AS done
        """,
        kid,
        eab_version,
        order_id,
        issuer_id,
        serial,
        der,
        key_hash,
        names,
        not_before,
        not_after,
        now,
        source,
    )
    return StepResult(**row)


async def withhold_certificate(
    connection: Connection,
    *,
    order_id: UUID,
    issuer_id: UUID,
    serial: str,
    der: bytes,
    key_hash: bytes,
    names: Sequence[str],
    not_before: datetime,
    not_after: datetime,
    now: datetime,
    error: dict[str, Any],
) -> bool:
    """processing → invalid: the certificate is kept from the client and revoked at once."""
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
        issuer_id,
        serial,
        der,
        key_hash,
        names,
        not_before,
        not_after,
        now,
        CESSATION_OF_OPERATION,
        error,
    )
    return row is not None


async def fail(
    connection: Connection | Pool, order_id: UUID, now: datetime, error: dict[str, Any]
) -> bool:
    """processing → invalid, when the issuer or the gate refuses before anything was signed."""
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


async def find_csr(pool: Pool, order_id: UUID) -> bytes | None:
    """The DER of the CSR an order was finalized with."""
    csr: bytes | None = await pool.fetchval(
        """
        SELECT csr
          FROM acme."order"
         WHERE id = $1
        """,
        order_id,
    )
    return csr


async def read_gate(pool: Pool, account_id: str, names: Sequence[str]) -> tuple[int, GateFacts]:
    """The gate's facts as they are now, and the version of the credential they belong to."""
    row = await fetch_one(
        pool,
        """
        SELECT signer.*, subscription.started_at, subscription.expires_at,
               ARRAY(SELECT domain.name
                       FROM subscription.domain
                      WHERE domain.subscription_id = subscription.id
                        AND domain.name = ANY ($2)
                        AND domain.removed_at IS NULL) AS listed
          FROM acme.signer
          LEFT JOIN subscription.subscription
            ON subscription.kid = signer.kid AND subscription.superseded_at IS NULL
         WHERE signer.account_id = $1
        """,
        account_id,
        names,
    )
    return row["eab_version"], _facts_of(row)


async def claim_unfinished(pool: Pool, lease: timedelta, limit: int) -> list[UUID]:
    """Processing orders nobody works on; this process has them until the lease ends."""
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
    """Keeps what the issuer needs to find its request again, and when to ask next."""
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


async def read_unfinished(connection: Connection | Pool, order_id: UUID) -> Unfinished | None:
    """A processing order with the gate's facts as they are now; None when it is no longer one."""
    row = await connection.fetchrow(
        """
        SELECT placed.id AS order_id, placed.profile, placed.csr, placed.intent,
               placed.issuer_state, signer.*, item.names,
               subscription.started_at, subscription.expires_at,
               ARRAY(SELECT domain.name
                       FROM subscription.domain
                      WHERE domain.subscription_id = subscription.id
                        AND domain.name = ANY (item.names)
                        AND domain.removed_at IS NULL) AS listed
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
        """,
        order_id,
    )
    if row is None:
        return None
    return Unfinished(
        row["order_id"],
        row["account_id"],
        row["kid"],
        row["eab_version"],
        row["names"],
        row["profile"],
        row["csr"],
        row["intent"],
        row["issuer_state"],
        _facts_of(row),
    )


def _facts_of(row: Record) -> GateFacts:
    subscription = None
    if row["started_at"] is not None:
        subscription = SubscriptionFacts(row["started_at"], row["expires_at"])
    standing = Standing(
        row["account_status"], row["account_suspended"], row["eab_status"], row["eab_suspended"]
    )
    return GateFacts(standing, subscription, frozenset(row["listed"]))
