"""Organizations: what resellers, or operators for them, state about a company."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from gateway import ids
from gateway.db.pool import Connection
from gateway.errors import OperatorMistake
from gateway.rules.organization.organizations import Details, InvalidDetail, checked
from gateway.store.operation.audit import Change
from gateway.store.organization import organizations
from gateway.store.organization.organizations import Organization
from gateway.store.reseller import resellers
from gateway.usecases.work import Work

__all__ = ["Organization"]


async def add_organization(work: Work, *, reseller_id: UUID, details: Details) -> UUID:
    """Gives the id of the new organization; nothing is validated by that. Raises InvalidDetail."""
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
) -> Organization:
    """Replaces the details in `changes`, named as in Details; identifiers kind by kind.

    Pre-validations keep what was validated: the new details are for the next one (O8). Raises
    InvalidDetail, also for an organization that is not theirs.
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
    connection: Connection,
    reseller_id: UUID | None = None,
    *,
    limit: int | None = None,
    offset: int = 0,
) -> list[Organization]:
    """Oldest first; of all resellers without `reseller_id`."""
    return await organizations.list_all(connection, reseller_id, limit=limit, offset=offset)


async def show_organization(connection: Connection, organization_id: UUID) -> Organization:
    """Raises InvalidDetail when there is none."""
    found = await organizations.find(connection, organization_id)
    if found is None:
        raise unknown_organization(organization_id)
    return found


async def reseller_called(connection: Connection, login: str) -> UUID:
    """The reseller an operator names; raises OperatorMistake."""
    reseller = await resellers.lock_by_login(connection, login)
    if reseller is None:
        raise OperatorMistake(f"there is no reseller {login!r}")
    return reseller.id


def unknown_organization(organization_id: UUID) -> InvalidDetail:
    """The same for an organization of somebody else and for none at all."""
    return InvalidDetail("organization", f"there is no organization {organization_id}")
