"""Revoked certificates, and the CRLs that list them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from gateway.db.pool import Connection, Pool

_KEPT = 20
"""How many CRLs are kept for operators to look at; only the last is served."""


class Revoked(NamedTuple):
    """A revoked certificate; `serial` is hexadecimal."""

    serial: str
    revoked_at: datetime
    reason: int


@dataclass(frozen=True, slots=True)
class StoredCrl:
    """The last CRL of an issuer. `complete` = every revocation committed so far is in it."""

    number: int
    der: bytes
    this_update: datetime
    complete: bool


async def revoke(
    connection: Connection, serials: Sequence[str], reason: int, now: datetime
) -> list[str]:
    """Revokes certificates; gives those that were not revoked before."""
    rows = await connection.fetch(
        """
        INSERT INTO ca.revocation (serial, revoked_at, reason)
        SELECT serial, $3, $2
          FROM unnest($1::text[]) AS serial
         ORDER BY serial
            ON CONFLICT (serial) DO NOTHING
        RETURNING serial
        """,
        serials,
        reason,
        now,
    )
    return [row["serial"] for row in rows]


@dataclass(frozen=True, slots=True)
class UnreportedRevocation:
    """A revocation that was not reported to the issuer yet."""

    serial: str
    reason: int
    revoked_at: datetime


async def claim_unreported(
    connection: Connection, issuer_id: UUID, limit: int
) -> list[UnreportedRevocation]:
    """Locks revocations for this process to report to the issuer; inside a transaction."""
    rows = await connection.fetch(
        """
        SELECT revocation.serial, revocation.reason, revocation.revoked_at
          FROM ca.revocation
          JOIN ca.certificate ON certificate.serial = revocation.serial
         WHERE revocation.reported_at IS NULL AND certificate.issuer_id = $1
         LIMIT $2
           FOR UPDATE OF revocation SKIP LOCKED
        """,
        issuer_id,
        limit,
    )
    return [UnreportedRevocation(**row) for row in rows]


async def mark_reported(connection: Connection, serials: Sequence[str]) -> None:
    """Records that the revocations were reported to the issuer."""
    await connection.execute(
        """
        UPDATE ca.revocation
           SET reported_at = clock_timestamp()
         WHERE serial = ANY ($1)
        """,
        serials,
    )


async def lock_for_crl(connection: Connection, issuer_id: UUID) -> None:
    """Locks an issuer: one CRL of it is made at a time. Certificates can be stored meanwhile."""
    await connection.execute(
        """
        SELECT id
          FROM ca.issuer
         WHERE id = $1
           FOR NO KEY UPDATE
        """,
        issuer_id,
    )


async def find_crl(
    connection: Connection | Pool, issuer_id: UUID, partition: int
) -> StoredCrl | None:
    """Gives the last CRL of a partition; partition 0 = the complete one."""
    row = await connection.fetchrow(
        """
        SELECT number, der, this_update,
               NOT EXISTS (
                   SELECT
                     FROM ca.revocation
                     JOIN ca.certificate ON certificate.serial = revocation.serial
                    WHERE CASE WHEN $2 = 0 THEN revocation.crl_number IS NULL
                               ELSE revocation.partition_number IS NULL
                                AND revocation.partition = $2 END
                      AND certificate.issuer_id = $1) AS complete
          FROM ca.crl
         WHERE issuer_id = $1
           AND partition = $2
         ORDER BY number DESC
         LIMIT 1
        """,
        issuer_id,
        partition,
    )
    return StoredCrl(**row) if row else None


async def highest_partition(connection: Connection | Pool, issuer_id: UUID) -> int:
    """The highest partition that an issuer has ever signed a CRL for; 0 = only the complete one."""
    query = "SELECT coalesce(max(partition), 0) FROM ca.crl WHERE issuer_id = $1"
    return int(await connection.fetchval(query, issuer_id))


async def unplaced(
    connection: Connection | Pool, issuer_id: UUID, limit: int
) -> list[tuple[str, bytes]]:
    """Gives revoked certificates whose partition was not looked up yet: serial and DER."""
    rows = await connection.fetch(
        """
        SELECT revocation.serial, certificate.der
          FROM ca.revocation
          JOIN ca.certificate ON certificate.serial = revocation.serial
         WHERE revocation.partition IS NULL
           AND certificate.issuer_id = $1
         LIMIT $2
        """,
        issuer_id,
        limit,
    )
    return [(row["serial"], row["der"]) for row in rows]


async def place(
    connection: Connection | Pool, serials: Sequence[str], partitions: Sequence[int]
) -> None:
    """Records the CRL partition that each of these certificates points to."""
    await connection.execute(
        """
        UPDATE ca.revocation
           SET partition = placed.partition
          FROM unnest($1::text[], $2::integer[]) AS placed (serial, partition)
         WHERE revocation.serial = placed.serial
           AND revocation.partition IS NULL
        """,
        serials,
        partitions,
    )


async def partitions_to_look_at(
    connection: Connection | Pool,
    issuer_id: UUID,
    *,
    at_least: int,
    signed_after: datetime,
    signed_before: datetime,
) -> list[int]:
    """Gives partitions whose last CRL is not within the instants, or may lack a revocation.

    Looks at partition 0, at so many further ones, and at all that a CRL was ever signed for.
    """
    rows = await connection.fetch(
        """
        SELECT asked.partition
          FROM generate_series(0, greatest($2, (SELECT max(partition)
                                                  FROM ca.crl
                                                 WHERE issuer_id = $1))) AS asked (partition)
          LEFT JOIN LATERAL (
                SELECT crl.this_update
                  FROM ca.crl
                 WHERE crl.issuer_id = $1 AND crl.partition = asked.partition
                 ORDER BY crl.number DESC
                 LIMIT 1
               ) newest
            ON true
         WHERE newest.this_update IS NULL
            OR newest.this_update NOT BETWEEN $3 AND $4
            OR asked.partition = 0
               AND EXISTS (SELECT
                             FROM ca.revocation
                            WHERE crl_number IS NULL
                              AND (SELECT issuer_id
                                     FROM ca.certificate
                                    WHERE serial = revocation.serial) = $1)
            OR EXISTS (SELECT
                         FROM ca.revocation
                        WHERE revocation.partition = asked.partition
                          AND revocation.partition > 0
                          AND revocation.partition_number IS NULL
                          AND (SELECT issuer_id
                                 FROM ca.certificate
                                WHERE serial = revocation.serial) = $1)
         ORDER BY asked.partition
        """,
        issuer_id,
        at_least,
        signed_after,
        signed_before,
    )
    return [row["partition"] for row in rows]


async def list_revoked(
    connection: Connection, issuer_id: UUID, partition: int, valid_at: datetime
) -> list[Revoked]:
    """Gives the certificates that a CRL must list: not ended at `valid_at`, and every new one."""
    rows = await connection.fetch(
        """
        SELECT revocation.serial, revocation.revoked_at, revocation.reason
          FROM ca.revocation
          JOIN ca.certificate ON certificate.serial = revocation.serial
         WHERE certificate.issuer_id = $1
           AND ($3 = 0 OR revocation.partition = $3)
           AND (certificate.not_after >= $2
                OR CASE WHEN $3 = 0 THEN revocation.crl_number
                        ELSE revocation.partition_number END IS NULL)
         ORDER BY revocation.serial
        """,
        issuer_id,
        valid_at,
        partition,
    )
    return [Revoked(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class SignedCrl:
    """A CRL that an issuer has signed, and the serials that it lists."""

    issuer_id: UUID
    partition: int
    number: int
    der: bytes
    this_update: datetime
    next_update: datetime
    serials: Sequence[str]


async def add_crl(connection: Connection, crl: SignedCrl) -> None:
    """Stores a CRL with its audit event; deletes the oldest."""
    await connection.execute(
        """
        WITH stored AS (
            INSERT INTO ca.crl (issuer_id, partition, number, der, this_update, next_update)
            VALUES ($1, $8, $2, $3, $4, $5)
        ), listed AS (
            UPDATE ca.revocation
               SET crl_number = CASE WHEN $8 = 0 THEN $2 ELSE crl_number END,
                   partition_number = CASE WHEN $8 > 0 THEN $2 ELSE partition_number END
             WHERE serial = ANY ($6)
               AND CASE WHEN $8 = 0 THEN crl_number ELSE partition_number END IS NULL
        ), forgotten AS (
            DELETE FROM ca.crl
             WHERE issuer_id = $1
               AND partition = $8
               AND number <= $2 - $7
        )
        INSERT INTO audit.event (at, actor, action, subject, after)
        SELECT $4, 'gateway:crl', 'crl.signed', issuer.name,
               jsonb_build_object('number', $2::bigint, 'partition', $8::integer,
                                  'entries', cardinality($6::text[]))
          FROM ca.issuer
         WHERE issuer.id = $1
        """,
        crl.issuer_id,
        crl.number,
        crl.der,
        crl.this_update,
        crl.next_update,
        crl.serials,
        _KEPT,
        crl.partition,
    )
