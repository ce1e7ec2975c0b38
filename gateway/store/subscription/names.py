"""The names of a subscription as their reseller sees them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.db.pool import Connection


@dataclass(frozen=True, slots=True)
class NameLine:
    """A name in a subscription, with what it leans on and its newest certificate."""

    name: str
    free_because: str | None
    partner: str | None
    """The paid name that makes it free."""
    added_at: datetime
    order_number: int
    ov_anchor: int | None
    anchor_state: str | None
    anchor_expires_at: datetime | None
    serial: str | None
    not_before: datetime | None
    not_after: datetime | None
    revoked_at: datetime | None


async def names_of(
    connection: Connection, kid: str, subscription_id: UUID, *, limit: int, offset: int
) -> list[NameLine]:
    """Gives names of a credential's subscription in the order of adding.

    The newest certificate of a name is the one that a client of the same credential ordered last;
    it is looked up for the wanted names only.
    """
    rows = await connection.fetch(
        """
        WITH page AS MATERIALIZED (
            SELECT *
              FROM subscription.domain
             WHERE subscription_id = $2
               AND removed_at IS NULL
             ORDER BY order_number, free_because IS NOT NULL, name
             LIMIT $3
            OFFSET $4)
        SELECT domain.name, domain.free_because, partner.name AS partner, domain.added_at,
               domain.order_number, domain.ov_anchor, anchor.state AS anchor_state,
               anchor.expires_at AS anchor_expires_at,
               newest.serial, newest.not_before, newest.not_after, newest.revoked_at
          FROM page AS domain
          LEFT JOIN subscription.domain partner ON partner.id = domain.partner_id
          LEFT JOIN organization.prevalidation anchor ON anchor.number = domain.ov_anchor
          LEFT JOIN LATERAL (
               SELECT certificate.serial, certificate.not_before, certificate.not_after,
                      revocation.revoked_at
                 FROM acme.order_identifier identifier
                 JOIN ca.certificate ON certificate.order_id = identifier.order_id
                 JOIN acme.account ON account.id = certificate.account_id
                 LEFT JOIN ca.revocation ON revocation.serial = certificate.serial
                WHERE identifier.name = domain.name
                  AND account.kid = $1
                  AND NOT certificate.withheld
                ORDER BY identifier.order_id DESC
                LIMIT 1) AS newest ON true
         ORDER BY domain.order_number, domain.free_because IS NOT NULL, domain.name
        """,
        kid,
        subscription_id,
        limit,
        offset,
    )
    return [NameLine(**row) for row in rows]
