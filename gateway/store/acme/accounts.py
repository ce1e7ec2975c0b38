"""ACME accounts, as their clients see them (RFC 8555 §7.1.2)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from gateway.db.pool import Connection, Pool, Record, fetch_one
from gateway.store.acme.admission import Admission, Ticket, admission_of


@dataclass(frozen=True, slots=True)
class Account:
    """What an account object shows."""

    id: str
    status: str
    contacts: list[str]
    agreed_terms: str | None
    external_account_binding: dict[str, str] | None
    """The flattened JWS that the client registered with; None if that was not stored then."""


@dataclass(frozen=True, slots=True)
class StoredKey:
    """The key that an account signs with, for the per-process cache."""

    server_id: UUID
    jwk: dict[str, Any]
    version: int


class Client(Struct, frozen=True):
    """The client of an account, as LISTACCOUNTS shows it."""

    user_agent: str | None
    address: str | None


@dataclass(frozen=True, slots=True)
class Registered:
    """An account with the key that a client has just bound to it."""

    account_id: str
    kid: str
    server_id: UUID
    jwk: dict[str, Any]
    thumbprint: str
    contacts: list[str]
    agreed_terms: str | None
    client: Client
    at: datetime
    external_account_binding: dict[str, str]

    def columns(self) -> tuple[Any, ...]:
        """The values $1 to $11 of the statements that store it."""
        return (
            self.account_id,
            self.kid,
            self.server_id,
            self.jwk,
            self.thumbprint,
            self.contacts,
            self.agreed_terms,
            self.client.user_agent,
            self.client.address,
            self.at,
            self.external_account_binding,
        )


async def find_key(pool: Pool, account_id: str) -> StoredKey | None:
    """Gives the account's current key; None for unknown and pending accounts."""
    row = await pool.fetchrow(
        """
        SELECT server_id, jwk, key_version AS version
          FROM acme.account
         WHERE id = $1 AND jwk IS NOT NULL
        """,
        account_id,
    )
    return StoredKey(**row) if row else None


async def find_by_thumbprint(
    connection: Connection | Pool, server_id: UUID, thumbprint: str
) -> Account | None:
    """Finds the account that a key belongs to on this server."""
    row = await connection.fetchrow(
        """
        SELECT id, status, contacts, agreed_terms, external_account_binding
          FROM acme.account
         WHERE server_id = $1 AND thumbprint = $2
        """,
        server_id,
        thumbprint,
    )
    return Account(**row) if row else None


async def standing_of(connection: Connection, account_id: str) -> tuple[str, bool]:
    """Gives status and suspension of an account whose credential is locked."""
    row = await fetch_one(
        connection,
        """
        SELECT status, suspended
          FROM acme.account
         WHERE id = $1
        """,
        account_id,
    )
    return row["status"], row["suspended"]


async def complete_pending(connection: Connection, made: Registered) -> None:
    """Binds a key to a pre-registered account.

    Raises asyncpg.UniqueViolationError for a key that is known already.
    """
    await connection.execute(
        """
        UPDATE acme.account
           SET status = 'valid', jwk = $4, thumbprint = $5, contacts = $6, agreed_terms = $7,
               user_agent = $8, ip_address = $9::text::inet, last_activity = $10,
               external_account_binding = $11
         WHERE id = $1 AND kid = $2 AND server_id = $3 AND status = 'pending'
        """,
        *made.columns(),
    )


async def add(connection: Connection, made: Registered) -> None:
    """Adds an account under a credential; raises asyncpg.UniqueViolationError for a known key."""
    await connection.execute(
        """
        INSERT INTO acme.account
            (id, kid, server_id, status, jwk, thumbprint, contacts, agreed_terms,
             user_agent, ip_address, last_activity, created_at, external_account_binding)
        VALUES ($1, $2, $3, 'valid', $4, $5, $6, $7, $8, $9::text::inet, $10, $10, $11)
        """,
        *made.columns(),
    )


async def read(pool: Pool, ticket: Ticket) -> tuple[Admission, Account]:
    """Admits a request and reads the signer's own account."""
    row = await fetch_one(
        pool,
        """
        SELECT acme.burn_nonce($1, $2) AS nonce_fresh, signer.*,
               account.id, account.status, account.contacts, account.agreed_terms,
               account.external_account_binding
          FROM acme.signer
          JOIN acme.account ON account.id = signer.account_id
         WHERE signer.account_id = $3
        """,
        ticket.nonce,
        ticket.epoch,
        ticket.account_id,
    )
    return admission_of(row), _account_of(row)


async def read_for_change(connection: Connection, account_id: str) -> tuple[str, Account]:
    """Reads an account and the EAB key id to lock for its change; inside a transaction."""
    row = await fetch_one(
        connection,
        """
        SELECT kid, id, status, contacts, agreed_terms, external_account_binding
          FROM acme.account
         WHERE id = $1
        """,
        account_id,
    )
    return row["kid"], _account_of(row)


async def update(
    connection: Connection,
    account_id: str,
    *,
    status: str,
    contacts: list[str],
    agreed_terms: str | None,
) -> Account:
    """Writes what a client may change of its account (RFC 8555 §7.3.2, §7.3.6)."""
    row = await fetch_one(
        connection,
        """
        UPDATE acme.account
           SET status = $2, contacts = $3, agreed_terms = $4
         WHERE id = $1
        RETURNING id, status, contacts, agreed_terms, external_account_binding
        """,
        account_id,
        status,
        contacts,
        agreed_terms,
    )
    return _account_of(row)


async def change_key(
    connection: Connection, account_id: str, version: int, jwk: dict[str, Any], thumbprint: str
) -> bool:
    """Changes the account's key; False when it is no longer the one of `version` (RFC 8555 §7.3.5).

    Raises asyncpg.UniqueViolationError when an account of the server has the key.
    """
    row = await connection.fetchrow(
        """
        UPDATE acme.account
           SET jwk = $3, thumbprint = $4, key_version = key_version + 1
         WHERE id = $1 AND key_version = $2
        RETURNING id
        """,
        account_id,
        version,
        jwk,
        thumbprint,
    )
    return row is not None


async def find_owner(pool: Pool, account_id: str, thumbprint: str) -> str:
    """Finds the account that has a key, on the server of `account_id`."""
    row = await fetch_one(
        pool,
        """
        SELECT owner.id
          FROM acme.account
          JOIN acme.account owner USING (server_id)
         WHERE account.id = $1 AND owner.thumbprint = $2
        """,
        account_id,
        thumbprint,
    )
    owner: str = row["id"]
    return owner


def _account_of(row: Record) -> Account:
    return Account(
        row["id"],
        row["status"],
        row["contacts"],
        row["agreed_terms"],
        row["external_account_binding"],
    )
