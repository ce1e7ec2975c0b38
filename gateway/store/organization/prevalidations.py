"""Pre-validations of organizations.

Locks: a pre-validation's row comes before the EAB credentials of the names that are linked to it.
Linking a name takes a share lock, deciding takes an exclusive one: so no name is linked to a
pre-validation while it is being rejected, and all credentials that this concerns are known.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from gateway.db.pool import Connection, Record
from gateway.rules.organization.organizations import OrganizationDetails
from gateway.rules.organization.prevalidations import Validity


@dataclass(frozen=True, slots=True)
class Prevalidation:
    """A row of organization.prevalidation with its domains; `details` as validated."""

    number: int
    organization_id: UUID
    reseller_id: UUID
    reseller: str
    type: str
    state: str
    details: OrganizationDetails
    requested_at: datetime
    valid_from: datetime | None
    expires_at: datetime | None
    previous_number: int | None
    evidence: str
    domains: list[str]

    @property
    def validity(self) -> Validity:
        return Validity(self.state, self.valid_from, self.expires_at)


@dataclass(frozen=True, slots=True)
class UndecidedPrevalidation:
    """One that operators are to decide on.

    Its organization has `documents`, and is asked for `unanswered` others.
    """

    own: Prevalidation
    documents: int
    unanswered: int


@dataclass(frozen=True, slots=True)
class PrevalidationRow:
    """A pre-validation to be stored: all but the number, which the database assigns."""

    organization_id: UUID
    reseller_id: UUID
    type: str
    validity: Validity
    details: OrganizationDetails
    domains: Sequence[str]
    requested_at: datetime
    previous_number: int | None = None
    evidence: str = ""


async def add(connection: Connection, row: PrevalidationRow) -> int:
    """Stores a new pre-validation; gives its number.

    Raises asyncpg.UniqueViolationError when `previous_number` has been renewed before.
    """
    number: int = await connection.fetchval(
        """
        WITH added AS (
            INSERT INTO organization.prevalidation
                   (organization_id, reseller_id, type, state, details, requested_at,
                    valid_from, expires_at, previous_number, evidence)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            RETURNING number
        ), covered AS (
            INSERT INTO organization.prevalidation_domain (number, name)
            SELECT added.number, covered.name
              FROM added
             CROSS JOIN unnest($11::text[]) AS covered (name)
        )
        SELECT number FROM added
        """,
        row.organization_id,
        row.reseller_id,
        row.type,
        row.validity.state,
        row.details.document(),
        row.requested_at,
        row.validity.valid_from,
        row.validity.expires_at,
        row.previous_number,
        row.evidence,
        list(row.domains),
    )
    return number


async def find(
    connection: Connection, number: int, *, reseller_id: UUID | None = None
) -> Prevalidation | None:
    """Finds a pre-validation, with `reseller_id` only one of that reseller; takes no lock."""
    row = await connection.fetchrow(
        """
        SELECT prevalidation.*, account.login AS reseller,
               ARRAY(SELECT covered.name
                       FROM organization.prevalidation_domain covered
                      WHERE covered.number = prevalidation.number
                      ORDER BY covered.name) AS domains
          FROM organization.prevalidation
          JOIN reseller.account ON account.id = prevalidation.reseller_id
         WHERE prevalidation.number = $1
           AND ($2::uuid IS NULL OR prevalidation.reseller_id = $2)
        """,
        number,
        reseller_id,
    )
    return _prevalidation(row) if row else None


async def lock_for_decision(
    connection: Connection, numbers: Collection[int], *, reseller_id: UUID | None = None
) -> None:
    """Locks exclusively, in the order of the numbers: nobody can link a name meanwhile.

    With `reseller_id` those of others are left alone.
    """
    await connection.execute(
        """
        SELECT
          FROM organization.prevalidation
         WHERE number = ANY ($1)
           AND ($2::uuid IS NULL OR reseller_id = $2)
         ORDER BY number
           FOR NO KEY UPDATE
        """,
        sorted(numbers),
        reseller_id,
    )


async def lock_for_linking(
    connection: Connection, numbers: Collection[int], reseller_id: UUID
) -> None:
    """Takes share locks in the order of the numbers: the states stay until the transaction ends."""
    await connection.execute(
        """
        SELECT
          FROM organization.prevalidation
         WHERE number = ANY ($1)
           AND reseller_id = $2
         ORDER BY number
           FOR SHARE
        """,
        sorted(numbers),
        reseller_id,
    )


async def list_all(
    connection: Connection,
    *,
    reseller_id: UUID | None = None,
    organization_id: UUID | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> list[Prevalidation]:
    """Gives pre-validations in the order of their numbers."""
    rows = await connection.fetch(
        """
        SELECT prevalidation.*, account.login AS reseller,
               ARRAY(SELECT covered.name
                       FROM organization.prevalidation_domain covered
                      WHERE covered.number = prevalidation.number
                      ORDER BY covered.name) AS domains
          FROM organization.prevalidation
          JOIN reseller.account ON account.id = prevalidation.reseller_id
         WHERE ($1::uuid IS NULL OR prevalidation.reseller_id = $1)
           AND ($2::uuid IS NULL OR prevalidation.organization_id = $2)
         ORDER BY prevalidation.number
         LIMIT $3
        OFFSET $4
        """,
        reseller_id,
        organization_id,
        limit,
        offset,
    )
    return [_prevalidation(row) for row in rows]


async def list_undecided(connection: Connection, limit: int) -> list[UndecidedPrevalidation]:
    """Gives those that operators are to decide on, the oldest first."""
    rows = await connection.fetch(
        """
        SELECT prevalidation.*, account.login AS reseller,
               ARRAY(SELECT covered.name
                       FROM organization.prevalidation_domain covered
                      WHERE covered.number = prevalidation.number
                      ORDER BY covered.name) AS domains,
               (SELECT count(*)
                  FROM organization.document
                 WHERE document.organization_id = prevalidation.organization_id) AS documents,
               (SELECT count(*)
                  FROM organization.asked_document asked
                 WHERE asked.organization_id = prevalidation.organization_id
                   AND asked.answered_by IS NULL) AS unanswered
          FROM organization.prevalidation
          JOIN reseller.account ON account.id = prevalidation.reseller_id
         WHERE prevalidation.state IN ('requested', 'in_validation')
         ORDER BY prevalidation.number
         LIMIT $1
        """,
        limit,
    )
    return [
        UndecidedPrevalidation(_prevalidation(row), row["documents"], row["unanswered"])
        for row in rows
    ]


async def set_state(
    connection: Connection,
    number: int,
    state: str,
    *,
    valid_from: datetime | None = None,
    expires_at: datetime | None = None,
) -> None:
    """Moves a locked pre-validation to `state`; dates that are not given stay as they are."""
    await connection.execute(
        """
        UPDATE organization.prevalidation
           SET state = $2,
               valid_from = coalesce($3, valid_from),
               expires_at = coalesce($4, expires_at)
         WHERE number = $1
        """,
        number,
        state,
        valid_from,
        expires_at,
    )


async def append_evidence(connection: Connection, number: int, line: str) -> None:
    """Adds a line to the notes."""
    await connection.execute(
        """
        UPDATE organization.prevalidation
           SET evidence = concat_ws(E'\\n', nullif(evidence, ''), $2::text)
         WHERE number = $1
        """,
        number,
        line,
    )


def _prevalidation(row: Record) -> Prevalidation:
    values: dict[str, Any] = {each.name: row[each.name] for each in fields(Prevalidation)}
    return Prevalidation(**{**values, "details": OrganizationDetails.from_document(row["details"])})
