"""Organizations: the details that resellers, or operators for them, give of a company."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from gateway import ids
from gateway.errors import NotFound, OperatorMistake
from gateway.errors.organization import InvalidDetail
from gateway.rules.organization.organizations import OrganizationDetails, checked
from gateway.store.operation.audit import Change
from gateway.store.organization import organizations
from gateway.store.organization.organizations import StoredOrganization
from gateway.store.reseller import resellers
from gateway.usecases.work import Work

__all__ = ["StoredOrganization"]


async def add_organization(work: Work, *, reseller_id: UUID, details: OrganizationDetails) -> UUID:
    """Adds an organization and gives its id; this validates nothing. Raises InvalidDetail."""
    stated = checked(details)
    organization_id = ids.new_id()
    await organizations.add(
        work.connection,
        organization_id=organization_id,
        reseller_id=reseller_id,
        details=stated,
        created_at=work.now,
    )
    change = Change("organization.added", str(organization_id), None, stated.document())
    await work.record(change)
    return organization_id


async def update_organization(
    work: Work, *, reseller_id: UUID, organization_id: UUID, changes: Mapping[str, Any]
) -> StoredOrganization:
    """Replaces the details in `changes`, named as in OrganizationDetails; identifiers kind by kind.

    Pre-validations keep what was validated: the new details are for the next one (O8). Raises
    InvalidDetail, also for an organization of another reseller.
    """
    before = await organizations.lock(work.connection, organization_id, reseller_id)
    if before is None:
        raise unknown_organization(organization_id)
    identifiers = {**before.details.identifiers, **changes.get("identifiers", {})}
    wanted = {**changes, "identifiers": {kind: text for kind, text in identifiers.items() if text}}
    stated = checked(replace(before.details, **wanted))
    await organizations.update(work.connection, organization_id, stated, work.now)
    change = Change(
        "organization.changed",
        str(organization_id),
        before.details.document(),
        stated.document(),
    )
    await work.record(change)
    return replace(before, details=stated, changed_at=work.now)


async def list_organizations(
    work: Work,
    reseller_id: UUID | None = None,
    *,
    limit: int | None = None,
    offset: int = 0,
) -> list[StoredOrganization]:
    """Gives the organizations, oldest first; those of all resellers without `reseller_id`."""
    return await organizations.list_all(work.connection, reseller_id, limit=limit, offset=offset)


async def show_organization(work: Work, organization_id: UUID) -> StoredOrganization:
    """Gives an organization; raises InvalidDetail when there is none."""
    found = await organizations.find(work.connection, organization_id)
    if found is None:
        raise unknown_organization(organization_id)
    return found


async def find_organization(work: Work, organization_id: UUID) -> StoredOrganization:
    """Gives an organization; raises NotFound when there is none."""
    found = await organizations.find(work.connection, organization_id)
    if found is None:
        raise NotFound
    return found


async def reseller_called(work: Work, login: str) -> UUID:
    """Gives the reseller that an operator names; raises OperatorMistake."""
    reseller = await resellers.lock_by_login(work.connection, login)
    if reseller is None:
        raise OperatorMistake(f"there is no reseller {login!r}")
    return reseller.id


def unknown_organization(organization_id: UUID) -> InvalidDetail:
    """The error for an unknown organization; the same for one of another reseller."""
    return InvalidDetail("organization", f"there is no organization {organization_id}")
