"""The audit trail."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.db.pool import Connection
from gateway.origin import Origin


@dataclass(frozen=True, slots=True)
class Change:
    """One state change: `action` is noun.verb, `subject` the thing that changed."""

    action: str
    subject: str
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None


async def record(connection: Connection, at: datetime, origin: Origin, *changes: Change) -> None:
    """Appends audit events; call it in the transaction that makes the changes."""
    await connection.execute(
        """
        INSERT INTO audit.event (at, actor, source, action, subject, before, after)
        SELECT $1, $2, $3::text::inet, change.*
          FROM unnest($4::text[], $5::text[], $6::jsonb[], $7::jsonb[]) AS change
        """,
        at,
        origin.actor,
        origin.source,
        [change.action for change in changes],
        [change.subject for change in changes],
        [change.before for change in changes],
        [change.after for change in changes],
    )
