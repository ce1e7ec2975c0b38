"""Sessions at the console. `owner` is the id of an operator or of a reseller.

All times are real time. A session counts while it is neither idle nor over, its owner's password is
the one it was opened with, and its owner may sign in. One of somebody with a second factor is open
only once that was shown in it, whoever opened it.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from gateway.db.pool import Connection, Pool

SEEN_EVERY = timedelta(minutes=1)
"""The last use of a session is written down at most so often."""


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session to be stored; one of `operator_id` and `reseller_id` is None."""

    id: UUID
    token_hash: bytes = field(repr=False)
    operator_id: UUID | None
    reseller_id: UUID | None
    credential: bytes = field(repr=False)
    half_open: bool
    opened_at: datetime
    ends_at: datetime
    source: str | None
    client: str
    kept: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class SessionState:
    """A session that counts, and whose it is; `role` is None for resellers."""

    id: UUID
    owner_id: UUID
    name: str
    role: str | None
    status: str
    half_open: bool
    balance: Decimal | None
    """The reseller's balance in `currency`; None for an operator."""
    currency: str | None
    kept: dict[str, Any] | None
    has_factor: bool
    """Whether its owner has a second factor that counts."""
    proven_at: datetime | None
    """When the second factor was shown last; None = not in this session."""


@dataclass(frozen=True, slots=True)
class ListedSession:
    """What a person sees of a session of theirs."""

    id: UUID
    opened_at: datetime
    seen_at: datetime
    source: str | None
    client: str


async def add(connection: Connection, session: NewSession) -> None:
    """Stores a session."""
    await connection.execute(
        """
        INSERT INTO operation.session
               (id, token_hash, operator_id, reseller_id, credential, half_open, opened_at, seen_at,
                ends_at, source, client, kept)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9::text::inet, $10, $11)
        """,
        session.id,
        session.token_hash,
        session.operator_id,
        session.reseller_id,
        session.credential,
        session.half_open,
        session.opened_at,
        session.ends_at,
        session.source,
        session.client,
        session.kept,
    )


async def find(
    pool: Pool, token_hash: bytes, now: datetime, idle: timedelta, address: str | None
) -> SessionState | None:
    """The session of a token, if it counts; notes that it was used."""
    row = await pool.fetchrow(
        """
        WITH used AS (
            UPDATE operation.session
               SET seen_at = $2
             WHERE token_hash = $1
               AND seen_at > $3
               AND seen_at <= $4
               AND ends_at > $2
        )
        SELECT session.id,
               coalesce(operator.id, account.id) AS owner_id,
               coalesce(operator.name, account.login) AS name,
               operator.role,
               coalesce(operator.status, account.status) AS status,
               session.half_open
               OR (holder.owner_id IS NOT NULL AND session.proven_at IS NULL) AS half_open,
               account.balance,
               account.currency,
               session.kept,
               holder.owner_id IS NOT NULL AS has_factor,
               session.proven_at
          FROM operation.session
          LEFT JOIN operation.operator ON operator.id = session.operator_id
          LEFT JOIN reseller.account ON account.id = session.reseller_id
          LEFT JOIN operation.factor_holder holder
                 ON holder.owner_id = coalesce(session.operator_id, session.reseller_id)
         WHERE session.token_hash = $1
           AND session.seen_at > $3
           AND session.ends_at > $2
           AND session.credential = sha256(
                   convert_to(coalesce(operator.password_hash, account.password_hash), 'UTF8'))
           AND (operator.id IS NULL OR operator.status = 'active')
           AND (account.id IS NULL
                OR account.allowed_networks = '{}'
                OR coalesce($5::text::inet <<= ANY (account.allowed_networks), false))
        """,
        token_hash,
        now,
        now - idle,
        now - SEEN_EVERY,
        address,
    )
    return SessionState(**row) if row else None


async def list_of(
    connection: Connection, owner_id: UUID, now: datetime, idle: timedelta
) -> list[ListedSession]:
    """The sessions of a person that are neither idle nor over, the last used first."""
    rows = await connection.fetch(
        """
        SELECT id, opened_at, seen_at, host(source) AS source, client
          FROM operation.session
         WHERE (operator_id = $1 OR reseller_id = $1)
           AND seen_at > $3
           AND ends_at > $2
           AND NOT half_open
         ORDER BY seen_at DESC, id
        """,
        owner_id,
        now,
        now - idle,
    )
    return [ListedSession(**row) for row in rows]


async def renew(
    connection: Connection,
    session_id: UUID,
    *,
    token_hash: bytes | None = None,
    credential: bytes | None = None,
    ends_at: datetime | None = None,
    proven_at: datetime | None = None,
) -> None:
    """Makes a session open, with another token, password, end or proof; None leaves one as it is.

    `proven_at` is when the second factor was shown.
    """
    await connection.execute(
        """
        UPDATE operation.session
           SET token_hash = coalesce($2, token_hash),
               credential = coalesce($3, credential),
               ends_at = coalesce($4, ends_at),
               proven_at = coalesce($5, proven_at),
               half_open = false
         WHERE id = $1
        """,
        session_id,
        token_hash,
        credential,
        ends_at,
        proven_at,
    )


async def forget_kept(pool: Pool, session_id: UUID) -> None:
    """Forgets the form that a session keeps."""
    await pool.execute("UPDATE operation.session SET kept = NULL WHERE id = $1", session_id)


async def end(connection: Connection, owner_id: UUID, session_id: UUID) -> bool:
    """Ends a session of a person; False when they have none with that id."""
    return bool(
        await connection.fetchval(
            """
            DELETE FROM operation.session
             WHERE id = $2
               AND (operator_id = $1 OR reseller_id = $1)
            RETURNING true
            """,
            owner_id,
            session_id,
        )
    )


async def end_by_token(connection: Connection, token_hash: bytes) -> None:
    """Ends the session of a token, if there is one."""
    await connection.execute("DELETE FROM operation.session WHERE token_hash = $1", token_hash)


async def end_all(connection: Connection, owner_id: UUID, *, but: UUID | None = None) -> int:
    """Ends the sessions of a person, except one; gives how many they were."""
    ended: int = await connection.fetchval(
        """
        WITH ended AS (
            DELETE FROM operation.session
             WHERE (operator_id = $1 OR reseller_id = $1)
               AND id IS DISTINCT FROM $2
            RETURNING 1
        )
        SELECT count(*) FROM ended
        """,
        owner_id,
        but,
    )
    return ended


async def delete_over(pool: Pool, now: datetime, idle: timedelta, limit: int) -> int:
    """Deletes sessions that are idle; so is one that is over, which nobody can use."""
    deleted: int = await pool.fetchval(
        """
        WITH deleted AS (
            DELETE FROM operation.session
             WHERE id IN (SELECT id
                            FROM operation.session
                           WHERE seen_at <= $1
                           ORDER BY seen_at
                           LIMIT $2)
            RETURNING 1
        )
        SELECT count(*) FROM deleted
        """,
        now - idle,
        limit,
    )
    return deleted
