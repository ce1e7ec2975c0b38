"""Resellers as operators look at them."""

from uuid import UUID

from gateway.errors import NotFound
from gateway.store.reseller import overview
from gateway.store.reseller.overview import SORTED, LedgerLine, ResellerOverview
from gateway.usecases.work import Work

__all__ = ["SORTED", "LedgerLine", "ResellerOverview"]


async def search_resellers(
    work: Work,
    part: str | None,
    status: str | None,
    *,
    order: str = "login",
    limit: int | None = None,
    offset: int = 0,
) -> tuple[int, list[ResellerOverview]]:
    """Gives the number of resellers whose login has `part`, and some of them in order."""
    return await overview.search(
        work.connection, part, status, order=order, limit=limit, offset=offset
    )


async def show_reseller(work: Work, reseller_id: UUID) -> ResellerOverview:
    """Gives a reseller; raises NotFound."""
    found = await overview.find(work.connection, reseller_id)
    if found is None:
        raise NotFound
    return found


async def list_ledger(
    work: Work, reseller_id: UUID, *, older_than: int | None = None, limit: int
) -> list[LedgerLine]:
    """Gives the newest movements of a reseller's money; with `older_than` those before that one."""
    return await overview.ledger_of(
        work.connection, reseller_id, older_than=older_than, limit=limit
    )
