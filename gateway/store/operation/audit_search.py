"""Searches in the audit trail, the newest events first, page by page."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.db.pool import Connection


@dataclass(frozen=True, slots=True)
class AuditSearch:
    """What is looked for; None = any. Texts are looked for as they stand."""

    subject: str | None = None
    action: str | None = None
    actor: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """A row of audit.event."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    source: str | None


async def find(
    connection: Connection, wanted: AuditSearch, older_than: int | None, limit: int
) -> list[AuditEvent]:
    """Gives the newest events found; with `older_than` those after that one in the list."""
    # Statements are planned without their values: each index needs one with its own condition.
    by_subject, by_action = wanted.subject is not None, wanted.action is not None
    query = _BY_SUBJECT if by_subject else _BY_ACTION if by_action else _BY_NUMBER
    rows = await connection.fetch(
        query,
        older_than,
        wanted.subject,
        wanted.action,
        wanted.actor,
        wanted.since,
        wanted.until,
        limit,
    )
    return [AuditEvent(**row) for row in rows]


_BY_SUBJECT = """
    SELECT id, at, actor, action, subject, before, after, host(source) AS source
      FROM audit.event
     WHERE subject = $2
       AND ($3::text IS NULL OR action = $3)
       AND ($4::text IS NULL OR actor = $4)
       AND at >= coalesce($5::timestamptz, '-infinity')
       AND at <= coalesce($6::timestamptz, 'infinity')
       AND at <= coalesce((SELECT at FROM audit.event WHERE id = $1), 'infinity')
       AND ($1::bigint IS NULL OR (at, id) < ((SELECT at FROM audit.event WHERE id = $1), $1))
     ORDER BY at DESC, id DESC
     LIMIT $7
    """

_BY_ACTION = """
    SELECT id, at, actor, action, subject, before, after, host(source) AS source
      FROM audit.event
     WHERE ($2::text IS NULL OR subject = $2)
       AND action = $3
       AND ($4::text IS NULL OR actor = $4)
       AND at >= coalesce($5::timestamptz, '-infinity')
       AND at <= coalesce($6::timestamptz, 'infinity')
       AND at <= coalesce((SELECT at FROM audit.event WHERE id = $1), 'infinity')
       AND ($1::bigint IS NULL OR (at, id) < ((SELECT at FROM audit.event WHERE id = $1), $1))
     ORDER BY at DESC, id DESC
     LIMIT $7
    """

_BY_NUMBER = """
    SELECT id, at, actor, action, subject, before, after, host(source) AS source
      FROM audit.event
     WHERE id < coalesce($1, 9223372036854775807)
       AND ($2::text IS NULL OR subject = $2)
       AND ($3::text IS NULL OR action = $3)
       AND ($4::text IS NULL OR actor = $4)
       AND ($5::timestamptz IS NULL OR at >= $5)
       AND ($6::timestamptz IS NULL OR at <= $6)
     ORDER BY id DESC
     LIMIT $7
    """
