"""Applications for SSL certificates: CSRs, proofs of control, and the state of issuance.

A process works on an order while the lease in `due_at` lasts, in database time. Its results count
only while the order, locked, still has the application and the status it began with.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from gateway.db.pool import Connection, Pool
from gateway.store.acme.issuance import KEY_COMPROMISE


@dataclass(frozen=True, slots=True)
class NameProof:
    """The proof of control over one of an order's names; `proven_at` None = not proven yet."""

    position: int
    name: str
    method: str
    token: str
    proven_at: datetime | None
    caa_checked_at: datetime | None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Application:
    """A submitted CSR (DER) with its proofs; `organization` is None for DV."""

    id: UUID
    cert_id: str
    csr: bytes
    key_hash: bytes
    method: str
    organization: dict[str, Any] | None
    submitted_at: datetime


@dataclass(frozen=True, slots=True)
class UnfinishedOrder:
    """An order that needs work, with its application."""

    cert_id: str
    reseller_id: UUID
    reseller_status: str
    login: str
    type: str
    names: list[str]
    months: int
    status: str
    attempts: int
    problem: str | None
    first_issued_at: datetime | None
    application: Application
    intent: dict[str, Any] | None
    issuer_state: dict[str, Any] | None
    proofs: list[NameProof]
    claims: int
    """How often it was taken up since a process last finished its work on it."""


async def add(
    connection: Connection, application: Application, proofs: Sequence[NameProof]
) -> None:
    """Adds an application and makes it the current one of its (locked) order."""
    await connection.execute(
        """
        WITH handed_in AS (
            INSERT INTO ssl.application
                   (id, cert_id, csr, key_hash, method, organization, submitted_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
        ), wanted AS (
            INSERT INTO ssl.proof
                   (application_id, position, name, method, token, proven_at, caa_checked_at)
            SELECT $1, item.*
              FROM unnest($8::smallint[], $9::text[], $10::text[], $11::text[],
                          $12::timestamptz[], $13::timestamptz[]) AS item
        )
        UPDATE ssl."order"
           SET application_id = $1
         WHERE cert_id = $2
        """,
        application.id,
        application.cert_id,
        application.csr,
        application.key_hash,
        application.method,
        application.organization,
        application.submitted_at,
        [proof.position for proof in proofs],
        [proof.name for proof in proofs],
        [proof.method for proof in proofs],
        [proof.token for proof in proofs],
        [proof.proven_at for proof in proofs],
        [proof.caa_checked_at for proof in proofs],
    )


async def find(connection: Connection | Pool, application_id: UUID) -> Application:
    row = await connection.fetchrow(
        """
        SELECT id, cert_id, csr, key_hash, method, organization, submitted_at
          FROM ssl.application
         WHERE id = $1
        """,
        application_id,
    )
    if row is None:
        raise LookupError(application_id)
    return Application(**row)


async def proofs_of(connection: Connection | Pool, application_id: UUID) -> list[NameProof]:
    rows = await connection.fetch(
        """
        SELECT position, name, method, token, proven_at, caa_checked_at, problem
          FROM ssl.proof
         WHERE application_id = $1
         ORDER BY position
        """,
        application_id,
    )
    return [NameProof(**row) for row in rows]


async def earlier_proofs(
    connection: Connection, reseller_id: UUID, names: Sequence[str], since: datetime
) -> dict[str, NameProof]:
    """Gives the newest proof by name, not older than `since`, in any order of the reseller."""
    rows = await connection.fetch(
        """
        SELECT DISTINCT ON (proof.name)
               proof.position, proof.name, proof.method, proof.token, proof.proven_at,
               proof.caa_checked_at
          FROM ssl.proof
          JOIN ssl.application ON application.id = proof.application_id
          JOIN ssl."order" placed ON placed.cert_id = application.cert_id
         WHERE proof.name = ANY ($2)
           AND proof.proven_at >= $3
           AND placed.reseller_id = $1
         ORDER BY proof.name, proof.proven_at DESC
        """,
        reseller_id,
        names,
        since,
    )
    return {row["name"]: NameProof(**row) for row in rows}


async def key_is_compromised(connection: Connection, key_hash: bytes) -> bool:
    """Whether a certificate of this key was ever revoked for keyCompromise (BR §6.1.1.3)."""
    compromised: bool = await connection.fetchval(
        """
        SELECT EXISTS (
               SELECT
                 FROM ca.revocation
                WHERE serial = ANY (ARRAY(SELECT serial
                                            FROM ca.certificate
                                           WHERE key_hash = $1))
                  AND reason = $2)
        """,
        key_hash,
        KEY_COMPROMISE,
    )
    return compromised


async def read_unfinished(connection: Connection | Pool, cert_id: str) -> UnfinishedOrder | None:
    """Gives an order with its application as they are now; None = it needs no work."""
    row = await connection.fetchrow(
        """
        SELECT placed.cert_id, placed.reseller_id, account.status AS reseller_status,
               account.login, placed.type, placed.names, placed.months, placed.status,
               placed.attempts, placed.problem, placed.first_issued_at, placed.claims,
               application.id, application.csr, application.key_hash, application.method,
               application.organization, application.submitted_at, application.intent,
               application.issuer_state
          FROM ssl."order" placed
          JOIN reseller.account ON account.id = placed.reseller_id
          JOIN ssl.application ON application.id = placed.application_id
         WHERE placed.cert_id = $1
           AND placed.due_at IS NOT NULL
        """,
        cert_id,
    )
    if row is None:
        return None
    application = Application(
        row["id"],
        row["cert_id"],
        row["csr"],
        row["key_hash"],
        row["method"],
        row["organization"],
        row["submitted_at"],
    )
    return UnfinishedOrder(
        row["cert_id"],
        row["reseller_id"],
        row["reseller_status"],
        row["login"],
        row["type"],
        row["names"],
        row["months"],
        row["status"],
        row["attempts"],
        row["problem"],
        row["first_issued_at"],
        application,
        row["intent"],
        row["issuer_state"],
        await proofs_of(connection, row["id"]),
        row["claims"],
    )


async def settle_proof(
    connection: Connection,
    application_id: UUID,
    position: int,
    *,
    proven_at: datetime | None,
    evidence: Mapping[str, Any] | None,
    problem: str | None,
) -> None:
    """Stores the result of a look at a proof; CAA counts as checked with it."""
    await connection.execute(
        """
        UPDATE ssl.proof
           SET proven_at = coalesce(proven_at, $3),
               caa_checked_at = coalesce($3, caa_checked_at),
               evidence = coalesce($4, evidence),
               problem = $5
         WHERE application_id = $1
           AND position = $2
        """,
        application_id,
        position,
        proven_at,
        evidence,
        problem,
    )


async def mark_caa_checked(pool: Pool, application_id: UUID, position: int, now: datetime) -> None:
    """Records that CAA was checked `now` for the name and allows issuance."""
    await pool.execute(
        """
        UPDATE ssl.proof
           SET caa_checked_at = $3
         WHERE application_id = $1
           AND position = $2
        """,
        application_id,
        position,
        now,
    )
