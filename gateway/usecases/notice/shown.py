"""Notices, destinations and deliveries as their reseller sees them."""

from uuid import UUID

from gateway.errors import NotFound
from gateway.store.notice import destinations, listing
from gateway.store.notice.destinations import Destination, ListedNotice
from gateway.store.notice.listing import ListedDelivery
from gateway.usecases.work import Work

__all__ = ["Destination", "ListedDelivery", "ListedNotice"]


async def list_notices(
    work: Work, reseller_id: UUID, *, limit: int, offset: int
) -> tuple[int, list[ListedNotice]]:
    """Gives how many notices a reseller has, and some, the newest first."""
    found = await listing.count_notices(work.connection, reseller_id)
    return found, await destinations.list_notices(
        work.connection, reseller_id, limit=limit, offset=offset
    )


async def show_destination(work: Work, reseller_id: UUID, destination_id: UUID) -> Destination:
    """Gives a destination of a reseller; raises NotFound, also for one that was removed."""
    for found in await destinations.list_all(work.connection, reseller_id):
        if found.id == destination_id:
            return found
    raise NotFound


async def list_deliveries(
    work: Work, destination: Destination, *, limit: int, offset: int
) -> tuple[int, list[ListedDelivery]]:
    """Gives how many notices were or are for a destination, and some, the newest first."""
    return await listing.deliveries(work.connection, destination.id, limit=limit, offset=offset)
