"""From a proven application to a stored certificate: intent first, then the signature."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from gateway.db.pool import Connection, Pool
from gateway.store.acme.issuance import CESSATION_OF_OPERATION, SignedCertificate


async def record_intent(
    connection: Connection, application_id: UUID, intent: dict[str, Any]
) -> None:
    """Stores serial and validity before anything is signed."""
    await connection.execute(
        """
        UPDATE ssl.application
           SET intent = $2
         WHERE id = $1
        """,
        application_id,
        intent,
    )


async def record_issuer(pool: Pool, application_id: UUID, issuer: str) -> str:
    """Adds the issuer that is asked to the intent; gives the one that is stored then."""
    recorded: str = await pool.fetchval(
        """
        UPDATE ssl.application
           SET intent = jsonb_build_object('issuer', $2::text) || intent
         WHERE id = $1
        RETURNING intent ->> 'issuer'
        """,
        application_id,
        issuer,
    )
    return recorded


async def note_reviewer(connection: Connection, application_id: UUID, reviewer: str) -> None:
    await connection.execute(
        """
        UPDATE ssl.application
           SET reviewed_by = $2
         WHERE id = $1
        """,
        application_id,
        reviewer,
    )


async def wait_for_issuer(
    connection: Connection | Pool,
    cert_id: str,
    application_id: UUID,
    state: dict[str, Any],
    retry_after: timedelta,
) -> None:
    """Stores what the issuer needs to find its request again, and when to ask next."""
    await connection.execute(
        """
        WITH kept AS (
            UPDATE ssl.application
               SET issuer_state = $3
             WHERE id = $2
               AND NOT EXISTS (SELECT FROM ssl.issued WHERE application_id = $2)
        )
        UPDATE ssl."order"
           SET due_at = clock_timestamp() + $4::interval
         WHERE cert_id = $1
           AND due_at IS NOT NULL
        """,
        cert_id,
        application_id,
        state,
        retry_after,
    )


async def settle_issuer(connection: Connection, application_id: UUID) -> None:
    """Records the issuer's final answer: this application gets no further certificate."""
    await connection.execute(
        """
        UPDATE ssl.application
           SET issuer_state = NULL
         WHERE id = $1
        """,
        application_id,
    )


async def is_stored(connection: Connection, application_id: UUID) -> bool:
    stored: bool = await connection.fetchval(
        """
        SELECT EXISTS (SELECT FROM ssl.issued WHERE application_id = $1)
        """,
        application_id,
    )
    return stored


async def store_certificate(
    connection: Connection,
    *,
    cert_id: str,
    application_id: UUID,
    signed: SignedCertificate,
    withheld: bool,
) -> None:
    """Stores a signed certificate, with its audit event.

    A withheld one is revoked at once and never shown; another becomes the order's newest.
    """
    await connection.execute(
        """
        WITH stored AS (
            INSERT INTO ca.certificate
                   (serial, issuer_id, names, not_before, not_after, key_hash, der, issued_at,
                    withheld)
            VALUES ($3, $4, $5, $6, $7, $8, $9, $10, $11)
            RETURNING serial
        ), linked AS (
            INSERT INTO ssl.issued (serial, cert_id, application_id)
            SELECT serial, $1, $2
              FROM stored
        ), revoked AS (
            INSERT INTO ca.revocation (serial, revoked_at, reason)
            SELECT serial, $10, $12
              FROM stored
             WHERE $11
        ), shown AS (
            UPDATE ssl."order"
               SET serial = $3,
                   first_issued_at = coalesce(first_issued_at, $10)
             WHERE cert_id = $1
               AND NOT $11
        )
        INSERT INTO audit.event (at, actor, action, subject, after)
        SELECT $10, 'gateway:ssl-orders',
               CASE WHEN $11 THEN 'certificate.withheld' ELSE 'certificate.issued' END, $3,
               jsonb_build_object('certificateOrder', $1::text, 'names', to_jsonb($5::text[]))
          FROM stored
        """,
        cert_id,
        application_id,
        signed.serial,
        signed.issuer_id,
        signed.names,
        signed.not_before,
        signed.not_after,
        signed.key_hash,
        signed.der,
        signed.at,
        withheld,
        CESSATION_OF_OPERATION,
    )


async def serials_to_revoke(connection: Connection, cert_id: str, now: datetime) -> list[str]:
    """Gives serials of an order's certificates that have not ended, revoked ones included."""
    rows = await connection.fetch(
        """
        SELECT issued.serial
          FROM ssl.issued
          JOIN ca.certificate ON certificate.serial = issued.serial
         WHERE issued.cert_id = $1
           AND certificate.not_after >= $2
         ORDER BY issued.serial
        """,
        cert_id,
        now,
    )
    return [row["serial"] for row in rows]


async def orders_to_revoke(connection: Connection, serials: Sequence[str]) -> list[str]:
    """Gives the cert_ids of those of the certificates that belong to an order and are not revoked.

    They are in order, so that whoever locks several orders does it in the same one.
    """
    rows = await connection.fetch(
        """
        SELECT DISTINCT issued.cert_id
          FROM ssl.issued
         WHERE issued.serial = ANY ($1)
           AND NOT EXISTS (SELECT
                             FROM ca.revocation
                            WHERE revocation.serial = issued.serial)
         ORDER BY issued.cert_id
        """,
        list(serials),
    )
    return [row["cert_id"] for row in rows]


async def revocation_is_complete(connection: Connection, cert_id: str) -> bool:
    """Whether each revocation of an order is known to its issuer, and on our CRLs if we sign them.

    These are the complete one and the partition that the certificate points to.
    """
    complete: bool = await connection.fetchval(
        """
        SELECT NOT EXISTS (
               SELECT
                 FROM ssl.issued
                 JOIN ca.certificate ON certificate.serial = issued.serial
                 JOIN ca.revocation ON revocation.serial = issued.serial
                WHERE issued.cert_id = $1
                  AND (revocation.reported_at IS NULL
                       OR (revocation.crl_number IS NULL
                           OR revocation.partition IS NULL
                           OR revocation.partition > 0 AND revocation.partition_number IS NULL)
                          AND EXISTS (SELECT
                                        FROM ca.crl
                                       WHERE crl.issuer_id = certificate.issuer_id)))
        """,
        cert_id,
    )
    return complete


async def certificate_pem_parts(
    connection: Connection | Pool, serial: str
) -> tuple[bytes, bytes, list[bytes]]:
    """Gives the DER of a certificate, of its issuer, and of the chain above that clients get."""
    row = await connection.fetchrow(
        """
        SELECT certificate.der, issuer.certificate AS issuer, issuer.chain
          FROM ca.certificate
          JOIN ca.issuer ON issuer.id = certificate.issuer_id
         WHERE certificate.serial = $1
        """,
        serial,
    )
    if row is None:
        raise LookupError(serial)
    return row["der"], row["issuer"], row["chain"]
