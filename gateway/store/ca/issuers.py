"""Issuing CAs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.db.pool import Connection, Pool
from gateway.errors import ConfigurationError


class Registrable(Protocol):
    """An issuer as stored; `chain_pem` begins with its own certificate."""

    id: UUID
    name: str

    def chain_pem(self) -> bytes: ...


async def register(pool: Pool, issuer: Registrable) -> None:
    """Registers an issuer before it signs; doing so again changes nothing.

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


@dataclass(frozen=True, slots=True)
class IssuerRow:
    """An issuer; `certificate` is DER."""

    id: UUID
    name: str
    certificate: bytes
    chains: list[list[bytes]]
    """The alternate chains, by their number."""


async def lock(connection: Connection, name: str) -> IssuerRow | None:
    """Locks an issuer: nobody adds a chain until the transaction ends."""
    row = await connection.fetchrow(
        """
        SELECT id, name, certificate
          FROM ca.issuer
         WHERE name = $1
           FOR NO KEY UPDATE
        """,
        name,
    )
    if row is None:
        return None
    chains = await connection.fetch(
        """
        SELECT certificates
          FROM ca.alternate_chain
         WHERE issuer_id = $1
         ORDER BY number
        """,
        row["id"],
    )
    return IssuerRow(**row, chains=[chain["certificates"] for chain in chains])


async def add_chain(
    connection: Connection, issuer_id: UUID, number: int, chain: Sequence[bytes], now: datetime
) -> None:
    """Adds a chain from the issuer's certificates to a root; DER, nearest first."""
    await connection.execute(
        """
        INSERT INTO ca.alternate_chain (issuer_id, number, certificates, added_at)
        VALUES ($1, $2, $3, $4)
        """,
        issuer_id,
        number,
        list(chain),
        now,
    )
