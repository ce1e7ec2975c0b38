"""An EAB credential with what hangs on it, as operators look at it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.db.pool import Connection


@dataclass(frozen=True, slots=True)
class CredentialOverview:
    """A credential with its owner, and its current subscription if it has one."""

    kid: str
    reseller_id: UUID
    reseller: str
    server: str
    status: str
    suspended: bool
    term_days: int
    created_at: datetime
    last_activity: datetime | None
    subscription_id: UUID | None
    started_at: datetime | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class OverviewAccount:
    """An ACME account of a credential."""

    id: str
    status: str
    suspended: bool
    user_agent: str | None
    created_at: datetime
    last_activity: datetime | None


@dataclass(frozen=True, slots=True)
class OverviewName:
    """A name in a subscription, with its newest certificate; `free_because` None = paid."""

    name: str
    free_because: str | None
    added_at: datetime
    ov_anchor: int | None
    serial: str | None
    not_after: datetime | None
    revoked: bool


async def find(connection: Connection, kid: str) -> CredentialOverview | None:
    """Finds a credential of any reseller."""
    row = await connection.fetchrow(
        """
        SELECT eab.kid, account.id AS reseller_id, account.login AS reseller,
               server.name AS server, eab.status, eab.suspended, eab.term_days, eab.created_at,
               eab.last_activity, subscription.id AS subscription_id, subscription.started_at,
               subscription.expires_at
          FROM subscription.eab_credential eab
          JOIN reseller.account ON account.id = eab.reseller_id
          JOIN acme.server ON server.id = eab.server_id
          LEFT JOIN subscription.subscription
            ON subscription.kid = eab.kid AND subscription.superseded_at IS NULL
         WHERE eab.kid = $1
        """,
        kid,
    )
    return CredentialOverview(**row) if row else None


async def accounts_of(connection: Connection, kid: str, limit: int) -> list[OverviewAccount]:
    """Gives the accounts of a credential, the oldest first."""
    rows = await connection.fetch(
        """
        SELECT id, status, suspended, user_agent, created_at, last_activity
          FROM acme.account
         WHERE kid = $1
         ORDER BY created_at, id
         LIMIT $2
        """,
        kid,
        limit,
    )
    return [OverviewAccount(**row) for row in rows]


async def names_of(
    connection: Connection, kid: str, subscription_id: UUID, limit: int
) -> list[OverviewName]:
    """Gives the names that are listed in a subscription, each with its newest certificate."""
    rows = await connection.fetch(
        """
        SELECT domain.name, domain.free_because, domain.added_at, domain.ov_anchor,
               newest.serial, newest.not_after, newest.revoked IS NOT NULL AS revoked
          FROM (SELECT name, free_because, added_at, ov_anchor
                  FROM subscription.domain
                 WHERE subscription_id = $2
                   AND removed_at IS NULL
                 ORDER BY name
                 LIMIT $3) AS domain
          LEFT JOIN LATERAL (
               SELECT certificate.serial, certificate.not_after, revocation.serial AS revoked
                 FROM acme.order_identifier identifier
                 JOIN ca.certificate ON certificate.order_id = identifier.order_id
                 JOIN acme.account ON account.id = certificate.account_id
                 LEFT JOIN ca.revocation ON revocation.serial = certificate.serial
                WHERE identifier.name = domain.name
                  AND account.kid = $1
                  AND NOT certificate.withheld
                ORDER BY identifier.order_id DESC
                LIMIT 1) AS newest
            ON true
         ORDER BY domain.name
        """,
        kid,
        subscription_id,
        limit,
    )
    return [OverviewName(**row) for row in rows]
