"""Organizations and pre-validations as their reseller sees them; nothing is locked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.db.pool import Connection

COLUMNS = ("name", "created", "expires")
"""What the list of organizations can be sorted by."""


@dataclass(frozen=True, slots=True)
class ListedOrganization:
    """An organization in the list.

    `waiting` counts its pre-validations that are to be decided; `valid_until` is the last expiry of
    those that are valid, None = there is none.
    """

    id: UUID
    name: str
    country: str
    created_at: datetime
    waiting: int
    valid_until: datetime | None


@dataclass(frozen=True, slots=True)
class LeaningName:
    """A name that is linked to a pre-validation, with its credential and its subscription's end."""

    name: str
    kid: str
    expires_at: datetime


async def page(
    connection: Connection,
    reseller_id: UUID,
    now: datetime,
    *,
    order: tuple[str, bool],
    window: tuple[int, int],
) -> tuple[int, list[ListedOrganization]]:
    """Gives how many organizations a reseller has, and some of them.

    `order` is one of COLUMNS and whether it descends; `window` is limit and offset.
    """
    rows = await connection.fetch(
        """
        WITH found AS (
            SELECT organization.id, name, country, created_at,
                   count(held.number) FILTER (
                       WHERE held.state IN ('requested', 'in_validation')) AS waiting,
                   max(held.expires_at) FILTER (
                       WHERE held.state = 'valid' AND held.expires_at >= $2) AS valid_until
              FROM organization.organization
              LEFT JOIN organization.prevalidation held
                ON held.organization_id = organization.id
             WHERE organization.reseller_id = $1
             GROUP BY organization.id
        ), wanted AS (
            SELECT *, row_number() OVER (
                       ORDER BY CASE WHEN $3 = 'name' AND NOT $4 THEN name END,
                                CASE WHEN $3 = 'name' AND $4 THEN name END DESC,
                                CASE WHEN $3 = 'created' AND NOT $4 THEN created_at END,
                                CASE WHEN $3 = 'created' AND $4 THEN created_at END DESC,
                                CASE WHEN $3 = 'expires' AND NOT $4 THEN valid_until END,
                                CASE WHEN $3 = 'expires' AND $4 THEN valid_until END
                                    DESC NULLS LAST,
                                id) AS place
              FROM found
             ORDER BY place
             LIMIT $5
            OFFSET $6
        )
        SELECT (SELECT count(*) FROM found) AS found, wanted.id, wanted.name, wanted.country,
               wanted.created_at, wanted.waiting, wanted.valid_until
          FROM (SELECT) AS one
          LEFT JOIN wanted ON true
         ORDER BY wanted.place
        """,
        reseller_id,
        now.replace(microsecond=0),
        *order,
        *window,
    )
    listed = [
        ListedOrganization(**{name: value for name, value in row.items() if name != "found"})
        for row in rows
        if row["id"] is not None
    ]
    return rows[0]["found"], listed


async def leaning_names(
    connection: Connection, number: int, *, limit: int, offset: int
) -> tuple[int, Sequence[LeaningName]]:
    """Gives how many names of current subscriptions a pre-validation has, and some of them."""
    rows = await connection.fetch(
        """
        WITH linked AS (
            SELECT domain.name, subscription.kid, subscription.expires_at
              FROM subscription.domain
              JOIN subscription.subscription
                ON subscription.id = domain.subscription_id
               AND subscription.superseded_at IS NULL
             WHERE domain.ov_anchor = $1
               AND domain.removed_at IS NULL
        ), wanted AS (
            SELECT *
              FROM linked
             ORDER BY name, kid
             LIMIT $2
            OFFSET $3
        )
        SELECT (SELECT count(*) FROM linked) AS found, wanted.*
          FROM (SELECT) AS one
          LEFT JOIN wanted ON true
         ORDER BY wanted.name, wanted.kid
        """,
        number,
        limit,
        offset,
    )
    names = [
        LeaningName(row["name"], row["kid"], row["expires_at"])
        for row in rows
        if row["name"] is not None
    ]
    return rows[0]["found"], names


async def find_renewal_mode(connection: Connection, reseller_id: UUID) -> str:
    """Whether the gateway renews a reseller's pre-validations (auto) or the reseller (manual)."""
    mode: str = await connection.fetchval(
        """
        SELECT renewal_mode
          FROM reseller.account
         WHERE id = $1
        """,
        reseller_id,
    )
    return mode
