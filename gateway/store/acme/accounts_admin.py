"""ACME accounts and EAB credentials as their reseller sees and manages them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface
from uuid import UUID

from gateway.db.pool import Connection


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account with its credential; values that only a client sends are None until one did."""

    id: str
    status: str
    suspended: bool
    kid: str
    encrypted_mac_key: bytes
    contacts: list[str]
    user_agent: str | None
    ip_address: IPv4Address | IPv6Address | IPv4Interface | IPv6Interface | None
    account_last_activity: datetime | None
    eab_last_activity: datetime | None


@dataclass(frozen=True, slots=True)
class BindingRow:
    """A credential as LISTBINDINGS shows it."""

    kid: str
    encrypted_mac_key: bytes
    reusable: bool
    last_activity: datetime | None


@dataclass(frozen=True, slots=True)
class AccountState:
    """The state of an account, on which SUSPENDACCOUNT and the like decide."""

    id: str
    status: str
    suspended: bool


@dataclass(frozen=True, slots=True)
class CredentialState:
    """The state of an EAB credential, as AccountState."""

    kid: str
    status: str
    suspended: bool


async def list_accounts(
    connection: Connection,
    reseller_id: UUID,
    *,
    account_id: str | None,
    kid: str | None,
    limit: int | None,
    offset: int,
) -> list[AccountRow]:
    """Gives the accounts of a reseller, oldest first; `account_id` and `kid` narrow the list."""
    rows = await connection.fetch(
        """
        SELECT account.id, account.status, account.suspended, eab.kid, eab.encrypted_mac_key,
               account.contacts, account.user_agent, account.ip_address,
               account.last_activity AS account_last_activity,
               eab.last_activity AS eab_last_activity
          FROM subscription.eab_credential eab
          JOIN acme.account USING (kid)
         WHERE eab.reseller_id = $1
           AND ($2::text IS NULL OR account.id = $2)
           AND ($3::text IS NULL OR eab.kid = $3)
         ORDER BY account.created_at, account.id
         LIMIT $4
        OFFSET $5
        """,
        reseller_id,
        account_id,
        kid,
        limit,
        offset,
    )
    return [AccountRow(**row) for row in rows]


async def list_bindings(connection: Connection, reseller_id: UUID) -> list[BindingRow]:
    """Gives a reseller's credentials, oldest first; a deactivated one registers no accounts."""
    rows = await connection.fetch(
        """
        SELECT kid, encrypted_mac_key, reusable AND status = 'active' AS reusable, last_activity
          FROM subscription.eab_credential
         WHERE reseller_id = $1
         ORDER BY created_at, kid
        """,
        reseller_id,
    )
    return [BindingRow(**row) for row in rows]


async def owns_credential(connection: Connection, reseller_id: UUID, kid: str) -> bool:
    return bool(
        await connection.fetchval(
            """
            SELECT EXISTS (
                SELECT FROM subscription.eab_credential
                 WHERE kid = $1
                   AND reseller_id = $2)
            """,
            kid,
            reseller_id,
        )
    )


async def lock_all_for_change(connection: Connection, reseller_id: UUID) -> list[str]:
    """Does eab_credentials.lock_for_change for every credential of a reseller, in kid order."""
    rows = await connection.fetch(
        """
        WITH locked AS (
            SELECT kid
              FROM subscription.eab_credential
             WHERE reseller_id = $1
             ORDER BY kid
               FOR UPDATE
        )
        UPDATE subscription.eab_credential eab
           SET version = version + 1
          FROM locked
         WHERE eab.kid = locked.kid
        RETURNING eab.kid
        """,
        reseller_id,
    )
    return [row["kid"] for row in rows]


async def states_of(
    connection: Connection, kids: Sequence[str]
) -> tuple[list[CredentialState], list[AccountState]]:
    """Gives the credentials and all their accounts; call it with the credentials locked."""
    credentials = await connection.fetch(
        """
        SELECT kid, status, suspended
          FROM subscription.eab_credential
         WHERE kid = ANY ($1)
         ORDER BY kid
        """,
        kids,
    )
    accounts = await connection.fetch(
        """
        SELECT id, status, suspended
          FROM acme.account
         WHERE kid = ANY ($1)
         ORDER BY id
        """,
        kids,
    )
    return (
        [CredentialState(**row) for row in credentials],
        [AccountState(**row) for row in accounts],
    )


async def set_states(
    connection: Connection,
    credentials: Sequence[CredentialState],
    accounts: Sequence[AccountState],
) -> None:
    """Writes new states of credentials and accounts."""
    await connection.execute(
        """
        WITH credential AS (
            UPDATE subscription.eab_credential eab
               SET status = wanted.status,
                   suspended = wanted.suspended
              FROM unnest($1::text[], $2::text[], $3::boolean[])
                   AS wanted (kid, status, suspended)
             WHERE eab.kid = wanted.kid
        )
        UPDATE acme.account
           SET status = wanted.status,
               suspended = wanted.suspended
          FROM unnest($4::text[], $5::text[], $6::boolean[]) AS wanted (id, status, suspended)
         WHERE account.id = wanted.id
        """,
        [credential.kid for credential in credentials],
        [credential.status for credential in credentials],
        [credential.suspended for credential in credentials],
        [account.id for account in accounts],
        [account.status for account in accounts],
        [account.suspended for account in accounts],
    )
