"""Subscriptions as their reseller sees them: the list of all, and one with its names."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from gateway.db.counting import COUNTED_TO
from gateway.db.pool import Connection, Record
from gateway.rules.subscription.terms import State


@dataclass(frozen=True, slots=True)
class SubscriptionSearch:
    """A search over a reseller's EAB credentials; None = any.

    `name` is a part of a name in the subscription, `kid` an EAB key identifier or the id of one of
    its accounts, `state` also `not started`, for those without a subscription. Of what is found,
    `limit` rows from `offset` on are wanted, in the order of `column`.
    """

    reseller_id: UUID
    name: str | None = None
    kid: str | None = None
    order_number: int | None = None
    state: str | None = None
    column: str = "expires"
    descending: bool = False
    limit: int = 50
    offset: int = 0

    @property
    def is_of_all(self) -> bool:
        """Whether nothing is looked for."""
        return (self.name, self.kid, self.order_number, self.state) == (None,) * 4


@dataclass(frozen=True, slots=True)
class Instants:
    """The two moments that part active from grace, and grace from expired."""

    active_from: datetime
    """A subscription that expires then or later is active."""
    grace_from: datetime
    """One that expires then or later is in grace, unless it is active."""


@dataclass(frozen=True, slots=True)
class SubscriptionLine:
    """An EAB credential with its current subscription, if it has one."""

    kid: str
    server: str
    status: str
    suspended: bool
    created_at: datetime
    last_activity: datetime | None
    started_at: datetime | None
    expires_at: datetime | None
    state: State | None
    """None = no subscription was started."""
    number_of_names: int
    names: list[str]
    """Some of them."""


@dataclass(frozen=True, slots=True)
class CredentialDetails:
    """An EAB credential, its server, and its current subscription."""

    kid: str
    server: str
    server_path: str
    validation: str
    status: str
    suspended: bool
    term_days: int
    created_at: datetime
    last_activity: datetime | None
    subscription_id: UUID | None
    started_at: datetime | None
    expires_at: datetime | None
    number_of_names: int


_MATCHED = """
        SELECT eab.kid, server.name AS server, eab.status, eab.suspended, eab.created_at,
               eab.last_activity, current.id AS subscription_id, current.started_at,
               current.expires_at,
               CASE WHEN current.expires_at >= $6 THEN 'active'
                    WHEN current.expires_at >= $7 THEN 'grace'
                    WHEN current.expires_at IS NOT NULL THEN 'expired' END AS state
          FROM subscription.eab_credential eab
          JOIN acme.server ON server.id = eab.server_id
          LEFT JOIN subscription.subscription current
            ON current.kid = eab.kid AND current.superseded_at IS NULL
         WHERE eab.reseller_id = $1
           AND ($2::text IS NULL
                OR current.id IN (
                       SELECT own.id
                         FROM subscription.eab_credential holder
                         JOIN subscription.subscription own
                           ON own.kid = holder.kid AND own.superseded_at IS NULL
                        WHERE holder.reseller_id = $1
                          AND EXISTS (SELECT
                                        FROM subscription.domain
                                       WHERE domain.subscription_id = own.id
                                         AND domain.removed_at IS NULL
                                         AND strpos(domain.name, $2) > 0)))
           AND ($3::text IS NULL
                OR eab.kid = $3
                OR EXISTS (SELECT
                             FROM acme.account
                            WHERE account.id = $3 AND account.kid = eab.kid))
           AND ($4::bigint IS NULL
                OR EXISTS (SELECT
                             FROM subscription.purchase_line line
                             JOIN subscription.domain ON domain.id = line.domain_id
                             JOIN subscription.subscription bought
                               ON bought.id = domain.subscription_id
                            WHERE line.order_number = $4 AND bought.kid = eab.kid))
           AND ($5::text IS NULL
                OR $5 = CASE WHEN current.expires_at >= $6 THEN 'active'
                             WHEN current.expires_at >= $7 THEN 'grace'
                             WHEN current.expires_at IS NOT NULL THEN 'expired'
                             ELSE 'not started' END)
"""

SOME_NAMES = """
          LEFT JOIN LATERAL (
               SELECT count(*) AS number,
                      (array_agg(name ORDER BY order_number, free_because IS NOT NULL))[1:3]
                          AS some
                 FROM subscription.domain
                WHERE domain.subscription_id = page.subscription_id
                  AND domain.removed_at IS NULL) AS listed ON true
