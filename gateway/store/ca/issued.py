"""Certificates as operators look at them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.db.pool import Connection


@dataclass(frozen=True, slots=True)
class IssuedRow:
    """A certificate with its issuer, its owner, and its revocation if there is one.

    `kid`, `account_id` and `order_id` are those of ACME, `cert_id` that of an SSL order; a
    certificate has the one or the other. `chain` is DER, nearest first.
    """

    serial: str
    der: bytes
    names: list[str]
    not_before: datetime
    not_after: datetime
    issued_at: datetime
    withheld: bool
    key_hash: bytes
    issuer: str
    chain: list[bytes]
    reseller_id: UUID | None
    reseller: str | None
    account_id: str | None
    kid: str | None
    order_id: UUID | None
    cert_id: str | None
    subscription_ends_at: datetime | None
    revoked_at: datetime | None
    revocation_reason: int | None
    crl_number: int | None


async def find(connection: Connection, serial: str) -> IssuedRow | None:
    """Finds a certificate by its serial as stored."""
    row = await connection.fetchrow(
        """
        SELECT certificate.serial, certificate.der, certificate.names, certificate.not_before,
               certificate.not_after, certificate.issued_at, certificate.withheld,
               certificate.key_hash, issuer.name AS issuer,
               issuer.certificate || issuer.chain AS chain,
               account.id AS reseller_id, account.login AS reseller,
               certificate.account_id, owner.kid, certificate.order_id, issued.cert_id,
               subscription.expires_at AS subscription_ends_at, revocation.revoked_at,
               revocation.reason AS revocation_reason, revocation.crl_number
          FROM ca.certificate
          JOIN ca.issuer ON issuer.id = certificate.issuer_id
          LEFT JOIN acme.account owner ON owner.id = certificate.account_id
          LEFT JOIN subscription.eab_credential eab ON eab.kid = owner.kid
          LEFT JOIN ssl.issued ON issued.serial = certificate.serial
          LEFT JOIN ssl."order" placed ON placed.cert_id = issued.cert_id
          LEFT JOIN reseller.account
            ON account.id = coalesce(eab.reseller_id, placed.reseller_id)
          LEFT JOIN subscription.subscription
            ON subscription.kid = owner.kid AND subscription.superseded_at IS NULL
          LEFT JOIN ca.revocation ON revocation.serial = certificate.serial
         WHERE certificate.serial = $1
        """,
        serial,
    )
    return IssuedRow(**row) if row else None
