"""Operators: who may sign in to the console for the operator of the gateway."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from gateway.db.pool import Connection


@dataclass(frozen=True, slots=True)
class OperatorRow:
    """A row of operation.operator without its secret."""

    id: UUID
    name: str
    role: str
    status: str
    has_factor: bool
    """Whether they have a second factor that counts."""


@dataclass(frozen=True, slots=True)
class NewOperator:
    """An operator to be stored: active."""

    id: UUID
    name: str
    role: str
    password_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class OperatorLogin:
    """The facts that decide about an operator's login attempt, read in one statement."""

    id: UUID
    login: str
    password_hash: str
    failed_logins: int
    locked_until: datetime | None
    status: str

    @property
    def barred(self) -> str:
        """Why nobody may log in with it, besides a lock; empty = somebody may."""
        return "" if self.status == "active" else "The operator is suspended"


async def add(connection: Connection, operator: NewOperator, created_at: datetime) -> None:
    """Adds an operator; raises asyncpg.UniqueViolationError when the name is taken."""
    await connection.execute(
        """
        INSERT INTO operation.operator (id, name, role, password_hash, created_at)
        VALUES ($1, $2, $3, $4, $5)
        """,
        operator.id,
        operator.name,
        operator.role,
        operator.password_hash,
        created_at,
    )


async def list_all(connection: Connection) -> list[OperatorRow]:
    """All operators by name."""
    rows = await connection.fetch(
        """
        SELECT id, name, role, status,
               id IN (SELECT owner_id FROM operation.factor_holder) AS has_factor
          FROM operation.operator
         ORDER BY name
        """
    )
    return [OperatorRow(**row) for row in rows]


async def lock_by_name(connection: Connection, name: str) -> OperatorRow | None:
    """Reads an operator and locks the row until the end of the transaction."""
    row = await connection.fetchrow(
        """
        SELECT id, name, role, status,
               id IN (SELECT owner_id FROM operation.factor_holder) AS has_factor
          FROM operation.operator
         WHERE name = $1
           FOR UPDATE
        """,
        name,
    )
    return OperatorRow(**row) if row else None


async def exists(connection: Connection, name: str) -> bool:
    """Is there an operator of that name?"""
    return bool(
        await connection.fetchval(
            "SELECT EXISTS (SELECT FROM operation.operator WHERE name = $1)", name
        )
    )


async def update(connection: Connection, operator_id: UUID, role: str, status: str) -> None:
    """Sets role and status."""
    await connection.execute(
        """
        UPDATE operation.operator
           SET role = $2,
               status = $3
         WHERE id = $1
        """,
        operator_id,
        role,
        status,
    )


async def set_password_hash(connection: Connection, operator_id: UUID, password_hash: str) -> None:
    """Sets the password, and lifts the lock of failed logins."""
    await connection.execute(
        """
        UPDATE operation.operator
           SET password_hash = $2,
               failed_logins = 0,
               locked_until = NULL
         WHERE id = $1
        """,
        operator_id,
        password_hash,
    )


async def find_for_login(
    connection: Connection, name: str, address: str | None
) -> OperatorLogin | None:
    """Reads the facts for a login attempt, which may come from any address."""
    row = await connection.fetchrow(
        """
        SELECT id, name AS login, password_hash, failed_logins, locked_until, status
          FROM operation.operator
         WHERE name = $1
        """,
        name,
    )
    return OperatorLogin(**row) if row else None


async def count_failed_login(
    connection: Connection,
    name: str,
    now: datetime,
    failures_before_lock: int,
    lock_until: datetime,
) -> bool:
    """Counts a wrong password; True when it was the one that locks the name until `lock_until`."""
    return bool(
        await connection.fetchval(
            """
            UPDATE operation.operator
               SET failed_logins = CASE WHEN failed_logins + 1 >= $3 THEN 0
                                        ELSE failed_logins + 1 END,
                   locked_until = CASE WHEN failed_logins + 1 >= $3 THEN $4
                                       ELSE locked_until END
             WHERE name = $1
               AND (locked_until IS NULL OR locked_until <= $2)
            RETURNING failed_logins = 0
            """,
            name,
            now,
            failures_before_lock,
            lock_until,
        )
    )


async def confirm_login(connection: Connection, operator_id: UUID, now: datetime) -> bool:
    """Resets the failure count; False when the name was locked while its password was checked."""
    return bool(
        await connection.fetchval(
            """
            WITH forgiven AS (
                UPDATE operation.operator
                   SET failed_logins = 0
                 WHERE id = $1
                   AND failed_logins > 0
                   AND (locked_until IS NULL OR locked_until <= $2)
            )
            SELECT locked_until IS NULL OR locked_until <= $2
              FROM operation.operator
             WHERE id = $1
            """,
            operator_id,
            now,
        )
    )
