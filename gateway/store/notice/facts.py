"""Facts for notices: audit events, and the owners of the things they are about."""

from collections.abc import Sequence

from gateway.db.pool import Connection
from gateway.rules.notice.notices import AccountOwner, AnchorFacts, Charge, Event, EventCertificate


async def read_events(
    connection: Connection, after: int, upto: int, actions: Sequence[str]
) -> list[Event]:
    """Reads events of some actions with ids after one and up to another."""
    rows = await connection.fetch(
        """
        WITH span AS MATERIALIZED (
            SELECT id, at, actor, action, subject, after
              FROM audit.event
             WHERE id > $1
               AND id <= $2
        )
        SELECT id, at, actor, action, subject, coalesce(after, '{}') AS after
          FROM span
         WHERE action = ANY ($3)
         ORDER BY id
        """,
        after,
        upto,
        list(actions),
    )
    return [Event(**row) for row in rows]


async def certificates_wanted(connection: Connection) -> bool:
    """Whether any destination wants notices of issued certificates."""
    found: bool = await connection.fetchval(
        """
        SELECT EXISTS (
            SELECT FROM notice.destination
             WHERE status <> 'removed'
               AND kinds @> '{certificate.issued}')
        """
    )
    return found


async def owner_of_account(connection: Connection, account_id: str) -> AccountOwner | None:
    row = await connection.fetchrow(
        """
        SELECT account.id AS account_id, eab.kid, eab.reseller_id
          FROM acme.account
          JOIN subscription.eab_credential eab ON eab.kid = account.kid
         WHERE account.id = $1
        """,
        account_id,
    )
    return AccountOwner(**row) if row else None


async def certificates(
    connection: Connection, serials: Sequence[str], *, only_wanted: bool
) -> list[EventCertificate]:
    """Gives certificates by serial; `only_wanted` = those whose reseller wants such notices."""
    rows = await connection.fetch(
        """
        SELECT certificate.serial, certificate.names, certificate.not_before,
               certificate.not_after, account.id AS account_id, eab.kid, eab.reseller_id
          FROM ca.certificate
          JOIN acme.account ON account.id = certificate.account_id
          JOIN subscription.eab_credential eab ON eab.kid = account.kid
         WHERE certificate.serial = ANY ($1)
           AND NOT certificate.withheld
           AND (NOT $2
                OR EXISTS (SELECT FROM notice.destination
                            WHERE destination.reseller_id = eab.reseller_id
                              AND destination.status <> 'removed'
                              AND destination.kinds @> '{certificate.issued}'))
        """,
        list(serials),
        only_wanted,
    )
    return [EventCertificate(**row) for row in rows]


async def charges(connection: Connection, order_number: int) -> list[Charge]:
    """Gives what a purchase debited: the reseller, and its Tier-1 parent if it has one."""
    rows = await connection.fetch(
        """
        SELECT entry.id AS entry_id, entry.account_id AS reseller_id, account.login,
               account.currency, entry.amount, entry.balance_after,
               setting.low_balance AS threshold
          FROM reseller.ledger_entry entry
          JOIN reseller.account ON account.id = entry.account_id
          LEFT JOIN notice.setting ON setting.reseller_id = entry.account_id
         WHERE entry.order_number = $1
           AND entry.kind = 'charge'
         ORDER BY entry.id
        """,
        order_number,
    )
    return [Charge(**row) for row in rows]


async def owner_of_credential(connection: Connection, kid: str) -> AccountOwner | None:
    """Gives the owner of a credential; its first account represents it."""
    row = await connection.fetchrow(
        """
        SELECT kid AS account_id, kid, reseller_id
          FROM subscription.eab_credential
         WHERE kid = $1
        """,
        kid,
    )
    return AccountOwner(**row) if row else None


async def prevalidation(connection: Connection, number: int) -> AnchorFacts | None:
    row = await connection.fetchrow(
        """
        SELECT number, reseller_id, expires_at, details ->> 'name' AS organization
          FROM organization.prevalidation
         WHERE number = $1
        """,
        number,
    )
    return AnchorFacts(**row) if row else None
