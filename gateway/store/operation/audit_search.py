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
    query, arguments = _statement(wanted, older_than, limit)
    return [AuditEvent(**row) for row in await connection.fetch(query, *arguments)]


def _statement(wanted: AuditSearch, older_than: int | None, limit: int) -> tuple[str, list[object]]:
    """The search with only the conditions that were given.

    Statements are planned without their values: only so each finds its own index.
    """
    arguments: list[object] = []
    conditions: list[str] = []

    def require(condition: str, value: object) -> None:
        arguments.append(value)
        conditions.append(condition.replace("?", f"${len(arguments)}"))

    for column, sought in (
        ("subject", wanted.subject),
        ("action", wanted.action),
        ("actor", wanted.actor),
    ):
        if sought is not None:
            require(f"{column} = ?", sought)
    if wanted.since is not None:
        require("at >= ?", wanted.since)
    if wanted.until is not None:
        require("at <= ?", wanted.until)
    by_time = wanted.subject is not None or wanted.action is not None
    if older_than is not None:
        require(_OLDER_BY_TIME if by_time else "id < ?", older_than)
    if not by_time and wanted.actor is not None and wanted.actor.startswith(_PEOPLE):
        conditions.append(_OF_PEOPLE)
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    order = "at DESC, id DESC" if by_time else "id DESC"
    query = f"""
        SELECT id, at, actor, action, subject, before, after, host(source) AS source
          FROM audit.event
         {where}
         ORDER BY {order}
         LIMIT {limit}
        """  # noqa: S608  constants, and a number
    return query, arguments


_OLDER_BY_TIME = "(at, id) < (SELECT at, id FROM audit.event WHERE id = ?)"
_PEOPLE = ("operator:", "reseller:")
_OF_PEOPLE = "(actor LIKE 'operator:%' OR actor LIKE 'reseller:%')"
"""What the index of people's events asks for; clients' and jobs' are too many for one."""
