"""Refusals (audit.refusal)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from gateway.db.pool import Pool


async def add(pool: Pool, now: datetime, refusals: Sequence[dict[str, Any]]) -> None:
    """Adds refusals, or counts those that are stored for the hour already.

    Each has `key`, `times` and the columns of audit.refusal. `resource` is the ACME resource that
    was asked for: its names are added where it belongs to the account that asked.
    """
    await pool.execute(
        """
        INSERT INTO audit.refusal
               (hour, key, door, request, reason, answer, why, login, subject, proven, names,
                source, times, first_at, last_at)
        SELECT date_trunc('hour', $1::timestamptz, 'UTC'), given.key, given.door, given.request,
               given.reason, given.answer, given.why, given.login, given.subject, given.proven,
               coalesce(nullif(given.names, '{}'), ARRAY(
                   SELECT identifier.name
                     FROM acme."order"
                     JOIN acme.order_identifier identifier ON identifier.order_id = "order".id
                    WHERE "order".id = given.resource
                      AND "order".account_id = given.subject
                    UNION ALL
                   SELECT name
                     FROM acme."authorization"
                    WHERE id = given.resource
                      AND account_id = given.subject
                    UNION ALL
                   SELECT proof.name
                     FROM acme.challenge
                     JOIN acme."authorization" proof ON proof.id = challenge.authorization_id
                    WHERE challenge.id = given.resource
                      AND proof.account_id = given.subject
                    UNION ALL
                   SELECT unnest(placed.names)
                     FROM ssl."order" placed
                     JOIN reseller.account ON account.id = placed.reseller_id
                    WHERE given.door = 'ssl'
                      AND given.proven
                      AND account.login = given.login
                      AND placed.cert_id = given.subject)),
               given.source, given.times, $1, $1
          FROM jsonb_to_recordset($2) AS given
               (key uuid, door text, request text, reason text, answer text, why text, login text,
                subject text, proven boolean, names text[], source inet, times bigint,
                resource uuid)
         ORDER BY given.key
        ON CONFLICT (hour, key) DO UPDATE
           SET times = refusal.times + EXCLUDED.times,
               last_at = greatest(refusal.last_at, EXCLUDED.last_at)
        """,
        now,
        list(refusals),
    )


async def delete_old(pool: Pool, now: datetime, age: timedelta, limit: int) -> int:
    """Deletes some refusals that are older than `age`; gives how many."""
    deleted: int = await pool.fetchval(
        """
        WITH outdated AS (
            SELECT hour, key
              FROM audit.refusal
             WHERE hour < $1
             ORDER BY hour
             LIMIT $2
               FOR UPDATE SKIP LOCKED
        ), gone AS (
            DELETE FROM audit.refusal
             USING outdated
             WHERE refusal.hour = outdated.hour
               AND refusal.key = outdated.key
            RETURNING 1
        )
        SELECT count(*) FROM gone
        """,
        now - age,
        limit,
    )
    return deleted
