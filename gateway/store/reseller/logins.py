"""Login attempts of resellers: the facts that decide about one, and the count of failures."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.db.pool import Connection


@dataclass(frozen=True, slots=True)
class LoginState:
    """The facts that decide about a login attempt, read in one statement."""

    id: UUID
    login: str
    password_hash: str
    status: str
    currency: str
    renewal_mode: str
    failed_logins: int
    locked_until: datetime | None
    address_allowed: bool

    @property
    def barred(self) -> str:
        """Why nobody may log in with it, besides a lock; empty = somebody may."""
        return "" if self.address_allowed else "The address is not allowed"


async def find_for_login(
    connection: Connection, login: str, address: str | None
) -> LoginState | None:
    """Reads the facts for a login attempt. `address` is the caller's, None if unknown."""
    row = await connection.fetchrow(
        """
        SELECT id, login, password_hash, status, currency, renewal_mode, failed_logins,
               locked_until,
               allowed_networks = '{}'
               OR coalesce($2::text::inet <<= ANY (allowed_networks), false) AS address_allowed
          FROM reseller.account
         WHERE login = $1
        """,
        login,
        address,
    )
    return LoginState(**row) if row else None


async def count_failed_login(
    connection: Connection,
    login: str,
    now: datetime,
    failures_before_lock: int,
    lock_until: datetime,
) -> bool:
    """Counts a wrong password; True when it was the one that locks the login until `lock_until`.

    The count starts again with the lock. An unknown login matches no row and costs the same
    round trip.
    """
    return bool(
        await connection.fetchval(
            """
            UPDATE reseller.account
               SET failed_logins = CASE WHEN failed_logins + 1 >= $3 THEN 0
                                        ELSE failed_logins + 1 END,
                   locked_until = CASE WHEN failed_logins + 1 >= $3 THEN $4
                                       ELSE locked_until END
             WHERE login = $1
               AND (locked_until IS NULL OR locked_until <= $2)
            RETURNING failed_logins = 0
            """,
            login,
            now,
            failures_before_lock,
            lock_until,
        )
    )


async def confirm_login(connection: Connection, reseller_id: UUID, now: datetime) -> bool:
    """Resets the failure count; False when the login was locked while its password was checked."""
    return bool(
        await connection.fetchval(
            """
            WITH forgiven AS (
                UPDATE reseller.account
                   SET failed_logins = 0
                 WHERE id = $1
                   AND failed_logins > 0
                   AND (locked_until IS NULL OR locked_until <= $2)
            )
            SELECT locked_until IS NULL OR locked_until <= $2
              FROM reseller.account
             WHERE id = $1
            """,
            reseller_id,
            now,
        )
    )
