"""SiteLock licences as their reseller sees them; nothing is locked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from gateway.db.counting import COUNTED_TO
from gateway.db.pool import Connection
from gateway.rules.sitelock.licences import Licence
from gateway.store.sitelock.licences import StoredLicence

_ORDERS = {
    ("number", False): "number",
    ("number", True): "number DESC",
    ("domain", False): "domain_name, number",
    ("domain", True): "domain_name DESC, number DESC",
    ("ends", False): "expires_at, number",
    ("ends", True): "expires_at DESC NULLS LAST, number DESC",
}
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

    They are counted up to COUNTED_TO.

    `order` is one of COLUMNS and whether it descends; `window` is limit and offset.
    """
    rows = await connection.fetch(
        _page_by(_ORDERS[order]), reseller_id, now, status, *window, COUNTED_TO
    )
    listed = [
        ListedLicence(**{name: value for name, value in row.items() if name != "found"})
        for row in rows
        if row["number"] is not None
    ]
    return rows[0]["found"], listed


def _page_by(order: str) -> str:
    return f"""
        WITH found AS NOT MATERIALIZED (
            SELECT *
              FROM sitelock.licence
             WHERE reseller_id = $1
               AND ($3::text IS NULL
                    OR $3 = CASE WHEN status = 'active' AND expires_at <= $2 THEN 'expired'
                                 ELSE status END)
        ), wanted AS (
            SELECT *, row_number() OVER (ORDER BY {order}) AS place
              FROM (SELECT * FROM found ORDER BY {order} LIMIT $4 OFFSET $5) AS page
        )
        SELECT (SELECT count(*) FROM (SELECT FROM found LIMIT $6::bigint) AS each) AS found,
               wanted.number, wanted.domain_name, wanted.product, wanted.days, wanted.expires_at,
               CASE WHEN wanted.status = 'active' AND wanted.expires_at <= $2 THEN 'expired'
                    ELSE wanted.status END AS status,
               ARRAY(SELECT add_on.product
                       FROM sitelock.add_on
                      WHERE add_on.licence_id = wanted.id
                        AND add_on.ended_at IS NULL
                        AND add_on.expires_at > $2
                      ORDER BY add_on.product) AS add_ons
          FROM (SELECT) AS one
          LEFT JOIN wanted ON true
         ORDER BY wanted.place
        """  # noqa: S608  one of _ORDERS


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
