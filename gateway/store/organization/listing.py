"""Organizations and pre-validations as their reseller sees them; nothing is locked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.db.counting import COUNTED_TO
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


def _page_by(order: tuple[str, bool], limit: int) -> str:
    # PostgreSQL plans without values, but must know that few rows are wanted.
    by, page = _ORDERS[order], f"LIMIT {limit} OFFSET $3"
    if order[0] == "expires":  # all pre-validations of the reseller are looked at
        wanted = f"""
            SELECT organization.id, organization.name, country, created_at, {_HELD}
              FROM organization.organization
              LEFT JOIN organization.prevalidation held ON held.organization_id = organization.id
             WHERE organization.reseller_id = $1
             GROUP BY organization.id
             ORDER BY {by}
             {page}"""  # noqa: S608  constants, and a number
    else:
        wanted = f"""
            SELECT organization.id, organization.name, country, created_at, held.*
              FROM (SELECT id, name, country, created_at
                      FROM organization.organization
                     WHERE reseller_id = $1
                     ORDER BY {by}
                     {page}) AS organization
             CROSS JOIN LATERAL (
                   SELECT {_HELD}
                     FROM organization.prevalidation held
                    WHERE held.organization_id = organization.id) AS held"""  # noqa: S608  the same
    return f"""
        WITH wanted AS ({wanted}
        )
        SELECT (SELECT count(*)
                  FROM (SELECT
                          FROM organization.organization
                         WHERE reseller_id = $1
                         LIMIT $4::bigint) AS each) AS found,
               wanted.id, wanted.name, wanted.country, wanted.created_at, wanted.waiting,
               wanted.valid_until
          FROM (SELECT) AS one
          LEFT JOIN wanted ON true
         ORDER BY {by}
        """  # noqa: S608  constants, and a number


_HELD = """count(held.number) FILTER (
                   WHERE held.state IN ('requested', 'in_validation')) AS waiting,
               max(held.expires_at) FILTER (
                   WHERE held.state = 'valid' AND held.expires_at >= $2) AS valid_until"""
_ORDERS = {
    ("name", False): "name, id",
    ("name", True): "name DESC, id DESC",
    ("created", False): "created_at, id",
    ("created", True): "created_at DESC, id DESC",
    ("expires", False): "valid_until, id",
    ("expires", True): "valid_until DESC NULLS LAST, id",
}


async def page(
    connection: Connection,
    reseller_id: UUID,
    now: datetime,
    *,
    order: tuple[str, bool],
    window: tuple[int, int],
) -> tuple[int, list[ListedOrganization]]:
    """Gives how many organizations a reseller has, counted up to COUNTED_TO, and some of them.

    `order` is one of COLUMNS and whether it descends; `window` is limit and offset.
    """
    limit, offset = window
    rows = await connection.fetch(
        _page_by(order, limit),
        reseller_id,
        now.replace(microsecond=0),
        offset,
        COUNTED_TO,
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
    """Gives how many names of current subscriptions a pre-validation has, and some of them.

    They are counted up to COUNTED_TO.
    """
    rows = await connection.fetch(
        """
        WITH linked AS NOT MATERIALIZED (
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
        SELECT (SELECT count(*) FROM (SELECT FROM linked LIMIT $4::bigint) AS each) AS found,
               wanted.*
          FROM (SELECT) AS one
          LEFT JOIN wanted ON true
         ORDER BY wanted.name, wanted.kid
        """,
        number,
        limit,
        offset,
        COUNTED_TO,
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
