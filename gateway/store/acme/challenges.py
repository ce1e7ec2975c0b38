"""Attempts at challenges: which process works on which, and their results (RFC 8555 §8.2).

A process holds a `processing` challenge while its lease lasts, in database time. `attempts` grows
each time a process takes the challenge up; a result counts only under the number it was begun with,
so a process that lost its lease changes nothing any more. A challenge that is put off has no
holder; its lease ends when it is to be taken up again.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from gateway.db.batching import Batched, columns, positions
from gateway.db.pool import Connection, Pool

_SECONDS_A_LOST_LEASE = 15.0
"""Pause for each lease that was lost, of challenges during which process after process ended."""


class Attempt(Struct, frozen=True):
    """One attempt, the `number`th, at a challenge that proves control over `name`."""

    challenge_id: UUID
    authorization_id: UUID
    number: int
    type: str
    name: str
    token: str
    thumbprint: str
    expires_at: datetime
    """End of the pending authorization in business time."""
    wildcard: bool
    account_id: str
    server_path: str
    failures: int = 0
    """Earlier attempts that failed."""
    faults: int = 0
    """Earlier attempts that could not be made, for reasons on our side."""
    lost_leases: int = 0
    """Earlier attempts during which the process ended."""
    internal_faults: int = 0
    """Those of `faults` that the program itself caused."""


@Batched
async def start_attempt(
    pool: Pool | Connection, asked: Sequence[tuple[UUID, float]]
) -> dict[int, Attempt | None]:
    """Moves pending → processing, leased to the caller for so many seconds; None = it is taken."""
    rows = await pool.fetch(
        """
        WITH taken AS (
            UPDATE acme.challenge
               SET status = 'processing', attempts = attempts + 1,
                   leased_until = clock_timestamp() + make_interval(secs => asked.seconds)
              FROM unnest($1::uuid[], $2::float8[])
                   WITH ORDINALITY AS asked (id, seconds, position)
             WHERE challenge.id = asked.id
               AND challenge.id = ANY ($1)
               AND status = 'pending'
            RETURNING asked.position, challenge.id, authorization_id, attempts, type, token
        )
        SELECT taken.position, taken.id, taken.authorization_id, taken.attempts, taken.type,
               held.name, taken.token, held.thumbprint, held.expires_at, held.wildcard,
               held.account_id, held.path
          FROM taken
          CROSS JOIN LATERAL (
                SELECT authorized.name, authorized.expires_at, authorized.wildcard,
                       authorized.account_id, account.thumbprint, server.path
                  FROM acme.authorization authorized
                  JOIN acme.account ON account.id = authorized.account_id
                  JOIN acme.server ON server.id = account.server_id
                 WHERE authorized.id = taken.authorization_id
                OFFSET 0
               ) held
        """,
        *columns(asked, 2),
    )
    none: dict[int, Attempt | None] = dict.fromkeys(positions(asked))
    return none | {position: Attempt(*taken) for position, *taken in rows}


async def claim_abandoned(
    pool: Pool, lease_seconds: float, limit: int, *, suspects: bool = False
) -> list[Attempt]:
    """Leases challenges that were put off or whose process is gone.

    Those of an authorization that was settled another way become invalid. Challenges whose process
    ended more than once are `suspects`: they are given only on request, and after a pause.
    """
    rows = await pool.fetch(
        """
        WITH abandoned AS (
            SELECT challenge.id, authorized.status = 'pending' AS open, authorized.name,
                   authorized.expires_at, authorized.wildcard, account.thumbprint,
                   account.id AS account_id, server.path AS server_path
              FROM acme.challenge
              JOIN acme.authorization authorized ON authorized.id = challenge.authorization_id
              JOIN acme.account ON account.id = authorized.account_id
              JOIN acme.server ON server.id = account.server_id
             WHERE challenge.status = 'processing'
               AND challenge.leased_until <= clock_timestamp()
               AND (lost_leases + (NOT put_off)::integer > 1) = $3
               AND (NOT $3
                    OR leased_until <= clock_timestamp() - make_interval(secs => $4 * lost_leases))
             ORDER BY challenge.leased_until
             LIMIT $2
               FOR UPDATE OF challenge SKIP LOCKED
        )
        UPDATE acme.challenge
           SET status = CASE WHEN abandoned.open THEN 'processing' ELSE 'invalid' END,
               attempts = attempts + 1,
               lost_leases = lost_leases + (NOT put_off)::integer,
               put_off = false,
               leased_until = clock_timestamp() + make_interval(secs => $1)
          FROM abandoned
         WHERE challenge.id = abandoned.id
        RETURNING abandoned.open, challenge.id, challenge.authorization_id, challenge.attempts,
                  challenge.type, abandoned.name, challenge.token, abandoned.thumbprint,
                  abandoned.expires_at, abandoned.wildcard, abandoned.account_id,
                  abandoned.server_path, challenge.failures, challenge.faults,
                  challenge.lost_leases, challenge.internal_faults
        """,
        lease_seconds,
        limit,
        suspects,
        _SECONDS_A_LOST_LEASE,
    )
    return [Attempt(*claimed) for still_open, *claimed in rows if still_open]


async def renew_leases(pool: Pool, challenge_ids: Sequence[UUID], lease_seconds: float) -> None:
    """Renews the leases of challenges that this process still works on."""
    await pool.execute(
        """
        UPDATE acme.challenge
           SET leased_until = clock_timestamp() + make_interval(secs => $2)
         WHERE id = ANY ($1) AND status = 'processing' AND NOT put_off
        """,
        challenge_ids,
        lease_seconds,
    )


async def give_up(pool: Pool, challenge_ids: Sequence[UUID]) -> None:
    """Ends leases, so that other processes take up the challenges at once."""
    await pool.execute(
        """
        UPDATE acme.challenge
           SET leased_until = clock_timestamp(), put_off = true
         WHERE id = ANY ($1) AND status = 'processing' AND NOT put_off
        """,
        challenge_ids,
    )


async def put_off(
    pool: Pool,
    attempt: Attempt,
    *,
    now: datetime,
    error: Mapping[str, Any],
    seconds: float,
    internal: bool,
) -> None:
    """Puts an attempt that could not be made off; a process takes it up after so many seconds."""
    await pool.execute(
        """
        UPDATE acme.challenge
           SET put_off = true, faults = faults + 1, error = $3, validated_at = $4,
               internal_faults = internal_faults + $6::boolean::integer,
               leased_until = clock_timestamp() + make_interval(secs => $5)
         WHERE id = $1 AND status = 'processing' AND attempts = $2
        """,
        attempt.challenge_id,
        attempt.number,
        error,
        now,
        seconds,
        internal,
    )


async def try_again(
    pool: Pool, attempt: Attempt, *, now: datetime, error: Mapping[str, Any]
) -> Attempt | None:
    """Shows the client why an attempt failed and begins the next; None = the lease was lost.

    The lease is the one the caller holds.
    """
    row = await pool.fetchrow(
        """
        UPDATE acme.challenge
           SET attempts = attempts + 1, failures = failures + 1, error = $3, validated_at = $4
         WHERE id = $1 AND status = 'processing' AND attempts = $2
        RETURNING attempts, failures
        """,
        attempt.challenge_id,
        attempt.number,
        error,
        now,
    )
    if row is None:
        return None
    return replace(attempt, number=row["attempts"], failures=row["failures"])


@Batched
async def succeed(
    pool: Pool | Connection,
    proven: Sequence[tuple[Attempt, datetime, datetime, Mapping[str, Any]]],
) -> dict[int, None]:
    """Challenge and authorization become valid, and orders that lack nothing else ready.

    Given are the attempt, now, when the proof ends, and the evidence. CAA counts as checked now.

    Validations of two names of one order may end at once. Each locks the order and only then looks
    at its names, in a snapshot of its own, so one of the two sees that all are valid.
    """
    await pool.execute(
        """
        WITH proven AS (
            SELECT *
              FROM unnest($1::uuid[], $2::uuid[], $3::integer[], $4::text[], $5::timestamptz[],
                          $6::timestamptz[], $7::jsonb[])
                   AS item (challenge_id, authorization_id, number, type, now, expires_at, evidence)
        ), authorized AS (
            UPDATE acme.authorization held
               SET status = 'valid', expires_at = proven.expires_at, caa_checked_at = proven.now
              FROM proven
             WHERE held.id = proven.authorization_id
               AND held.id = ANY ($2)
               AND held.status = 'pending'
               AND EXISTS (SELECT
                             FROM acme.challenge
                            WHERE id = challenge_id AND status = 'processing' AND attempts = number)
            RETURNING held.id, held.name, challenge_id, now, type, evidence
        ), settled AS (
            UPDATE acme.challenge
               SET status = 'valid', validated_at = now, error = NULL, leased_until = NULL
              FROM authorized
             WHERE challenge.id = challenge_id AND challenge.id = ANY ($1)
        ), locked AS MATERIALIZED (
            SELECT id
              FROM acme."order"
             WHERE id = ANY (ARRAY(SELECT order_id
                                     FROM acme.order_identifier
                                    WHERE authorization_id = ANY (ARRAY(SELECT id
                                                                          FROM authorized))))
               AND status = 'pending'
             ORDER BY id
               FOR UPDATE
        ), readied AS (
            UPDATE acme."order"
               SET status = 'ready'
             WHERE id = ANY ((SELECT acme.all_valid(ARRAY(SELECT id FROM locked)))::uuid[])
            RETURNING id
        )
        INSERT INTO audit.event (at, actor, action, subject, after)
        SELECT now, 'gateway:validation', 'authorization.validated', id::text,
               jsonb_build_object('name', name, 'method', type, 'evidence', evidence)
          FROM authorized
         UNION ALL
        SELECT (SELECT max(now) FROM authorized), 'gateway:validation', 'order.ready', id::text,
               NULL
          FROM readied
        """,
        *columns(
            [
                (
                    attempt.challenge_id,
                    attempt.authorization_id,
                    attempt.number,
                    attempt.type,
                    now,
                    expires_at,
                    evidence,
                )
                for attempt, now, expires_at, evidence in proven
            ],
            7,
        ),
    )
    return dict.fromkeys(positions(proven))


async def fail(
    pool: Pool,
    attempt: Attempt,
    *,
    now: datetime,
    error: Mapping[str, Any],
    order_error: Mapping[str, Any],
) -> None:
    """Makes the challenge, its authorization and the orders that wait for it invalid."""
    await pool.execute(
        """
        WITH refused AS (
            UPDATE acme.authorization
               SET status = 'invalid'
             WHERE id = $2
               AND status = 'pending'
               AND EXISTS (SELECT
                             FROM acme.challenge
                            WHERE id = $1 AND status = 'processing' AND attempts = $3)
            RETURNING id, name
        ), settled AS (
            UPDATE acme.challenge
               SET status = 'invalid', error = $5, validated_at = $4, leased_until = NULL
             WHERE id = $1 AND EXISTS (SELECT FROM refused)
        ), locked AS MATERIALIZED (
            SELECT placed.id
              FROM refused
              JOIN acme.order_identifier item ON item.authorization_id = refused.id
              JOIN acme."order" placed ON placed.id = item.order_id
             WHERE placed.status = 'pending'
             ORDER BY placed.id
               FOR UPDATE OF placed
        ), failed AS (
            UPDATE acme."order"
               SET status = 'invalid', error = $6
              FROM locked
             WHERE "order".id = locked.id
            RETURNING "order".id
        )
        INSERT INTO audit.event (at, actor, action, subject, after)
        SELECT $4::timestamptz, 'gateway:validation', 'authorization.failed', id::text,
               jsonb_build_object('name', name, 'method', $7::text, 'error', $5::jsonb)
          FROM refused
         UNION ALL
        SELECT $4, 'gateway:validation', 'order.failed', id::text, $6
          FROM failed
        """,
        attempt.challenge_id,
        attempt.authorization_id,
        attempt.number,
        now,
        error,
        order_error,
        attempt.type,
    )
