"""Organizations, as their resellers describe them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.db.pool import Connection, Record
from gateway.rules.organization.organizations import OrganizationDetails


@dataclass(frozen=True, slots=True)
class StoredOrganization:
    """A row of organization.organization."""

    id: UUID
    reseller_id: UUID
    reseller: str
    details: OrganizationDetails
    created_at: datetime
    changed_at: datetime


async def add(
    connection: Connection,
    *,
    organization_id: UUID,
    reseller_id: UUID,
    details: OrganizationDetails,
    created_at: datetime,
) -> None:
    await connection.execute(
        """
        INSERT INTO organization.organization
               (id, reseller_id, created_at, changed_at, name, street, locality,
                state_or_province, postal_code, country, applicant_name, applicant_email,
                applicant_phone, identifiers)
        VALUES ($1, $2, $3, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        """,
        organization_id,
        reseller_id,
        created_at,
        *_values(details),
    )


async def update(
    connection: Connection,
    organization_id: UUID,
    details: OrganizationDetails,
    changed_at: datetime,
) -> None:
    """Replaces all details; pre-validations keep what was validated."""
    await connection.execute(
        """
        UPDATE organization.organization
           SET changed_at = $2,
               name = $3,
               street = $4,
               locality = $5,
               state_or_province = $6,
               postal_code = $7,
               country = $8,
               applicant_name = $9,
               applicant_email = $10,
               applicant_phone = $11,
               identifiers = $12
         WHERE id = $1
        """,
        organization_id,
        changed_at,
        *_values(details),
    )


async def find(
    connection: Connection, organization_id: UUID, *, reseller_id: UUID | None = None
) -> StoredOrganization | None:
    """Finds an organization; with `reseller_id` only one of that reseller."""
    row = await connection.fetchrow(
        """
        SELECT organization.*, account.login AS reseller
          FROM organization.organization
          JOIN reseller.account ON account.id = organization.reseller_id
         WHERE organization.id = $1
           AND ($2::uuid IS NULL OR organization.reseller_id = $2)
        """,
        organization_id,
        reseller_id,
    )
    return _organization(row) if row else None


async def lock(
    connection: Connection, organization_id: UUID, reseller_id: UUID | None = None
) -> StoredOrganization | None:
    """Gives an organization, its row locked until the transaction ends.

    With `reseller_id` only one of that reseller.
    """
    row = await connection.fetchrow(
        """
        SELECT organization.*, account.login AS reseller
          FROM organization.organization
          JOIN reseller.account ON account.id = organization.reseller_id
         WHERE organization.id = $1
           AND ($2::uuid IS NULL OR organization.reseller_id = $2)
           FOR NO KEY UPDATE OF organization
        """,
        organization_id,
        reseller_id,
    )
    return _organization(row) if row else None


async def list_all(
    connection: Connection,
    reseller_id: UUID | None = None,
    *,
    limit: int | None = None,
    offset: int = 0,
) -> list[StoredOrganization]:
    """Gives organizations, oldest first; those of all resellers without `reseller_id`."""
    rows = await connection.fetch(
        """
        SELECT organization.*, account.login AS reseller
          FROM organization.organization
          JOIN reseller.account ON account.id = organization.reseller_id
         WHERE $1::uuid IS NULL OR organization.reseller_id = $1
         ORDER BY organization.created_at, organization.id
         LIMIT $2
        OFFSET $3
        """,
        reseller_id,
        limit,
        offset,
    )
    return [_organization(row) for row in rows]


def _values(details: OrganizationDetails) -> tuple[object, ...]:
    return (
        details.name,
        details.street,
        details.locality,
        details.state_or_province,
        details.postal_code,
        details.country,
        details.applicant_name,
        details.applicant_email,
        details.applicant_phone,
        dict(details.identifiers),
    )


def _organization(row: Record) -> StoredOrganization:
    return StoredOrganization(
        row["id"],
        row["reseller_id"],
        row["reseller"],
        OrganizationDetails.from_document(dict(row)),
        row["created_at"],
        row["changed_at"],
    )
