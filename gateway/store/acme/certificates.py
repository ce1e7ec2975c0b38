"""Certificates for download, revocation and renewal information."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from gateway.db.batching import Batched
from gateway.db.pool import Connection, Pool, Record, fetch_one
from gateway.store.acme.admission import Admission, Ticket, admission_of, columns_of


class Download(Struct, frozen=True):
    """A certificate for download: DER of the leaf, and of the chain that is sent with it."""

    leaf: bytes
    chain: list[bytes]
    alternates: int
    """The number of alternate chains."""


@Batched
async def read(
    pool: Pool | Connection, asked: Sequence[tuple[Ticket, UUID, int]]
) -> dict[int, tuple[Admission, Download | None]]:
    """Admits a request; gives the certificate of one of the signer's orders (RFC 8555 §7.4.2).

    The last argument is the chain: 0 = the usual one, otherwise the number of an alternate. None
    when the certificate or the chain does not exist.
    """
    tickets, order_ids, chains = zip(*asked, strict=True)
    rows = await pool.fetch(
        """
        SELECT asked.position, asked.nonce_fresh, signer.*, certificate.der,
               CASE WHEN asked.chain = 0 THEN issuer.certificate || issuer.chain
                    ELSE (SELECT certificates
                            FROM ca.alternate_chain
                           WHERE issuer_id = issuer.id AND number = asked.chain) END AS chain,
               (SELECT count(*)
                  FROM ca.alternate_chain
                 WHERE issuer_id = issuer.id) AS alternates
          FROM unnest(acme.burn_nonces($1, $2), $3::text[], $4::uuid[], $5::integer[])
               WITH ORDINALITY AS asked (nonce_fresh, account_id, order_id, chain, position)
          CROSS JOIN LATERAL (
                SELECT * FROM acme.signer WHERE signer.account_id = asked.account_id OFFSET 0
               ) signer
          LEFT JOIN LATERAL (
                SELECT der, issuer_id
                  FROM ca.certificate
                 WHERE certificate.order_id = asked.order_id
                   AND certificate.account_id = asked.account_id
                   AND NOT certificate.withheld
                OFFSET 0
               ) certificate
            ON true
          LEFT JOIN LATERAL (
                SELECT * FROM ca.issuer WHERE issuer.id = certificate.issuer_id OFFSET 0
               ) issuer
            ON true
        """,
        *columns_of(tickets),
        order_ids,
        chains,
    )
    return {row["position"]: (admission_of(row), _download_of(row)) for row in rows}


def _download_of(row: Record) -> Download | None:
    if row["der"] is None or row["chain"] is None:
        return None
    return Download(row["der"], row["chain"], row["alternates"])


@dataclass(frozen=True, slots=True)
class IssuedCertificate:
    """A certificate to be revoked, and whether the asking account has the right to."""

    serial: str
    der: bytes
    key_hash: bytes
    signer_may_revoke: bool


async def find_for_account(
    pool: Pool, ticket: Ticket, serial: str, server_id: UUID, now: datetime
) -> tuple[Admission, IssuedCertificate | None]:
    """Admits a request; gives a certificate of a server (RFC 8555 §7.6).

    The account that ordered it may revoke it, and one with valid authorizations for all names.
    """
    row = await fetch_one(
        pool,
        """
          WITH burnt AS MATERIALIZED (SELECT acme.burn_nonce($1, $2) AS nonce_fresh)
        SELECT burnt.nonce_fresh, signer.*, found.serial, found.der, found.key_hash,
               found.ordered_by = signer.account_id
               OR NOT EXISTS (
                    SELECT
                      FROM unnest(found.names) AS item (name)
                     WHERE NOT EXISTS (
                            SELECT
                              FROM acme.authorization held
                             WHERE held.account_id = signer.account_id
                               AND held.name = regexp_replace(item.name, '^[*][.]', '')
                               AND held.wildcard = starts_with(item.name, '*.')
                               AND held.status = 'valid'
                               AND held.expires_at >= $5)) AS signer_may_revoke
          FROM burnt
          CROSS JOIN acme.signer
          LEFT JOIN (
                SELECT certificate.serial, certificate.der, certificate.key_hash,
                       certificate.names, certificate.account_id AS ordered_by, owner.server_id
                  FROM ca.certificate
                  JOIN acme.account owner ON owner.id = certificate.account_id
                 WHERE NOT certificate.withheld
               ) found
            ON found.serial = $4 AND found.server_id = $6
         WHERE signer.account_id = $3
        """,
        ticket.nonce,
        ticket.epoch,
        ticket.account_id,
        serial,
        now,
        server_id,
    )
    if row["serial"] is None:
        return admission_of(row), None
    return admission_of(row), IssuedCertificate(
        row["serial"], row["der"], row["key_hash"], row["signer_may_revoke"]
    )


async def find(pool: Pool, serial: str, server_id: UUID) -> IssuedCertificate | None:
    """Gives a certificate of a server, for whoever has its key."""
    row = await pool.fetchrow(
        """
        SELECT certificate.serial, certificate.der, certificate.key_hash,
               true AS signer_may_revoke
          FROM ca.certificate
          JOIN acme.account owner ON owner.id = certificate.account_id
         WHERE certificate.serial = $1
           AND owner.server_id = $2
           AND NOT certificate.withheld
        """,
        serial,
        server_id,
    )
    return IssuedCertificate(**row) if row else None


async def serials_of_key(connection: Connection, key_hash: bytes, now: datetime) -> list[str]:
    """Gives the serials of all certificates of a key that have not ended."""
    rows = await connection.fetch(
        """
        SELECT serial
          FROM ca.certificate
         WHERE key_hash = $1 AND not_after >= $2
         ORDER BY serial
        """,
        key_hash,
        now,
    )
    return [row["serial"] for row in rows]


async def serials_sharing_keys(
    connection: Connection, serials: Sequence[str], now: datetime
) -> list[str]:
    """Gives serials of all certificates that have the key of any of these and have not ended."""
    rows = await connection.fetch(
        """
        SELECT serial
          FROM ca.certificate
         WHERE key_hash IN (SELECT key_hash
                              FROM ca.certificate
                             WHERE serial = ANY ($1))
           AND not_after >= $2
         ORDER BY serial
        """,
        list(serials),
        now,
    )
    return [row["serial"] for row in rows]


async def serials_for_names(
    connection: Connection, kid: str, names: Sequence[str], since: datetime, now: datetime
) -> list[str]:
    """Gives serials of a credential's certificates for any of `names`: issued since, not ended."""
    rows = await connection.fetch(
        """
        SELECT DISTINCT certificate.serial
          FROM acme.order_identifier identifier
          JOIN ca.certificate ON certificate.order_id = identifier.order_id
          JOIN acme.account ON account.id = certificate.account_id
         WHERE identifier.name = ANY ($2)
           AND account.kid = $1
           AND certificate.issued_at >= $3
           AND certificate.not_after >= $4
         ORDER BY certificate.serial
        """,
        kid,
        names,
        since,
        now,
    )
    return [row["serial"] for row in rows]


