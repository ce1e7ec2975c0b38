"""Purchases, and the ledger entries that move money for them.

Inserting into reseller.ledger_entry moves the balance (trigger); nothing else may.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from gateway.db.pool import Connection, Pool


@dataclass(frozen=True, slots=True)
class Funds:
    """The money that an account can be debited, in `currency`."""

    account_id: UUID
    status: str
    currency: str
    balance: Decimal
    credit_limit: Decimal
    tier1_id: UUID | None


async def lock_funds(connection: Connection, account_id: UUID) -> Funds:
    """Locks a reseller's row; lock a Tier-1 parent's after its child's, both after the EAB."""
    row = await connection.fetchrow(
        """
        SELECT id AS account_id, status, currency, balance, credit_limit, tier1_id
          FROM reseller.account
         WHERE id = $1
           FOR NO KEY UPDATE
        """,
        account_id,
    )
    if row is None:
        raise LookupError(account_id)
    return Funds(**row)


@dataclass(frozen=True, slots=True)
class NewPurchase:
    """A purchase to store: the articles, for how many days, and what each payer is debited."""

    kind: str
    cost: Decimal
    currency: str
    days: int


async def purchase(
    connection: Connection, payers: Sequence[UUID], bought: NewPurchase, purchased_at: datetime
) -> int:
    """Writes an order of the first payer and debits each payer its cost; gives the order's number.

    The payers' rows must be locked. Raises asyncpg.CheckViolationError on an overdraft.
    """
    order_number: int = await connection.fetchval(
        """
        WITH purchase AS (
            INSERT INTO reseller.purchase (account_id, kind, cost, currency, days, purchased_at)
            VALUES (($1::uuid[])[1], $2, $3, $4, $5, $6)
            RETURNING order_number
        ), charge AS (
            INSERT INTO reseller.ledger_entry
                   (account_id, amount, balance_after, kind, order_number, booked_at)
            SELECT payer, -$3, 0, 'charge', order_number, $6
              FROM purchase, unnest($1::uuid[]) AS payer
             WHERE $3 > 0
        )
        SELECT order_number FROM purchase
        """,
        payers,
        bought.kind,
        bought.cost,
        bought.currency,
        bought.days,
        purchased_at,
    )
    return order_number


async def payers_of(connection: Connection, order_number: int) -> list[UUID]:
    """Gives the accounts that were debited for an order: the reseller, then a Tier-1 parent."""
    rows = await connection.fetch(
        """
        SELECT entry.account_id
          FROM reseller.ledger_entry entry
          JOIN reseller.purchase USING (order_number)
         WHERE entry.order_number = $1
           AND entry.kind = 'charge'
         ORDER BY entry.account_id <> purchase.account_id
        """,
        order_number,
    )
    return [row["account_id"] for row in rows]


async def refund(
    connection: Connection,
    *,
    order_number: int,
    payers: Sequence[UUID],
    amount: Decimal,
    refunded_at: datetime,
) -> None:
    """Pays `amount` of an order back to everybody who was debited for it.

    The payers' rows must be locked. The database refuses a refund above the cost or a second one.
    """
    await connection.execute(
        """
        WITH refunded AS (
            UPDATE reseller.purchase
               SET refunded = refunded + $3,
                   refunded_at = $4
             WHERE order_number = $1
        )
        INSERT INTO reseller.ledger_entry
               (account_id, amount, balance_after, kind, order_number, booked_at)
        SELECT payer, $3, 0, 'refund', $1, $4
          FROM unnest($2::uuid[]) AS payer
        """,
        order_number,
        payers,
        amount,
        refunded_at,
    )


async def mismatches(pool: Pool, limit: int) -> list[str]:
    """Gives the rows of ops.ledger_mismatch, a line each; empty = the ledger is in order."""
    rows = await pool.fetch(
        """
        SELECT problem, reseller, order_number, stated, computed
          FROM ops.ledger_mismatch
         LIMIT $1
        """,
        limit,
    )
    return [
        f"{row['reseller']}, order {row['order_number'] or '-'}: {row['problem']} "
        f"({row['stated']}, not {row['computed']})"
        for row in rows
    ]
