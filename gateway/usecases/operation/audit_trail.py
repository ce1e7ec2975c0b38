"""Reading the audit trail."""

from gateway.store.operation import audit_search
from gateway.store.operation.audit_search import AuditEvent, AuditSearch
from gateway.usecases.work import Work

__all__ = ["AuditEvent", "AuditSearch", "find_events"]


async def find_events(
    work: Work, wanted: AuditSearch, *, older_than: int | None = None, limit: int
) -> list[AuditEvent]:
    """Gives the newest events found; with `older_than` those after that one in the list."""
    return await audit_search.find(work.connection, wanted, older_than, limit)
