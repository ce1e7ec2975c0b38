"""Many certificates as rows, and bulk revocations of them."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from gateway import ids
from gateway.db.pool import Pool
from gateway.origin import Origin
from gateway.usecases.operation import bulk_revocation
from gateway.usecases.operation.bulk_revocation import BulkWanted
from gateway.usecases.work import open_work
from tests.support.issued import LIFETIME

ACTOR = Origin("operator:ann", "192.0.2.7")


async def many_certificates(
    pool: Pool, account: str, number: int, at: datetime, name: str = "many.example.com"
) -> list[str]:
    """Certificates of an account for one name, each with its order and a key of its own."""
    issuer = ids.new_id()
    await pool.execute(
        "INSERT INTO ca.issuer (id, name, certificate, created_at) VALUES ($1, $2, '', $3)",
        issuer,
        f"issuer-{issuer}",
        at,
    )
    rows = await pool.fetch(
        """
        WITH placed AS (
            INSERT INTO acme."order"
                   (id, account_id, status, profile, expires_at, created_at, csr, intent)
            SELECT gen_random_uuid(), $1, 'valid', 'default', $3::timestamptz + interval '7 days',
                   $3, '', '{}'
              FROM generate_series(1, $2)
            RETURNING id
        ), proof AS (
            INSERT INTO acme.authorization (id, account_id, name, expires_at, created_at)
            SELECT id, $1, $5, $3::timestamptz + interval '7 days', $3
              FROM placed
        ), identifier AS (
            INSERT INTO acme.order_identifier (order_id, position, name, authorization_id)
            SELECT id, 0, $5, id
              FROM placed
        )
        INSERT INTO ca.certificate
               (serial, issuer_id, order_id, account_id, names, not_before, not_after, key_hash,
                der, issued_at)
        SELECT '1f' || replace(id::text, '-', ''), $4, id, $1, ARRAY[$5], $3, $6, uuid_send(id),
               '', $3
          FROM placed
        RETURNING serial
        """,
        account,
        number,
        at,
        issuer,
        name,
        at + LIFETIME,
    )
    return sorted(row["serial"] for row in rows)


async def start_bulk(pool: Pool, now: datetime, criterion: Any, text: str, reason: int = 4) -> UUID:
    """Prepares and starts a bulk revocation."""
    async with open_work(pool, now, ACTOR) as work:
        wanted = BulkWanted(criterion, text, reason, "ticket 4711")
        bulk_id = await bulk_revocation.prepare(work, wanted)
        await bulk_revocation.start(work, bulk_id)
        return bulk_id


async def prepared_bulk(gateway: Any) -> str:
    """A bulk revocation of an account that nobody has confirmed; gives its id."""
    async with open_work(gateway.pool, await gateway.services.clock.now(), ACTOR) as work:
        wanted = BulkWanted("account", "nobody", 4, "ticket 4711")
        return str(await bulk_revocation.prepare(work, wanted))


async def counts(pool: Pool, bulk_id: UUID) -> tuple[str, int, int, int]:
    """Status, total, done and failed."""
    row = await pool.fetchrow(
        "SELECT status, total, done, failed FROM operation.bulk_revocation WHERE id = $1", bulk_id
    )
    assert row is not None
    return row["status"], row["total"], row["done"], row["failed"]


async def age(pool: Pool, by: timedelta) -> None:
    """Lets all bulk revocations have been made that much earlier."""
    await pool.execute(
        """
        UPDATE operation.bulk_revocation
           SET prepared_at = prepared_at - $1::interval, started_at = started_at - $1::interval,
               ended_at = ended_at - $1::interval
        """,
        by,
    )
