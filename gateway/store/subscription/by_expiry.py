"""The list of a reseller's subscriptions by their end, without sorting all of them."""

from functools import cache

from gateway.db.pool import Connection
from gateway.store.subscription.overview import (
    SOME_NAMES,
    Instants,
    SubscriptionLine,
    SubscriptionSearch,
    line_of,
)


async def page(
    connection: Connection, wanted: SubscriptionSearch, instants: Instants
) -> list[SubscriptionLine]:
    """Gives the wanted part of all credentials of a reseller, in the order of `expires`.

    It goes by the index of all subscriptions' ends until it has so many of this reseller's, which
    is fast for one that has many of them.
    """
    most = 1 << (wanted.limit + wanted.offset).bit_length()  # so that there are few statements
    rows = await connection.fetch(
        _walk_by("DESC" if wanted.descending else "ASC", most),
        wanted.reseller_id,
        instants.active_from,
        instants.grace_from,
        wanted.limit,
        wanted.offset,
    )
    return [line_of(row) for row in rows]


@cache
def _walk_by(direction: str, limit: int) -> str:
    # PostgreSQL plans without values, but must know that few rows are wanted.
    listed = """
            SELECT eab.kid, eab.server_id, eab.status, eab.suspended, eab.created_at,
                   eab.last_activity, current.id AS subscription_id, current.started_at,
                   current.expires_at"""
    subscribed = f"""
            {listed}
              FROM subscription.subscription current
              JOIN subscription.eab_credential eab ON eab.kid = current.kid
             WHERE eab.reseller_id = $1
               AND current.superseded_at IS NULL"""
    return f"""
        WITH running AS MATERIALIZED ({subscribed}
               AND current.expires_at >= $3
             ORDER BY current.expires_at {direction}, current.kid
             LIMIT {limit}
        ), without AS MATERIALIZED ({listed}
              FROM subscription.eab_credential eab
              LEFT JOIN subscription.subscription current
                ON current.kid = eab.kid AND current.superseded_at IS NULL
             WHERE eab.reseller_id = $1
               AND current.id IS NULL
             ORDER BY eab.kid
             LIMIT {limit} - (SELECT count(*) FROM running)
        ), expired AS MATERIALIZED ({subscribed}
               AND current.expires_at < $3
             ORDER BY current.expires_at {direction}, current.kid
             LIMIT {limit} - (SELECT count(*) FROM running)
                   - (SELECT count(*) FROM without)
        ), page AS (
            SELECT *, row_number() OVER (ORDER BY part, expires_at {direction}, kid) AS place
              FROM (SELECT 1 AS part, * FROM running
                     UNION ALL
                    SELECT 2, * FROM without
                     UNION ALL
                    SELECT 3, * FROM expired) AS listed
             ORDER BY place
             LIMIT $4
            OFFSET $5
        )
        SELECT page.*, server.name AS server,
               CASE WHEN page.expires_at >= $2 THEN 'active'
                    WHEN page.expires_at >= $3 THEN 'grace'
                    WHEN page.expires_at IS NOT NULL THEN 'expired' END AS state,
               listed.number AS number_of_names, listed.some
          FROM page
          JOIN acme.server ON server.id = page.server_id
          {SOME_NAMES}
         ORDER BY page.place
"""  # noqa: S608  of constants
