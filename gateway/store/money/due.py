"""What ends soon, and what it would take to continue it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from gateway.db.pool import Connection

DueKind = Literal["subscription", "sitelock", "ssl", "prevalidation"]


@dataclass(frozen=True, slots=True)
class Ending:
    """Something that ends at `ends_at`.

    `key` is its kid, number or order number; `about` says what it is for. `articles` counts the
    names or licences by item and variant of their price that would be charged.
    """

    kind: DueKind
    key: str
    about: str
    ends_at: datetime
    item: str
    articles: Mapping[str, int]


async def endings(
    connection: Connection, reseller_id: UUID, since: datetime, until: datetime, limit: int
) -> list[Ending]:
    """Gives what ends between the instants, the earliest first; at most `limit`."""
    # PostgreSQL plans without values, but must know that few rows are wanted.
    rows = await connection.fetch(_endings(limit), reseller_id, since, until)
    return [Ending(**row) for row in rows]


def _endings(limit: int) -> str:
    return f"""
        SELECT *
          FROM (
            (SELECT 'subscription' AS kind, eab.kid AS key,
                   concat_ws(', ', listed.first_name,
                             CASE WHEN listed.number > 1
                                  THEN (listed.number - 1) || ' more' END) AS about,
                   subscription.expires_at AS ends_at, server.name AS item, listed.articles
              FROM subscription.subscription
              JOIN subscription.eab_credential eab ON eab.kid = subscription.kid
              JOIN acme.server ON server.id = eab.server_id
             CROSS JOIN LATERAL (
                   SELECT min(name) AS first_name, count(*) AS number,
                          jsonb_build_object(
                              'fqdn', count(*) FILTER (WHERE free_because IS NULL
                                                         AND name_type = 'fqdn'),
                              'wildcard', count(*) FILTER (WHERE free_because IS NULL
                                                             AND name_type = 'wildcard')
                          ) AS articles
                     FROM subscription.domain
                    WHERE domain.subscription_id = subscription.id
                      AND domain.removed_at IS NULL) AS listed
             WHERE eab.reseller_id = $1
               AND eab.status = 'active'
               AND subscription.superseded_at IS NULL
               AND subscription.expires_at BETWEEN $2 AND $3
               AND listed.number > 0
             ORDER BY subscription.expires_at, eab.kid
             LIMIT {limit})
            UNION ALL
            (SELECT 'sitelock', licence.number::text, licence.domain_name, licence.expires_at,
                   licence.product::text, jsonb_build_object(licence.days::text, 1)
              FROM sitelock.licence
             WHERE licence.reseller_id = $1
               AND licence.status = 'active'
               AND licence.expires_at BETWEEN $2 AND $3
             ORDER BY licence.expires_at, licence.number
             LIMIT {limit})
            UNION ALL
            (SELECT 'ssl', bought.cert_id::text, bought.names[1], certificate.not_after,
                   bought.brand || ' ' || bought.type, '{{}}'
              FROM ssl."order" bought
              JOIN ca.certificate ON certificate.serial = bought.serial
             WHERE bought.reseller_id = $1
               AND bought.revoked_at IS NULL
               AND bought.unsubscribed_at IS NULL
               AND certificate.order_id IS NULL
               AND certificate.not_after BETWEEN $2 AND $3
             ORDER BY certificate.not_after, certificate.serial
             LIMIT {limit})
            UNION ALL
            (SELECT 'prevalidation', held.number::text, held.details ->> 'name', held.expires_at,
                   held.type, '{{}}'
              FROM organization.prevalidation held
             WHERE held.reseller_id = $1
               AND held.state = 'valid'
               AND held.expires_at BETWEEN $2 AND $3
             ORDER BY held.expires_at, held.number
             LIMIT {limit})
          ) AS ending
         ORDER BY ends_at, kind, key
         LIMIT {limit}
        """  # noqa: S608  a number
