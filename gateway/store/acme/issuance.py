"""From a ready order to a stored certificate: intent first, then the signature.

Both steps hold a share lock on the EAB credential and compare its version with the one the gate's
facts were read at. Whoever changes the credential, its accounts, subscription or names takes that
row exclusively and raises the version, so no change slips between the check and the step.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct

from gateway.db.batching import Batched, columns
from gateway.db.pool import Connection, Pool, fetch_one
from gateway.rules.acme.issuance import GateFacts
from gateway.store.acme.gate import facts_for, facts_of

# RFC 5280 §5.3.1
KEY_COMPROMISE = 1
CESSATION_OF_OPERATION = 5


class StepResult(Struct, frozen=True):
    """The result of a step. `unchanged` = the version still held; `done` = the order moved."""

    unchanged: bool
    done: bool
    key_compromised: bool = False


class Intent(Struct, frozen=True):
    """The intent to sign for a ready order, at a version of its credential."""

    kid: str
    eab_version: int
    order_id: UUID
    csr: bytes
    key_hash: bytes
    document: Mapping[str, Any]
    lease: timedelta


class SignedCertificate(Struct, frozen=True):
    """A certificate that the issuer signed at the instant `at`; it is always stored."""

    issuer_id: UUID
    serial: str
    der: bytes
    key_hash: bytes
    names: Sequence[str]
    not_before: datetime
    not_after: datetime
    at: datetime


class Result(Struct, frozen=True):
    """A signed certificate for a processing order, at a version of its credential."""

    kid: str
    eab_version: int
    order_id: UUID
    signed: SignedCertificate
    source: str | None


@Batched
async def record_intent(
    pool: Pool | Connection, recorded: Sequence[tuple[Intent]]
) -> dict[int, StepResult]:
    """Moves ready → processing; the caller may sign until its lease ends, then the runner.

    When the key was ever revoked for keyCompromise, nothing moves (BR §6.1.1.3).
    """
    rows = await pool.fetch(
        """
        WITH held AS MATERIALIZED (
            SELECT kid, version
              FROM subscription.eab_credential
             WHERE kid = ANY ($1)
             ORDER BY kid
               FOR SHARE
        ), checked AS MATERIALIZED (
            SELECT item.*,
                   EXISTS (SELECT
                             FROM held
                            WHERE held.kid = item.kid
                              AND held.version = item.eab_version) AS unchanged,
                   EXISTS (SELECT
                             FROM ca.revocation
                            WHERE serial = ANY (ARRAY(SELECT serial
                                                        FROM ca.certificate
                                                       WHERE key_hash = item.key_hash))
                              AND reason = $8) AS key_compromised
              FROM unnest($1::text[], $2::bigint[], $3::uuid[], $4::bytea[], $5::bytea[],
                          $6::jsonb[], $7::interval[])
                   WITH ORDINALITY
                   AS item (kid, eab_version, order_id, csr, key_hash, intent, lease, position)
        ), moved AS (
            UPDATE acme."order" placed
               SET status = 'processing', csr = checked.csr, intent = checked.intent,
                   issue_after = clock_timestamp() + checked.lease
              FROM checked
             WHERE placed.id = checked.order_id
               AND placed.id = ANY ($3)
               AND placed.status = 'ready'
               AND unchanged
               AND NOT key_compromised
            RETURNING position
        )
        SELECT position, unchanged, position IN (SELECT position FROM moved) AS done,
               key_compromised
          FROM checked
        """,
        *columns(
            [
                (
                    intent.kid,
                    intent.eab_version,
                    intent.order_id,
                    intent.csr,
                    intent.key_hash,
                    intent.document,
                    intent.lease,
                )
                for [intent] in recorded
            ],
            7,
        ),
        KEY_COMPROMISE,
    )
    return {position: StepResult(*step) for position, *step in rows}


@Batched
async def store_certificate(
    pool: Pool | Connection, stored: Sequence[tuple[Result]]
) -> dict[int, StepResult]:
    """Moves processing → valid, with the certificate and its audit event."""
    rows = await pool.fetch(
        """
        WITH held AS MATERIALIZED (
            SELECT kid, version
              FROM subscription.eab_credential
             WHERE kid = ANY ($1)
             ORDER BY kid
               FOR SHARE
        ), checked AS MATERIALIZED (
            SELECT item.*, string_to_array(listing, ' ') AS names,
                   EXISTS (SELECT
                             FROM held
                            WHERE held.kid = item.kid
                              AND held.version = item.eab_version) AS unchanged
              FROM unnest($1::text[], $2::bigint[], $3::uuid[], $4::uuid[], $5::text[],
                          $6::bytea[], $7::bytea[], $8::text[], $9::timestamptz[],
                          $10::timestamptz[], $11::timestamptz[], $12::text[])
                   WITH ORDINALITY
                   AS item (kid, eab_version, order_id, issuer_id, serial, der, key_hash, listing,
                            not_before, not_after, at, source, position)
        ), moved AS (
            UPDATE acme."order" placed
               SET status = 'valid', issue_after = NULL
              FROM checked
             WHERE placed.id = checked.order_id
               AND placed.id = ANY ($3)
               AND placed.status = 'processing'
               AND unchanged
            RETURNING placed.id, placed.account_id, checked.*
        ), stored AS (
            INSERT INTO ca.certificate
                (serial, issuer_id, order_id, account_id, names, not_before, not_after,
                 key_hash, der, issued_at)
            SELECT serial, issuer_id, id, account_id, names, not_before, not_after, key_hash, der,
                   at
              FROM moved
        ), audited AS (
            INSERT INTO audit.event (at, actor, source, action, subject, after)
            SELECT at, 'acme:' || account_id, source::inet, 'certificate.issued', serial,
                   jsonb_build_object('order', id, 'names', to_jsonb(names))
              FROM moved
        )
        SELECT position, unchanged, position IN (SELECT position FROM moved) AS done
          FROM checked
        """,
        *columns(
            [
                (
                    result.kid,
                    result.eab_version,
                    result.order_id,
                    result.signed.issuer_id,
                    result.signed.serial,
                    result.signed.der,
                    result.signed.key_hash,
                    " ".join(result.signed.names),
                    result.signed.not_before,
                    result.signed.not_after,
                    result.signed.at,
                    result.source,
                )
                for [result] in stored
            ],
            12,
        ),
    )
    return {position: StepResult(*step) for position, *step in rows}


async def find_csr(pool: Pool, order_id: UUID) -> bytes | None:
    """Gives the DER of the CSR that an order was finalized with."""
    csr: bytes | None = await pool.fetchval(
        """
        SELECT csr
          FROM acme."order"
         WHERE id = $1
        """,
        order_id,
    )
    return csr


_READ_GATE = f"""
        SELECT signer.*, {facts_for("$2")}
          FROM acme.signer
          LEFT JOIN subscription.subscription
            ON subscription.kid = signer.kid AND subscription.superseded_at IS NULL
         WHERE signer.account_id = $1
"""  # noqa: S608  of constants


async def read_gate(pool: Pool, account_id: str, names: Sequence[str]) -> tuple[int, GateFacts]:
    """Reads the gate's facts as they are now, and the version of the credential they belong to."""
    row = await fetch_one(
        pool,
        _READ_GATE,
        account_id,
        names,
    )
    return row["eab_version"], facts_of(row)