@dataclass(frozen=True, slots=True)
class Renewable:
    """What renewal information depends on."""

    kid: str
    der: bytes
    names: list[str]
    not_before: datetime
    not_after: datetime
    revoked_at: datetime | None
    gate_closes_at: datetime | None


async def find_renewable(pool: Pool, server_id: UUID, serial: str) -> Renewable | None:
    """Gives a server's certificate, with the end of the subscription that its account has now.

    On OV servers a pre-validation of one of its names may end before that.
    """
    row = await pool.fetchrow(
        """
        SELECT account.kid, certificate.der, certificate.names,
               certificate.not_before, certificate.not_after, revocation.revoked_at,
               least(subscription.expires_at,
                     (SELECT min(link.expires_at)
                        FROM organization.link
                       WHERE link.subscription_id = subscription.id
                         AND link.name = ANY (certificate.names))) AS gate_closes_at
          FROM ca.certificate
          JOIN acme.account ON account.id = certificate.account_id
          LEFT JOIN ca.revocation ON revocation.serial = certificate.serial
          LEFT JOIN subscription.subscription
            ON subscription.kid = account.kid AND subscription.superseded_at IS NULL
         WHERE certificate.serial = $1
           AND account.server_id = $2
           AND NOT certificate.withheld
        """,
        serial,
        server_id,
    )
    return Renewable(**row) if row else None


async def is_replaced(pool: Pool, kid: str, certificate_id: str, now: datetime) -> bool:
    """Whether an order of the same EAB credential that is not invalid replaces the certificate."""
    replaced: bool = await pool.fetchval(
        """
        SELECT EXISTS (
               SELECT
                 FROM acme."order" placed
                 JOIN acme.account ON account.id = placed.account_id
                WHERE placed.replaces = $1
                  AND account.kid = $2
                  AND (placed.status IN ('processing', 'valid')
                       OR placed.status IN ('pending', 'ready') AND placed.expires_at >= $3))
        """,
        certificate_id,
        kid,
        now,
    )
    return replaced
