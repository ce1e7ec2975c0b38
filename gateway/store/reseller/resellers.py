"""Resellers: who may log in, their money settings and their prices."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network
from uuid import UUID

from gateway.db.pool import Connection

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class ResellerSummary:
    """What an operator sees in a list; `balance` is in `currency`."""

    login: str
    balance: Decimal
    currency: str
    renewal_mode: str


@dataclass(frozen=True, slots=True)
class Reseller:
    """A row of reseller.account without its secrets; `tier1_login` is None without a parent."""

    id: UUID
    login: str
    status: str
    currency: str
    renewal_mode: str
    balance: Decimal
    credit_limit: Decimal
    tier1_id: UUID | None
    tier1_login: str | None
    allowed_networks: list[Network]
    has_children: bool


@dataclass(frozen=True, slots=True)
class NewReseller:
    """A reseller to be stored: active, without money, credit or a parent."""

    id: UUID
    login: str
    password_hash: str = field(repr=False)
    currency: str
    renewal_mode: str


@dataclass(frozen=True, slots=True)
class ResellerSettings:
    """An operator's settings of a reseller; `allowed_networks` [] = any."""

    renewal_mode: str
    credit_limit: Decimal
    tier1_id: UUID | None
    allowed_networks: Sequence[Network]
    status: str


async def add(connection: Connection, reseller: NewReseller, created_at: datetime) -> None:
    """Adds a reseller; raises asyncpg.UniqueViolationError when the login is taken."""
    await connection.execute(
        """
        INSERT INTO reseller.account
               (id, login, password_hash, currency, renewal_mode, created_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        reseller.id,
        reseller.login,
        reseller.password_hash,
        reseller.currency,
        reseller.renewal_mode,
        created_at,
    )


async def list_summaries(connection: Connection) -> list[ResellerSummary]:
    """Gives all resellers by login."""
    rows = await connection.fetch(
        """
        SELECT login, balance, currency, renewal_mode
          FROM reseller.account
         ORDER BY login
        """
    )
    return [ResellerSummary(**row) for row in rows]


async def exists(connection: Connection, login: str) -> bool:
    """Is there a reseller of that login?"""
    return bool(
        await connection.fetchval(
            "SELECT EXISTS (SELECT FROM reseller.account WHERE login = $1)", login
        )
    )


async def lock_by_login(connection: Connection, login: str) -> Reseller | None:
    """Gives the reseller, its row locked until the transaction ends."""
    row = await connection.fetchrow(
        """
        SELECT account.id, account.login, account.status, account.currency,
               account.renewal_mode, account.balance, account.credit_limit, account.tier1_id,
               (SELECT parent.login
                  FROM reseller.account parent
                 WHERE parent.id = account.tier1_id) AS tier1_login,
               account.allowed_networks,
               EXISTS (SELECT FROM reseller.account child
                        WHERE child.tier1_id = account.id) AS has_children
          FROM reseller.account
         WHERE account.login = $1
           FOR NO KEY UPDATE
        """,
        login,
    )
    return Reseller(**row) if row else None


async def update(connection: Connection, reseller_id: UUID, settings: ResellerSettings) -> None:
    """Updates the settings.

    Raises asyncpg.CheckViolationError when the debt is above the new credit limit.
    """
    await connection.execute(
        """
        UPDATE reseller.account
           SET renewal_mode = $2,
               credit_limit = $3,
               tier1_id = $4,
               allowed_networks = $5,
               status = $6
         WHERE id = $1
        """,
        reseller_id,
        settings.renewal_mode,
        settings.credit_limit,
        settings.tier1_id,
        settings.allowed_networks,
        settings.status,
    )


async def set_password_hash(connection: Connection, reseller_id: UUID, password_hash: str) -> None:
    """Sets a new password; this also lifts a lock of failed logins."""
    await connection.execute(
        """
        UPDATE reseller.account
           SET password_hash = $2,
               failed_logins = 0,
               locked_until = NULL
         WHERE id = $1
        """,
        reseller_id,
        password_hash,
    )


async def book_deposit(
    connection: Connection, reseller_id: UUID, amount: Decimal, now: datetime, note: str
) -> Decimal:
    """Enters a deposit in the ledger; gives the balance after it.

    Raises asyncpg.NumericValueOutOfRangeError when the balance would grow too large to store.
    """
    balance: Decimal = await connection.fetchval(
        """
        INSERT INTO reseller.ledger_entry
               (account_id, amount, balance_after, kind, booked_at, note)
        VALUES ($1, $2, 0, 'deposit', $3, $4)
        RETURNING balance_after
        """,
        reseller_id,
        amount,
        now,
        note,
    )
    return balance
