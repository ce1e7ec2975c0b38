"""Second factors: the app that makes codes, and recovery codes. `owner` is as of sessions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from gateway.db.pool import Connection


@dataclass(frozen=True, slots=True)
class LockedFactor:
    """The facts that decide about a code or a passkey, while their row is locked."""

    encrypted_secret: bytes | None = field(repr=False)
    totp_since: datetime | None
    last_step: int
    locked_until: datetime | None
    """Business time until which the owner's login is locked."""


@dataclass(frozen=True, slots=True)
class FactorOverview:
    """What somebody has; `encrypted_secret` without `totp_since` waits for its first code."""

    encrypted_secret: bytes | None = field(repr=False)
    totp_since: datetime | None
    codes_left: int


async def add_owner(connection: Connection, owner_id: UUID, *, is_operator: bool) -> None:
    """Makes the row that all factors of somebody hang on, unless it is there."""
    await connection.execute(
        """
        INSERT INTO operation.second_factor (operator_id, reseller_id)
        VALUES ($1, $2)
        ON CONFLICT DO NOTHING
        """,
        owner_id if is_operator else None,
        None if is_operator else owner_id,
    )


async def lock(connection: Connection, owner_id: UUID) -> LockedFactor | None:
    """Reads what somebody has, and locks it until the end of the transaction."""
    # First the lock: a statement that waits for it would join the login as it was before.
    await connection.execute(
        "SELECT FROM operation.second_factor WHERE owner_id = $1 FOR UPDATE", owner_id
    )
    row = await connection.fetchrow(
        """
        SELECT factor.encrypted_secret, factor.totp_since, factor.last_step,
               coalesce(operator.locked_until, account.locked_until) AS locked_until
          FROM operation.second_factor factor
          LEFT JOIN operation.operator ON operator.id = factor.operator_id
          LEFT JOIN reseller.account ON account.id = factor.reseller_id
         WHERE factor.owner_id = $1
        """,
        owner_id,
    )
    return LockedFactor(**row) if row else None


async def find(connection: Connection, owner_id: UUID) -> FactorOverview | None:
    """Reads what somebody has; None = nothing was ever begun."""
    row = await connection.fetchrow(
        """
        SELECT encrypted_secret, totp_since,
               (SELECT count(*)
                  FROM operation.recovery_code
                 WHERE recovery_code.owner_id = second_factor.owner_id
                   AND used_at IS NULL) AS codes_left
          FROM operation.second_factor
         WHERE owner_id = $1
        """,
        owner_id,
    )
    return FactorOverview(**row) if row else None


async def is_held(connection: Connection, owner_id: UUID) -> bool:
    """Has somebody a second factor that counts?"""
    return bool(
        await connection.fetchval(
            "SELECT EXISTS (SELECT FROM operation.factor_holder WHERE owner_id = $1)", owner_id
        )
    )


async def set_secret(
    connection: Connection, owner_id: UUID, encrypted_secret: bytes | None
) -> None:
    """Sets the secret of an app, whose codes count for nothing yet; None = no app."""
    await connection.execute(
        """
        UPDATE operation.second_factor
           SET encrypted_secret = $2,
               totp_since = NULL
         WHERE owner_id = $1
        """,
        owner_id,
        encrypted_secret,
    )


async def confirm_app(connection: Connection, owner_id: UUID, now: datetime, step: int) -> None:
    """Lets the codes of an app count, once the first of them was right."""
    await connection.execute(
        """
        UPDATE operation.second_factor
           SET totp_since = $2,
               last_step = $3
         WHERE owner_id = $1
        """,
        owner_id,
        now,
        step,
    )


async def forgive(connection: Connection, owner_id: UUID, step: int | None = None) -> None:
    """Resets the failure count after a right answer; `step` is that of an app's code."""
    await connection.execute(
        """
        UPDATE operation.second_factor
           SET failures = 0,
               last_step = coalesce($2, last_step)
         WHERE owner_id = $1
        """,
        owner_id,
        step,
    )


async def count_failure(
    connection: Connection, owner_id: UUID, failures_before_lock: int, lock_until: datetime
) -> bool:
    """Counts a wrong answer; True when it was the one that locks the login until `lock_until`.

    The count starts again with the lock, as that of passwords does.
    """
    return bool(
        await connection.fetchval(
            """
            WITH counted AS (
                UPDATE operation.second_factor
                   SET failures = CASE WHEN failures + 1 >= $2 THEN 0 ELSE failures + 1 END
                 WHERE owner_id = $1
                RETURNING operator_id, reseller_id, failures = 0 AS locks
            ), operator_locked AS (
                UPDATE operation.operator
                   SET locked_until = $3
                 WHERE id IN (SELECT operator_id FROM counted WHERE locks)
            ), reseller_locked AS (
                UPDATE reseller.account
                   SET locked_until = $3
                 WHERE id IN (SELECT reseller_id FROM counted WHERE locks)
            )
            SELECT locks FROM counted
            """,
            owner_id,
            failures_before_lock,
            lock_until,
        )
    )


async def replace_codes(connection: Connection, owner_id: UUID, hashes: Sequence[bytes]) -> None:
    """Stores new recovery codes in place of all that there were."""
    await connection.execute("DELETE FROM operation.recovery_code WHERE owner_id = $1", owner_id)
    await connection.execute(
        """
        INSERT INTO operation.recovery_code (owner_id, code_hash)
        SELECT $1, unnest($2::bytea[])
        """,
        owner_id,
        hashes,
    )


async def use_code(
    connection: Connection, owner_id: UUID, code_hash: bytes, now: datetime
) -> int | None:
    """Uses up a recovery code, and gives how many are left; None = there is no such unused one."""
    left: int | None = await connection.fetchval(
        """
        WITH used AS (
            UPDATE operation.recovery_code
               SET used_at = $3
             WHERE owner_id = $1
               AND code_hash = $2
               AND used_at IS NULL
            RETURNING owner_id, code_hash
        )
        SELECT (SELECT count(*)
                  FROM operation.recovery_code other
                 WHERE other.owner_id = used.owner_id
                   AND other.code_hash <> used.code_hash
                   AND other.used_at IS NULL)
          FROM used
        """,
        owner_id,
        code_hash,
        now,
    )
    return left


async def remove(connection: Connection, owner_id: UUID) -> bool:
    """Removes everything that somebody has; False = there was nothing."""
    return bool(
        await connection.fetchval(
            "DELETE FROM operation.second_factor WHERE owner_id = $1 RETURNING true", owner_id
        )
    )


async def remove_unless_held(connection: Connection, owner_id: UUID) -> None:
    """Removes recovery codes and the rest, once the last factor that counts is gone."""
    await connection.execute(
        """
        DELETE FROM operation.second_factor
         WHERE owner_id = $1
           AND owner_id NOT IN (SELECT owner_id FROM operation.factor_holder)
        """,
        owner_id,
    )
