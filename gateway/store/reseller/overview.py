"""Resellers as operators look at them: lists, one reseller, its ledger."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from gateway.db.pool import Connection
from gateway.store.reseller.resellers import Network

SORTED = {
    "login": "account.login",
    "balance": "account.balance",
    "status": "account.status",
    "created": "account.created_at",
}
"""Columns by which a list can be sorted."""


@dataclass(frozen=True, slots=True)
class ResellerOverview:
    """A reseller without its secrets; money is in `currency`."""

    id: UUID
    login: str
    status: str
    currency: str
    renewal_mode: str
    balance: Decimal
    credit_limit: Decimal
    tier1: str | None
    allowed_networks: list[Network]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """A movement of money; `id` grows with time."""

    id: int
    booked_at: datetime
    kind: str
    amount: Decimal
    balance_after: Decimal
    order_number: int | None
    note: str


async def search(
    connection: Connection,
    part: str | None,
    status: str | None,
    *,
    order: str,
    limit: int | None,
    offset: int,
) -> tuple[int, list[ResellerOverview]]:
    """Gives the number of resellers whose login has `part`, and some of them.

    `order` is a column of SORTED, "-" before it turns the order; None = any.
    """
    column, turned = SORTED[order.removeprefix("-")], " DESC" * order.startswith("-")
    rows = await connection.fetch(
        f"""
        SELECT account.id, account.login, account.status, account.currency,
               account.renewal_mode, account.balance, account.credit_limit,
               parent.login AS tier1, account.allowed_networks, account.created_at,
               count(*) OVER () AS total
          FROM reseller.account
          LEFT JOIN reseller.account parent ON parent.id = account.tier1_id
         WHERE ($1::text IS NULL OR strpos(lower(account.login), lower($1)) > 0)
           AND ($2::text IS NULL OR account.status = $2)
         ORDER BY {column}{turned}, account.login
         LIMIT $3
        OFFSET $4
        """,  # noqa: S608  a column of SORTED
        part,
        status,
        limit,
        offset,
    )
    found = [ResellerOverview(**dict(list(row.items())[:-1])) for row in rows]
    return (rows[0]["total"] if rows else 0), found


async def find(connection: Connection, reseller_id: UUID) -> ResellerOverview | None:
    """Finds a reseller; takes no lock."""
    row = await connection.fetchrow(
        """
        SELECT account.id, account.login, account.status, account.currency,
               account.renewal_mode, account.balance, account.credit_limit,
               parent.login AS tier1, account.allowed_networks, account.created_at
          FROM reseller.account
          LEFT JOIN reseller.account parent ON parent.id = account.tier1_id
         WHERE account.id = $1
        """,
        reseller_id,
    )
    return ResellerOverview(**row) if row else None


async def ledger_of(
    connection: Connection, reseller_id: UUID, *, older_than: int | None, limit: int
) -> list[LedgerLine]:
    """Gives the newest movements of a reseller's money; with `older_than` those before that one."""
    rows = await connection.fetch(
        """
        SELECT id, booked_at, kind, amount, balance_after, order_number, note
          FROM reseller.ledger_entry
         WHERE account_id = $1
           AND id < coalesce($2, 9223372036854775807)
         ORDER BY id DESC
         LIMIT $3
        """,
        reseller_id,
        older_than,
        limit,
    )
    return [LedgerLine(**row) for row in rows]
