"""Organizations and pre-validations as their reseller sees them. Another's are not found."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from gateway.errors import NotFound
from gateway.store.organization import listing, organizations, prevalidations
from gateway.store.organization.listing import COLUMNS, LeaningName, ListedOrganization
from gateway.store.organization.organizations import StoredOrganization
from gateway.store.organization.prevalidations import Prevalidation
from gateway.usecases.work import Work

__all__ = ["COLUMNS", "LeaningName", "ListedOrganization"]

MOST_SHOWN = 200
"""The most pre-validations on a page."""


@dataclass(frozen=True, slots=True)
class ShownPrevalidation:
    """A pre-validation, and the names that depend on it: how many, and one page of them.

    `successors` are those of the reseller that are valid now and to which the names can be moved.
    """

    own: Prevalidation
    renewal_mode: str
    found: int
    names: Sequence[LeaningName]
    successors: Sequence[Prevalidation]


async def list_organizations(
    work: Work,
    reseller_id: UUID,
    *,
    order: tuple[str, bool],
    window: tuple[int, int],
) -> tuple[int, list[ListedOrganization]]:
    """Gives how many organizations a reseller has, and some of them.

    `order` is one of COLUMNS and whether it descends; `window` is limit and offset.
    """
    return await listing.page(work.connection, reseller_id, work.now, order=order, window=window)


async def renewal_mode(work: Work, reseller_id: UUID) -> str:
    """Whether the gateway renews a reseller's pre-validations (auto) or the reseller (manual)."""
    return await listing.find_renewal_mode(work.connection, reseller_id)


async def show_organization(
    work: Work, reseller_id: UUID, organization_id: UUID
) -> StoredOrganization:
    """Gives an organization of a reseller; raises NotFound."""
    found = await organizations.find(work.connection, organization_id, reseller_id=reseller_id)
    if found is None:
        raise NotFound
    return found


async def show_prevalidation(
    work: Work,
    reseller_id: UUID,
    number: int,
    *,
    limit: int,
    offset: int,
) -> ShownPrevalidation:
    """Gives a pre-validation of a reseller; raises NotFound."""
    own = await find_prevalidation(work, reseller_id, number)
    found, names = await listing.leaning_names(work.connection, number, limit=limit, offset=offset)
    others = await prevalidations.list_all(work.connection, reseller_id=reseller_id)
    successors = [
        each for each in others if each.number != number and each.validity.holds(work.now)
    ]
    mode = await listing.find_renewal_mode(work.connection, reseller_id)
    return ShownPrevalidation(own, mode, found, names, successors[-MOST_SHOWN:])


async def find_prevalidation(work: Work, reseller_id: UUID, number: int) -> Prevalidation:
    """Gives a pre-validation of a reseller; raises NotFound."""
    own = await prevalidations.find(work.connection, number, reseller_id=reseller_id)
    if own is None:
        raise NotFound
    return own