"""
"""For the credentials in `page`: how many names, and some of them."""

_ORDERS: Mapping[str, str] = {
    "expires": "coalesce(state = 'expired', false), expires_at {} NULLS LAST, kid",
    "kid": "kid {}",
    "server": "server {}, kid",
    "created": "created_at {}, kid",
    "active": "last_activity {} NULLS LAST, kid",
}
COLUMNS = tuple(_ORDERS)
"""By which the list can be sorted. By `expires`, what has expired comes after all else."""


_AFTER = f"""
        WITH page AS (
            {_MATCHED}
               AND ($8::timestamptz IS NULL OR (eab.created_at, eab.kid) > ($8, $9::text))
             ORDER BY eab.created_at, eab.kid
             LIMIT $10)
        SELECT page.*, listed.number AS number_of_names, listed.some
          FROM page
          {SOME_NAMES}
         ORDER BY page.created_at, page.kid
"""  # noqa: S608  of constants


def _search_by(order: str) -> str:
    return f"""
        WITH matched AS MATERIALIZED ({_MATCHED}), page AS (
            SELECT *
              FROM matched
             ORDER BY {order}
             LIMIT $8
            OFFSET $9)
        SELECT total.found, page.*, listed.number AS number_of_names, listed.some
          FROM (SELECT least(count(*), {COUNTED_TO}) AS found FROM matched) AS total
          LEFT JOIN page ON true
          {SOME_NAMES}
         ORDER BY {order}
"""  # noqa: S608  of constants


async def search(
    connection: Connection, wanted: SubscriptionSearch, instants: Instants
) -> tuple[int, list[SubscriptionLine]]:
    """Gives how many are found, counted up to COUNTED_TO, and the wanted ones of them."""
    order = _ORDERS[wanted.column].format("DESC" if wanted.descending else "ASC")
    rows = await connection.fetch(
        _search_by(order),
        *_arguments(wanted, instants),
        wanted.limit,
        wanted.offset,
    )
    return rows[0]["found"], [line_of(row) for row in rows if row["kid"] is not None]


async def count(connection: Connection, reseller_id: UUID) -> int:
    """How many credentials a reseller has, counted up to COUNTED_TO."""
    found: int = await connection.fetchval(
        """
        SELECT count(*)
          FROM (SELECT
                  FROM subscription.eab_credential
                 WHERE reseller_id = $1
                 LIMIT $2::bigint) AS each
        """,
        reseller_id,
        COUNTED_TO,
    )
    return found


async def after(
    connection: Connection,
    wanted: SubscriptionSearch,
    instants: Instants,
    last: tuple[datetime, str] | None,
) -> list[SubscriptionLine]:
    """Gives the next `limit` that are found, oldest first; `last` is (created_at, kid) of one.

    All pages together cost one reading of the list, and no connection is held between them.
    """
    created_at, kid = last or (None, None)
    rows = await connection.fetch(
        _AFTER,
        *_arguments(wanted, instants),
        created_at,
        kid,
        wanted.limit,
    )
    return [line_of(row) for row in rows]


async def find(connection: Connection, reseller_id: UUID, kid: str) -> CredentialDetails | None:
    """Finds a reseller's EAB credential with its current subscription."""
    row = await connection.fetchrow(
        """
        SELECT eab.kid, server.name AS server, server.path AS server_path, server.validation,
               eab.status, eab.suspended, eab.term_days, eab.created_at, eab.last_activity,
               current.id AS subscription_id, current.started_at, current.expires_at,
               (SELECT count(*)
                  FROM subscription.domain
                 WHERE domain.subscription_id = current.id
                   AND domain.removed_at IS NULL) AS number_of_names
          FROM subscription.eab_credential eab
          JOIN acme.server ON server.id = eab.server_id
          LEFT JOIN subscription.subscription current
            ON current.kid = eab.kid AND current.superseded_at IS NULL
         WHERE eab.kid = $1
           AND eab.reseller_id = $2
        """,
        kid,
        reseller_id,
    )
    return CredentialDetails(**row) if row else None


def _arguments(wanted: SubscriptionSearch, instants: Instants) -> tuple[Any, ...]:
    return (
        wanted.reseller_id,
        wanted.name,
        wanted.kid,
        wanted.order_number,
        wanted.state,
        instants.active_from,
        instants.grace_from,
    )


def line_of(row: Record) -> SubscriptionLine:
    """A row of the list."""
    return SubscriptionLine(
        row["kid"],
        row["server"],
        row["status"],
        row["suspended"],
        row["created_at"],
        row["last_activity"],
        row["started_at"],
        row["expires_at"],
        row["state"],
        row["number_of_names"],
        row["some"] or [],
    )
