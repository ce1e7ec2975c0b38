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

from gateway.db.pool import Connection, Pool, fetch_one
from gateway.rules.issuance import GateFacts
from gateway.store.gate import facts_of

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
class SignedCertificate:
    """What came from the issuer at the instant `at`, to be stored whatever becomes of it."""

    issuer_id: UUID
    serial: str
    der: bytes
    key_hash: bytes
    names: Sequence[str]
    not_before: datetime
    not_after: datetime
    at: datetime


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
              FROM ca.revocation
             WHERE serial = ANY (ARRAY(SELECT serial
                                         FROM ca.certificate
                                        WHERE key_hash = $7))
               AND reason = $8
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
    signed: SignedCertificate,
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
        signed.issuer_id,
        signed.serial,
        signed.der,
        signed.key_hash,
        signed.names,
        signed.not_before,
        signed.not_after,
        signed.at,
        source,
    )
    return StepResult(**row)


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
                        AND domain.removed_at IS NULL) AS listed,
               (SELECT ARRAY(SELECT ROW(link.*)
                               FROM organization.link
                              WHERE link.subscription_id = subscription.id
                                AND link.name = ANY ($2))
                  FROM acme.server
                 WHERE server.id = signer.server_id AND server.validation = 'OV') AS links
          FROM acme.signer
          LEFT JOIN subscription.subscription
            ON subscription.kid = signer.kid AND subscription.superseded_at IS NULL
         WHERE signer.account_id = $1
        """,
        account_id,
        names,
    )
    return row["eab_version"], facts_of(row)
