"""Stored responses by Idempotency-Key. `account_id` is a reseller's or an operator's id."""

from datetime import datetime
from uuid import UUID

from gateway.db.pool import Connection


async def claim(
    connection: Connection,
    account_id: UUID,
    key: str,
    request_hash: bytes,
    now: datetime,
    cutoff: datetime,
) -> bool:
    """Takes the key for this transaction; False when a response younger than `cutoff` has it.

    While another transaction is at work under the same key this waits for its end. Each call also
    deletes a few responses older than `cutoff`, so the table keeps its size by itself.
    """
    return bool(
        await connection.fetchval(
            """
            WITH outdated AS (
                SELECT account_id, key
                  FROM reseller.idempotency
                 WHERE stored_at <= $5
                   AND (account_id, key) <> ($1, $2)
                 LIMIT 20
                   FOR UPDATE SKIP LOCKED
            ), forgotten AS (
                DELETE FROM reseller.idempotency
                 USING outdated
                 WHERE idempotency.account_id = outdated.account_id
                   AND idempotency.key = outdated.key
            )
            INSERT INTO reseller.idempotency (account_id, key, request_hash, stored_at)
            VALUES ($1, $2, $3, $4)
            ON CONFLICT (account_id, key) DO UPDATE
               SET request_hash = EXCLUDED.request_hash,
                   stored_at = EXCLUDED.stored_at,
                   response = NULL
             WHERE idempotency.stored_at <= $5
            RETURNING true
            """,
            account_id,
            key,
            request_hash,
            now,
            cutoff,
        )
    )


async def find(connection: Connection, account_id: UUID, key: str) -> tuple[bytes, bytes] | None:
    """Gives the (request hash, encrypted response) stored under a key."""
    row = await connection.fetchrow(
        """
        SELECT request_hash, response
          FROM reseller.idempotency
         WHERE account_id = $1
           AND key = $2
        """,
        account_id,
        key,
    )
    return (row["request_hash"], row["response"]) if row else None


async def keep(
    connection: Connection, account_id: UUID, key: str, encrypted_response: bytes
) -> None:
    """Stores the response under a key claimed before in this transaction."""
    await connection.execute(
        """
        UPDATE reseller.idempotency
           SET response = $3
         WHERE account_id = $1
           AND key = $2
        """,
        account_id,
        key,
        encrypted_response,
    )
