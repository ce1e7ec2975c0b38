"""Deletes what is over, some rows at a time, oldest first. Ids are ordered by time."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from gateway.db.pool import Connection, Pool


async def lock_unfinished_orders(
    connection: Connection, ended_before: datetime, limit: int
) -> list[UUID]:
    """Locks orders that were never finalized; those that ended first come first."""
    rows = await connection.fetch(
        """
        SELECT id
          FROM acme."order"
         WHERE status IN ('pending', 'ready', 'invalid')
           AND csr IS NULL
           AND intent IS NULL
           AND expires_at < $1
         ORDER BY expires_at
         LIMIT $2
           FOR UPDATE SKIP LOCKED
        """,
        ended_before,
        limit,
    )
    return [row["id"] for row in rows]


async def lock_finalized_orders(
    connection: Connection, ended_before: datetime, limit: int
) -> list[UUID]:
    """Locks those of the oldest orders that ended before an instant, as did their certificates."""
    rows = await connection.fetch(
        """
        SELECT oldest.id
          FROM (SELECT id, status, expires_at
                  FROM acme."order"
                 ORDER BY id
                 LIMIT $2
                   FOR UPDATE SKIP LOCKED) oldest
         WHERE oldest.expires_at < $1
           AND oldest.status <> 'processing'
           AND NOT EXISTS (SELECT
                             FROM ca.certificate
                            WHERE certificate.order_id = oldest.id
                              AND certificate.not_after >= $1)
        """,
        ended_before,
        limit,
    )
    return [row["id"] for row in rows]


async def delete_orders(
    connection: Connection, order_ids: Sequence[UUID], ended_before: datetime
) -> None:
    """Deletes orders, and their ended authorizations that no other order needs.

    Certificates stay, without their order.
    """
    await connection.execute(
        """
        WITH detached AS (
            UPDATE ca.certificate
               SET order_id = NULL
             WHERE order_id = ANY ($1)
        ), identifiers AS (
            DELETE FROM acme.order_identifier
             WHERE order_id = ANY ($1)
            RETURNING authorization_id
        ), unneeded AS MATERIALIZED (
            SELECT held.id
              FROM acme.authorization held
             WHERE held.id IN (SELECT authorization_id FROM identifiers)
               AND held.expires_at < $2
               AND NOT EXISTS (SELECT
                                 FROM acme.order_identifier item
                                WHERE item.authorization_id = held.id
                                  AND item.order_id <> ALL ($1))
        ), challenges AS (
            DELETE FROM acme.challenge
             WHERE authorization_id IN (SELECT id FROM unneeded)
        ), authorizations AS (
            DELETE FROM acme.authorization
             WHERE id IN (SELECT id FROM unneeded)
        )
        DELETE FROM acme."order"
         WHERE id = ANY ($1)
        """,
        order_ids,
        ended_before,
    )


async def delete_authorizations(pool: Pool, ended_before: datetime, limit: int) -> int:
    """Deletes the oldest authorizations that ended and that no order has asked for or needs."""
    deleted: int = await pool.fetchval(
        """
        WITH ended AS MATERIALIZED (
            SELECT oldest.id
              FROM (SELECT id, expires_at
                      FROM acme.authorization
                     ORDER BY id
                     LIMIT $2
                       FOR UPDATE SKIP LOCKED) oldest
             WHERE oldest.expires_at < $1
               AND NOT EXISTS (SELECT
                                 FROM acme.order_identifier item
                                WHERE item.authorization_id = oldest.id)
        ), challenges AS (
            DELETE FROM acme.challenge
             WHERE authorization_id IN (SELECT id FROM ended)
        ), deleted AS (
            DELETE FROM acme.authorization
             WHERE id IN (SELECT id FROM ended)
            RETURNING id
        )
        SELECT count(*) FROM deleted
        """,
        ended_before,
        limit,
    )
    return deleted


async def delete_responses(pool: Pool, stored_before: datetime, limit: int) -> int:
    """Deletes responses by Idempotency-Key that are not given again."""
    deleted: int = await pool.fetchval(
        """
        WITH outdated AS (
            SELECT account_id, key
              FROM reseller.idempotency
             WHERE stored_at <= $1
             ORDER BY stored_at
             LIMIT $2
               FOR UPDATE SKIP LOCKED
        ), deleted AS (
            DELETE FROM reseller.idempotency
             USING outdated
             WHERE idempotency.account_id = outdated.account_id
               AND idempotency.key = outdated.key
            RETURNING 1
        )
        SELECT count(*) FROM deleted
        """,
        stored_before,
        limit,
    )
    return deleted


async def delete_job_log(pool: Pool, age: timedelta, limit: int) -> int:
    """Deletes finished units of work from the log; `age` is in real time."""
    deleted: int = await pool.fetchval(
        """
        WITH deleted AS (
            DELETE FROM job.log
             WHERE id IN (SELECT id
                            FROM job.log
                           WHERE created < clock_timestamp() - $1::interval
                           ORDER BY created
                           LIMIT $2)
            RETURNING id
        )
        SELECT count(*) FROM deleted
        """,
        age,
        limit,
    )
    return deleted
