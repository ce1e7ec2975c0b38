"""Authorizations and their challenges as clients see them (RFC 8555 §7.1.4, §8)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from msgspec import Struct

from gateway.db.batching import Batched
from gateway.db.pool import Connection, Pool, Record
from gateway.store.acme.admission import Admission, Ticket, admission_of, columns_of
from gateway.store.acme.new_orders import OfferedAuthorization


class Challenge(Struct, frozen=True):
    """A stored challenge."""

    id: UUID
    type: str
    token: str
    status: str
    validated_at: datetime | None
    error: dict[str, Any] | None


class Authorization(Struct, frozen=True):
    """A stored authorization with its challenges."""

    id: UUID
    name: str
    wildcard: bool
    status: str
    expires_at: datetime
    challenges: list[Challenge]


@Batched
async def read(
    pool: Pool | Connection, asked: Sequence[tuple[Ticket, UUID]]
) -> dict[int, tuple[Admission, Authorization | None]]:
    """Admits a request and reads one of the signer's authorizations."""
    tickets, authorization_ids = zip(*asked, strict=True)
    rows = await pool.fetch(
        """
        SELECT asked.position, asked.nonce_fresh, signer.*,
               held.id, held.name, held.wildcard, held.status, held.expires_at,
               challenge.id AS challenge_id, challenge.type, challenge.token,
               challenge.status AS challenge_status, challenge.validated_at, challenge.error
          FROM unnest(acme.burn_nonces($1, $2), $3::text[], $4::uuid[])
               WITH ORDINALITY AS asked (nonce_fresh, account_id, id, position)
          CROSS JOIN LATERAL (
                SELECT * FROM acme.signer WHERE signer.account_id = asked.account_id OFFSET 0
               ) signer
          LEFT JOIN LATERAL (
                SELECT *
                  FROM acme.authorization owned
                 WHERE owned.id = asked.id AND owned.account_id = asked.account_id
                OFFSET 0
               ) held
            ON true
          LEFT JOIN LATERAL (
                SELECT * FROM acme.challenge WHERE challenge.authorization_id = held.id OFFSET 0
               ) challenge
            ON true
         ORDER BY asked.position, challenge.id
        """,
        *columns_of(tickets),
        authorization_ids,
    )
    by_position = {
        position: list(several)
        for position, several in groupby(rows, key=lambda row: int(row["position"]))
    }
    return {
        position: (admission_of(several[0]), _authorization_of(several))
        for position, several in by_position.items()
    }


@Batched
async def read_by_challenge(
    pool: Pool | Connection, asked: Sequence[tuple[Ticket, UUID]]
) -> dict[int, tuple[Admission, Authorization | None]]:
    """Admits a request and reads one of the signer's challenges: its authorization with just it."""
    tickets, challenge_ids = zip(*asked, strict=True)
    rows = await pool.fetch(
        """
        SELECT asked.position, asked.nonce_fresh, signer.*, held.*
          FROM unnest(acme.burn_nonces($1, $2), $3::text[], $4::uuid[])
               WITH ORDINALITY AS asked (nonce_fresh, account_id, challenge_id, position)
          CROSS JOIN LATERAL (
                SELECT * FROM acme.signer WHERE signer.account_id = asked.account_id OFFSET 0
               ) signer
          LEFT JOIN LATERAL (
                SELECT authorized.id, authorized.name, authorized.wildcard, authorized.status,
                       authorized.expires_at, challenge.id AS challenge_id, challenge.type,
                       challenge.token, challenge.status AS challenge_status,
                       challenge.validated_at, challenge.error
                  FROM acme.challenge
                  JOIN acme.authorization authorized ON authorized.id = challenge.authorization_id
                 WHERE challenge.id = asked.challenge_id
                   AND authorized.account_id = asked.account_id
                OFFSET 0
               ) held
            ON true
        """,
        *columns_of(tickets),
        challenge_ids,
    )
    return {row["position"]: (admission_of(row), _authorization_of([row])) for row in rows}


async def find(pool: Pool, authorization_id: UUID) -> Authorization:
    """Gives an authorization by its id; raises LookupError if there is none."""
    rows = await pool.fetch(
        """
        SELECT held.id, held.name, held.wildcard, held.status, held.expires_at,
               challenge.id AS challenge_id, challenge.type, challenge.token,
               challenge.status AS challenge_status, challenge.validated_at, challenge.error
          FROM acme.authorization held
          JOIN acme.challenge ON challenge.authorization_id = held.id
         WHERE held.id = $1
         ORDER BY challenge.id
        """,
        authorization_id,
    )
    if not rows:
        raise LookupError(authorization_id)
    found = _authorization_of(rows)
    assert found is not None
    return found


async def add(
    pool: Pool,
    account_id: str,
    authorization: OfferedAuthorization,
    expires_at: datetime,
    now: datetime,
    source: str | None,
) -> None:
    """Stores an authorization without an order, its challenges, the audit event."""
    await pool.execute(
        """
        WITH authorized AS (
            INSERT INTO acme.authorization (id, account_id, name, wildcard, expires_at, created_at)
            VALUES ($1, $2, $3, $4, $5, $6)
        ), challenges AS (
            INSERT INTO acme.challenge (id, authorization_id, type, token)
            SELECT item.id, $1, item.type, item.token
              FROM unnest($7::uuid[], $8::text[], $9::text[]) AS item (id, type, token)
        )
        INSERT INTO audit.event (at, actor, source, action, subject, after)
        VALUES ($6, 'acme:' || $2, $10::text::inet, 'authorization.asked', $1::text,
                jsonb_build_object('name', $3::text))
        """,
        authorization.id,
        account_id,
        authorization.name,
        authorization.wildcard,
        expires_at,
        now,
        [challenge[0] for challenge in authorization.challenges],
        [challenge[1] for challenge in authorization.challenges],
        [challenge[2] for challenge in authorization.challenges],
        source,
    )


async def deactivate(
    pool: Pool,
    account_id: str,
    authorization_id: UUID,
    now: datetime,
    source: str | None,
    order_error: Mapping[str, Any],
) -> None:
    """Moves pending or valid → deactivated; open orders that need it become invalid."""
    await pool.execute(
        """
        WITH given_up AS (
            UPDATE acme.authorization
               SET status = 'deactivated'
             WHERE id = $1 AND status IN ('pending', 'valid')
            RETURNING id, name
        ), failed AS (
            UPDATE acme."order"
               SET status = 'invalid', error = $5
             WHERE status IN ('pending', 'ready')
               AND id IN (SELECT item.order_id
                            FROM given_up
                            JOIN acme.order_identifier item ON item.authorization_id = given_up.id)
            RETURNING id
        )
        INSERT INTO audit.event (at, actor, source, action, subject, after)
        SELECT $3::timestamptz, 'acme:' || $2::text, $4::text::inet, 'authorization.deactivated',
               id::text, jsonb_build_object('name', name)
          FROM given_up
         UNION ALL
        SELECT $3::timestamptz, 'acme:' || $2::text, $4::text::inet, 'order.failed', id::text,
               $5::jsonb
          FROM failed
        """,
        authorization_id,
        account_id,
        now,
        source,
        order_error,
    )


def _authorization_of(rows: list[Record]) -> Authorization | None:
    first = rows[0]
    if first["id"] is None:
        return None
    return Authorization(
        first["id"],
        first["name"],
        first["wildcard"],
        first["status"],
        first["expires_at"],
        [
            Challenge(
                row["challenge_id"],
                row["type"],
                row["token"],
                row["challenge_status"],
                row["validated_at"],
                row["error"],
            )
            for row in rows
        ],
    )
