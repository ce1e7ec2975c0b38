"""EAB credentials. Locking a row protects all that belongs to it (then reseller, Tier-1)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.db.pool import Connection, Pool


@dataclass(frozen=True, slots=True)
class EabCredential:
    """A row of subscription.eab_credential with settings of its server."""

    kid: str
    reseller_id: UUID
    server_id: UUID
    validation: str
    encrypted_mac_key: bytes
    reusable: bool
    status: str
    suspended: bool
    term_days: int
    version: int
    last_activity: datetime | None
    server_name: str
    server_names: str
    """Which names may be bought: `public` or `any`."""


@dataclass(frozen=True, slots=True)
class NewEabCredential:
    """A credential to be stored: active, and never used."""

    kid: str
    reseller_id: UUID
    server_id: UUID
    encrypted_mac_key: bytes
    term_days: int


async def add(connection: Connection, credential: NewEabCredential, created_at: datetime) -> None:
    """Stores a new credential together with its first, pending ACME account of the same id."""
    await connection.execute(
        """
        WITH credential AS (
            INSERT INTO subscription.eab_credential
                (kid, reseller_id, server_id, encrypted_mac_key, term_days, created_at)
            VALUES ($1, $2, $3, $4, $5, $6)
            RETURNING kid, server_id, created_at
        )
        INSERT INTO acme.account (id, kid, server_id, status, created_at)
        SELECT kid, kid, server_id, 'pending', created_at FROM credential
        """,
        credential.kid,
        credential.reseller_id,
        credential.server_id,
        credential.encrypted_mac_key,
        credential.term_days,
        created_at,
    )


async def find_by_account(
    connection: Connection, account_id: str, reseller_id: UUID
) -> EabCredential | None:
    """Finds the credential of an ACME account, if both belong to the reseller; takes no lock."""
    row = await connection.fetchrow(
        """
        SELECT eab.kid, eab.reseller_id, eab.server_id, server.validation, eab.encrypted_mac_key,
               eab.reusable, eab.status, eab.suspended, eab.term_days, eab.version,
               eab.last_activity, server.name AS server_name,
               server.names AS server_names
          FROM acme.account
          JOIN subscription.eab_credential eab USING (kid)
          JOIN acme.server ON server.id = eab.server_id
         WHERE account.id = $1 AND eab.reseller_id = $2
        """,
        account_id,
        reseller_id,
    )
    return EabCredential(**row) if row else None


async def find_mac_key(connection: Connection | Pool, server_id: UUID, kid: str) -> bytes | None:
    """Finds the encrypted MAC key of a server's credential, in any state; takes no lock."""
    encrypted: bytes | None = await connection.fetchval(
        """
        SELECT encrypted_mac_key
          FROM subscription.eab_credential
         WHERE kid = $1 AND server_id = $2
        """,
        kid,
        server_id,
    )
    return encrypted


async def find_own_mac_key(connection: Connection, reseller_id: UUID, kid: str) -> bytes | None:
    """Finds the encrypted MAC key of a reseller's credential, in any state; takes no lock."""
    encrypted: bytes | None = await connection.fetchval(
        """
        SELECT encrypted_mac_key
          FROM subscription.eab_credential
         WHERE kid = $1 AND reseller_id = $2
        """,
        kid,
        reseller_id,
    )
    return encrypted


async def lock_for_change(connection: Connection, kid: str) -> EabCredential:
    """Locks the credential exclusively and raises its version.

    Every use case that changes the credential, its accounts, its subscription or its names calls
    this first; finalize compares the version under a share lock, so no change slips past it.
    """
    row = await connection.fetchrow(
        """
        UPDATE subscription.eab_credential eab
           SET version = version + 1
          FROM acme.server
         WHERE eab.kid = $1 AND server.id = eab.server_id
        RETURNING eab.kid, eab.reseller_id, eab.server_id, server.validation,
                  eab.encrypted_mac_key, eab.reusable, eab.status, eab.suspended, eab.term_days,
                  eab.version, eab.last_activity, server.name AS server_name,
               server.names AS server_names
        """,
        kid,
    )
    if row is None:
        raise LookupError(kid)
    return EabCredential(**row)
