"""Certificates that can still be revoked: not revoked, and not ended; by what they have in common.

Each function gives their serials in order, at most `limit` of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.db.pool import Connection


@dataclass(frozen=True, slots=True)
class RevocableCertificate:
    """One of them, for people to look at."""

    serial: str
    names: list[str]
    not_after: datetime


async def of_name(connection: Connection, name: str, now: datetime, limit: int) -> list[str]:
    """Gives those that list a name, which may be a wildcard."""
    rows = await connection.fetch(
        """
        SELECT certificate.serial
          FROM (SELECT certificate.serial
                  FROM acme.order_identifier identifier
                  JOIN ca.certificate ON certificate.order_id = identifier.order_id
                 WHERE identifier.name = $1
                 UNION
                SELECT issued.serial
                  FROM ssl.proof
                  JOIN ssl.issued ON issued.application_id = proof.application_id
                 WHERE proof.name = $1
                   AND proof.proven_at IS NOT NULL) AS named
          JOIN ca.certificate ON certificate.serial = named.serial
         WHERE certificate.not_after >= $2
           AND certificate.names @> ARRAY[$1]
           AND NOT EXISTS (SELECT
                             FROM ca.revocation
                            WHERE revocation.serial = certificate.serial)
         ORDER BY certificate.serial
         LIMIT $3
        """,
        name,
        now,
        limit,
    )
    return [row["serial"] for row in rows]


async def of_key(connection: Connection, key_hash: bytes, now: datetime, limit: int) -> list[str]:
    """Gives those of a key; `key_hash` is the SHA-256 of its SubjectPublicKeyInfo."""
    rows = await connection.fetch(
        """
        SELECT serial
          FROM ca.certificate
         WHERE key_hash = $1
           AND not_after >= $2
           AND NOT EXISTS (SELECT
                             FROM ca.revocation
                            WHERE revocation.serial = certificate.serial)
         ORDER BY serial
         LIMIT $3
        """,
        key_hash,
        now,
        limit,
    )
    return [row["serial"] for row in rows]


async def of_account(
    connection: Connection, account_id: str, now: datetime, limit: int
) -> list[str]:
    """Gives those that an ACME account ordered."""
    rows = await connection.fetch(
        """
        SELECT serial
          FROM ca.certificate
         WHERE account_id = $1
           AND not_after >= $2
           AND NOT EXISTS (SELECT
                             FROM ca.revocation
                            WHERE revocation.serial = certificate.serial)
         ORDER BY serial
         LIMIT $3
        """,
        account_id,
        now,
        limit,
    )
    return [row["serial"] for row in rows]


async def of_credential(connection: Connection, kid: str, now: datetime, limit: int) -> list[str]:
    """Gives those that the accounts of an EAB credential ordered."""
    rows = await connection.fetch(
        """
        SELECT certificate.serial
          FROM acme.account
          JOIN ca.certificate ON certificate.account_id = account.id
         WHERE account.kid = $1
           AND certificate.not_after >= $2
           AND NOT EXISTS (SELECT
                             FROM ca.revocation
                            WHERE revocation.serial = certificate.serial)
         ORDER BY certificate.serial
         LIMIT $3
        """,
        kid,
        now,
        limit,
    )
    return [row["serial"] for row in rows]


async def of_list(connection: Connection, bulk_id: UUID, now: datetime, limit: int) -> list[str]:
    """Gives those that stand in the list of a bulk revocation."""
    rows = await connection.fetch(
        """
        SELECT certificate.serial
          FROM operation.bulk_revocation_item item
          JOIN ca.certificate ON certificate.serial = item.serial
         WHERE item.bulk_revocation_id = $1
           AND certificate.not_after >= $2
           AND NOT EXISTS (SELECT
                             FROM ca.revocation
                            WHERE revocation.serial = certificate.serial)
         ORDER BY certificate.serial
         LIMIT $3
        """,
        bulk_id,
        now,
        limit,
    )
    return [row["serial"] for row in rows]


async def with_companions(
    connection: Connection, serials: Sequence[str], now: datetime, *, keys: bool, limit: int
) -> list[str]:
    """Gives these and what is revoked with them: of the same SSL order; with `keys`, of their keys.

    It takes one step: what only a companion brings along is not in it.
    """
    rows = await connection.fetch(
        """
        SELECT certificate.serial
          FROM (SELECT unnest($1::text[]) AS serial
                 UNION
                SELECT same_order.serial
                  FROM ssl.issued
                  JOIN ssl.issued same_order ON same_order.cert_id = issued.cert_id
                 WHERE issued.serial = ANY ($1)
                 UNION
                SELECT same_key.serial
                  FROM ca.certificate
                  JOIN ca.certificate same_key ON same_key.key_hash = certificate.key_hash
                 WHERE certificate.serial = ANY ($1)
                   AND $3) AS wanted
          JOIN ca.certificate ON certificate.serial = wanted.serial
         WHERE certificate.not_after >= $2
           AND NOT EXISTS (SELECT
                             FROM ca.revocation
                            WHERE revocation.serial = certificate.serial)
         ORDER BY certificate.serial
         LIMIT $4
        """,
        list(serials),
        now,
        keys,
        limit,
    )
    return [row["serial"] for row in rows]


async def shown(connection: Connection, serials: Sequence[str]) -> list[RevocableCertificate]:
    """Gives what people want to see of certificates, in the order of their serials."""
    rows = await connection.fetch(
        """
        SELECT serial, names, not_after
          FROM ca.certificate
         WHERE serial = ANY ($1)
         ORDER BY serial
        """,
        list(serials),
    )
    return [RevocableCertificate(**row) for row in rows]
