"""ACME orders and certificates as rows, for tests of what reports say about them."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from gateway import ids
from gateway.db.pool import Pool

LIFETIME = timedelta(days=90) - timedelta(seconds=1)


_last_id = ids.new_id()


def _next_id() -> UUID:
    """An id greater than all earlier ones, also within one millisecond: reports sort by it."""
    global _last_id
    while (made := ids.new_id()) <= _last_id:
        pass
    _last_id = made
    return made


async def acme_account(pool: Pool, kid: str, at: datetime) -> str:
    """A further account under a credential; gives its id."""
    account = ids.new_account_id()
    async with pool.acquire() as connection:
        await connection.execute(
            """
            INSERT INTO acme.account (id, kid, server_id, status, created_at)
            SELECT $1, kid, server_id, 'pending', $3
              FROM subscription.eab_credential
             WHERE kid = $2
            """,
            account,
            kid,
            at,
        )
    return account


async def acme_order(
    pool: Pool, account: str, name: str, at: datetime, status: str = "pending", **columns: Any
) -> str:
    """An ACME order for one name; `columns` may hold csr and error. Gives its id."""
    order_id = _next_id()
    async with pool.acquire() as connection:
        await connection.execute(
            """
            WITH placed AS (
                INSERT INTO acme."order"
                       (id, account_id, status, profile, expires_at, created_at, csr, intent,
                        error)
                VALUES ($1, $2, $4, 'default', $5::timestamptz + interval '7 days', $5, $7, '{}',
                        $8)
            ), proof AS (
                INSERT INTO acme.authorization (id, account_id, name, expires_at, created_at)
                VALUES ($6, $2, $3, $5::timestamptz + interval '7 days', $5)
            )
            INSERT INTO acme.order_identifier (order_id, position, name, authorization_id)
            VALUES ($1, 0, $3, $6)
            """,
            order_id,
            account,
            name,
            status,
            at,
            ids.new_id(),
            columns.get("csr"),
            columns.get("error"),
        )
    return str(order_id)


async def certificate(pool: Pool, order: str, name: str, at: datetime) -> str:
    """The certificate of an order; gives its serial."""
    serial = f"{ids.new_serial_number():034x}"
    async with pool.acquire() as connection:
        await connection.execute(
            """
            WITH issuer AS (
                INSERT INTO ca.issuer (id, name, certificate, created_at)
                VALUES ($1, $2, '', $6)
                RETURNING id
            )
            INSERT INTO ca.certificate
                   (serial, issuer_id, order_id, account_id, names, not_before, not_after,
                    key_hash, der, issued_at)
            SELECT $3, issuer.id, "order".id, "order".account_id, ARRAY[$5], $6, $7, '', '', $6
              FROM issuer, acme."order"
             WHERE "order".id = $4::text::uuid
            """,
            ids.new_id(),
            f"issuer-{serial}",
            serial,
            order,
            name,
            at,
            at + LIFETIME,
        )
    return serial


async def revocation(pool: Pool, serial: str, at: datetime) -> None:
    """Revokes a certificate."""
    async with pool.acquire() as connection:
        await connection.execute(
            "INSERT INTO ca.revocation (serial, revoked_at) VALUES ($1, $2)", serial, at
        )
