"""Passkeys of operators and resellers. `owner` is as of sessions."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.db.pool import Connection
from gateway.rules.operation.passkeys import KnownPasskey, NewPasskey


@dataclass(frozen=True, slots=True)
class ListedPasskey:
    """What a person sees of a passkey of theirs."""

    id: UUID
    name: str
    credential_id: bytes
    added_at: datetime
    used_at: datetime | None


async def list_of(connection: Connection, owner_id: UUID) -> list[ListedPasskey]:
    """The passkeys of a person, the oldest first."""
    rows = await connection.fetch(
        """
        SELECT id, name, credential_id, added_at, used_at
          FROM operation.passkey
         WHERE owner_id = $1
         ORDER BY added_at, id
        """,
        owner_id,
    )
    return [ListedPasskey(**row) for row in rows]


async def add(
    connection: Connection,
    passkey_id: UUID,
    owner_id: UUID,
    name: str,
    made: NewPasskey,
    now: datetime,
) -> None:
    """Adds a passkey; raises asyncpg.UniqueViolationError when it is there."""
    await connection.execute(
        """
        INSERT INTO operation.passkey
               (id, owner_id, name, credential_id, public_key, sign_count, added_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        passkey_id,
        owner_id,
        name,
        made.credential_id,
        made.public_key,
        made.sign_count,
        now,
    )


async def find(connection: Connection, owner_id: UUID, credential_id: bytes) -> KnownPasskey | None:
    """The passkey of a person with that credential id."""
    row = await connection.fetchrow(
        """
        SELECT id, credential_id, public_key, sign_count
          FROM operation.passkey
         WHERE owner_id = $1
           AND credential_id = $2
        """,
        owner_id,
        credential_id,
    )
    return KnownPasskey(**row) if row else None


async def note_use(connection: Connection, passkey_id: UUID, count: int, now: datetime) -> None:
    """Notes a right answer, and the passkey's count with it."""
    await connection.execute(
        """
        UPDATE operation.passkey
           SET sign_count = $2,
               used_at = $3
         WHERE id = $1
        """,
        passkey_id,
        count,
        now,
    )


async def remove(connection: Connection, owner_id: UUID, passkey_id: UUID) -> str | None:
    """Removes a passkey of a person and gives its name; None = they have none with that id."""
    name: str | None = await connection.fetchval(
        """
        DELETE FROM operation.passkey
         WHERE id = $2
           AND owner_id = $1
        RETURNING name
        """,
        owner_id,
        passkey_id,
    )
    return name
