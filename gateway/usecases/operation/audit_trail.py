"""Reading the audit trail."""

from gateway.db.pool import Connection
from gateway.store.operation import audit_search
from gateway.store.operation.audit_search import AuditEvent, AuditSearch

__all__ = ["AuditEvent", "AuditSearch", "find_events"]


async def find_events(
    connection: Connection, wanted: AuditSearch, *, older_than: int | None = None, limit: int
) -> list[AuditEvent]:
    """Gives the newest events found; with `older_than` those after that one in the list."""
    return await audit_search.find(connection, wanted, older_than, limit)
