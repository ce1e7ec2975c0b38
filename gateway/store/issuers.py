"""Issuing CAs."""

from typing import Protocol
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.db.pool import Pool
from gateway.errors import ConfigurationError


class Registrable(Protocol):
    """What is stored of an issuer; `chain_pem` begins with its own certificate."""

    id: UUID
    name: str

    def chain_pem(self) -> bytes: ...


async def register(pool: Pool, issuer: Registrable) -> None:
    """Makes an issuer known before it signs; doing so again changes nothing.

    It counts as created when its certificate begins. Raises ConfigurationError when the database
    knows another issuer by this name.
    """
    certificates = x509.load_pem_x509_certificates(issuer.chain_pem())
    issuing, *chain = [certificate.public_bytes(Encoding.DER) for certificate in certificates]
    await pool.execute(
        """
        WITH added AS (
            INSERT INTO ca.issuer (id, name, certificate, chain, created_at)
            VALUES ($1, $2, $3, $4, $5)
                ON CONFLICT DO NOTHING
            RETURNING name, created_at
        )
        INSERT INTO audit.event (at, actor, action, subject)
        SELECT created_at, 'gateway:ca', 'issuer.registered', name
          FROM added
        """,
        issuer.id,
        issuer.name,
        issuing,
        chain,
        certificates[0].not_valid_before_utc,
    )
    known = await pool.fetchval(
        """
        SELECT id
          FROM ca.issuer
         WHERE name = $1
        """,
        issuer.name,
    )
    if known != issuer.id:
        raise ConfigurationError(
            f"the database knows another CA named {issuer.name!r}: give this node a copy of that "
            "CA's directory (ca.directory), or restore it from a backup"
        )
