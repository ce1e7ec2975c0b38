"""SiteLock licences as their reseller sees them; nothing is locked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from gateway.db.pool import Connection
from gateway.rules.sitelock.licences import Licence
from gateway.store.sitelock.licences import StoredLicence

COLUMNS = ("number", "domain", "ends")
"""What the list can be sorted by."""
STATES = ("active", "expired", "cancelled", "refunded")


@dataclass(frozen=True, slots=True)
class ListedLicence:
    """A licence in the list; `status` as it is now, `add_ons` those that have not ended."""

    number: int
    domain_name: str
    product: int
    days: int
    status: str
    expires_at: datetime | None
    add_ons: list[int]


@dataclass(frozen=True, slots=True)
class KnownLicence:
    """A licence with what was stated when it was ordered."""

    stored: StoredLicence
    email: str
    created_at: datetime
    ended_at: datetime | None


async def page(
    connection: Connection,
    reseller_id: UUID,
    now: datetime,
    status: str | None,
    *,
    order: tuple[str, bool],
    window: tuple[int, int],
) -> tuple[int, list[ListedLicence]]:
    """Gives how many licences there are, in any status or in one, and some of them.

    `order` is one of COLUMNS and whether it descends; `window` is limit and offset.
    """
    rows = await connection.fetch(
        """
        WITH held AS (
            SELECT licence.*,
                   CASE WHEN licence.status = 'active' AND expires_at <= $2 THEN 'expired'
                        ELSE licence.status END AS status_now
              FROM sitelock.licence
             WHERE reseller_id = $1
        ), found AS (
            SELECT *
              FROM held
             WHERE $3::text IS NULL OR status_now = $3
        ), wanted AS (
            SELECT *, row_number() OVER (
                       ORDER BY CASE WHEN $4 = 'domain' AND NOT $5 THEN domain_name END,
                                CASE WHEN $4 = 'domain' AND $5 THEN domain_name END DESC,
                                CASE WHEN $4 = 'ends' AND NOT $5 THEN expires_at END,
                                CASE WHEN $4 = 'ends' AND $5 THEN expires_at END DESC NULLS LAST,
                                CASE WHEN $4 = 'number' AND NOT $5 THEN number END,
                                number DESC) AS place
              FROM found
             ORDER BY place
             LIMIT $6
            OFFSET $7
        )
        SELECT (SELECT count(*) FROM found) AS found, wanted.number, wanted.domain_name,
               wanted.product, wanted.days, wanted.status_now AS status, wanted.expires_at,
               ARRAY(SELECT add_on.product
                       FROM sitelock.add_on
                      WHERE add_on.licence_id = wanted.id
                        AND add_on.ended_at IS NULL
                        AND add_on.expires_at > $2
                      ORDER BY add_on.product) AS add_ons
          FROM (SELECT) AS one
          LEFT JOIN wanted ON true
         ORDER BY wanted.place
        """,
        reseller_id,
        now,
        status,
        *order,
        *window,
    )
    listed = [
        ListedLicence(**{name: value for name, value in row.items() if name != "found"})
        for row in rows
        if row["number"] is not None
    ]
    return rows[0]["found"], listed


async def find(connection: Connection, reseller_id: UUID, number: int) -> KnownLicence | None:
    """Finds a licence of a reseller by its number."""
    row = await connection.fetchrow(
        """
        SELECT licence.*,
               coalesce((SELECT jsonb_object_agg(add_on.product, add_on.expires_at)
                           FROM sitelock.add_on
                          WHERE add_on.licence_id = licence.id
                            AND add_on.ended_at IS NULL), '{}') AS add_ons
          FROM sitelock.licence
         WHERE reseller_id = $1
           AND number = $2
        """,
        reseller_id,
        number,
    )
    if row is None:
        return None
    facts = Licence(
        row["product"],
        row["days"],
        row["status"],
        row["period_started_at"],
        row["expires_at"],
        _add_ons(row["add_ons"]),
    )
    stored = StoredLicence(row["id"], row["number"], row["domain_name"], facts)
    return KnownLicence(stored, row["email"], row["created_at"], row["ended_at"])


def _add_ons(sent: Mapping[str, Any]) -> dict[int, datetime]:
    return {int(product): datetime.fromisoformat(ends) for product, ends in sent.items()}
