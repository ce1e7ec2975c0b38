"""Documents of organizations, and those that operators ask for.

Locks: whoever sends, removes or asks holds the organization's row, so that numbers and answers are
right; a decision takes the rows of documents after that of its pre-validation.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.db.pool import Connection


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document without its content; `size` in bytes, `decided_on` None = it may be removed."""

    id: UUID
    organization_id: UUID
    name: str
    media_type: str
    sha256: bytes
    size: int
    sent_at: datetime
    decided_on: int | None


@dataclass(frozen=True, slots=True)
class AskedDocument:
    """What was asked for; `answer` is the document that was sent for it, None = none yet."""

    id: UUID
    organization_id: UUID
    text: str
    asked_at: datetime
    asked_by: str
    answer: UUID | None


async def add(connection: Connection, document: StoredDocument, content: bytes) -> None:
    """Stores a document."""
    await connection.execute(
        """
        INSERT INTO organization.document
               (id, organization_id, name, media_type, sha256, content, sent_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        document.id,
        document.organization_id,
        document.name,
        document.media_type,
        document.sha256,
        content,
        document.sent_at,
    )


async def list_all(connection: Connection, organization_id: UUID) -> list[StoredDocument]:
    """Gives the documents of an organization, oldest first."""
    rows = await connection.fetch(
        """
        SELECT id, organization_id, name, media_type, sha256, octet_length(content) AS size,
               sent_at, decided_on
          FROM organization.document
         WHERE organization_id = $1
         ORDER BY sent_at, id
        """,
        organization_id,
    )
    return [StoredDocument(**row) for row in rows]


async def find(
    connection: Connection, document_id: UUID, *, reseller_id: UUID | None = None
) -> StoredDocument | None:
    """Finds a document, with `reseller_id` only one of that reseller."""
    row = await connection.fetchrow(
        """
        SELECT document.id, organization_id, document.name, media_type, sha256,
               octet_length(content) AS size, sent_at, decided_on
          FROM organization.document
          JOIN organization.organization ON organization.id = document.organization_id
         WHERE document.id = $1
           AND ($2::uuid IS NULL OR organization.reseller_id = $2)
        """,
        document_id,
        reseller_id,
    )
    return StoredDocument(**row) if row else None


async def read_content(connection: Connection, document_id: UUID) -> bytes | None:
    """Gives a document's content; None = it was removed."""
    content: bytes | None = await connection.fetchval(
        """
        SELECT content
          FROM organization.document
         WHERE id = $1
        """,
        document_id,
    )
    return content


async def remove(connection: Connection, document_id: UUID) -> bool:
    """Removes a document on which nothing was decided; False = it stays.

    What was asked for and it was sent for is unanswered again.
    """
    removed = await connection.fetchval(
        """
        DELETE FROM organization.document
         WHERE id = $1
           AND decided_on IS NULL
        RETURNING id
        """,
        document_id,
    )
    return removed is not None


async def keep(connection: Connection, organization_id: UUID, prevalidation: int) -> None:
    """Keeps the documents of an organization, because a pre-validation is decided on them."""
    await connection.execute(
        """
        UPDATE organization.document
           SET decided_on = $2
         WHERE organization_id = $1
           AND decided_on IS NULL
        """,
        organization_id,
        prevalidation,
    )


async def ask(connection: Connection, asked: AskedDocument) -> None:
    """Stores what is asked for."""
    await connection.execute(
        """
        INSERT INTO organization.asked_document
               (id, organization_id, text, asked_at, asked_by)
        VALUES ($1, $2, $3, $4, $5)
        """,
        asked.id,
        asked.organization_id,
        asked.text,
        asked.asked_at,
        asked.asked_by,
    )


async def list_asked(connection: Connection, organization_id: UUID) -> list[AskedDocument]:
    """Gives what an organization was asked for, oldest first."""
    rows = await connection.fetch(
        """
        SELECT id, organization_id, text, asked_at, asked_by, answered_by AS answer
          FROM organization.asked_document
         WHERE organization_id = $1
         ORDER BY asked_at, id
        """,
        organization_id,
    )
    return [AskedDocument(**row) for row in rows]


async def find_asked(connection: Connection, asked_id: UUID) -> AskedDocument | None:
    """Finds what was asked for."""
    row = await connection.fetchrow(
        """
        SELECT id, organization_id, text, asked_at, asked_by, answered_by AS answer
          FROM organization.asked_document
         WHERE id = $1
        """,
        asked_id,
    )
    return AskedDocument(**row) if row else None


async def answer(connection: Connection, asked_id: UUID, document: StoredDocument) -> bool:
    """Marks what a document's organization is asked for as answered by it; False = it is not."""
    answered = await connection.fetchval(
        """
        UPDATE organization.asked_document
           SET answered_by = $2
         WHERE id = $1
           AND organization_id = $3
           AND answered_by IS NULL
        RETURNING id
        """,
        asked_id,
        document.id,
        document.organization_id,
    )
    return answered is not None


async def withdraw(connection: Connection, asked_id: UUID) -> bool:
    """Removes what was asked for and was not sent yet; False = it is not there."""
    removed = await connection.fetchval(
        """
        DELETE FROM organization.asked_document
         WHERE id = $1
           AND answered_by IS NULL
        RETURNING id
        """,
        asked_id,
    )
    return removed is not None
