"""When and by whom accounts and EAB credentials were last used (LISTACCOUNTS, LISTBINDINGS)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.db.pool import Connection, Pool
from gateway.store.acme.accounts import Client


@dataclass(frozen=True, slots=True)
class Seen:
    """The last request of an account."""

    account_id: str
    client: Client
    at: datetime


async def note_all(pool: Pool, seen: Sequence[Seen]) -> None:
    """Writes the last requests of accounts, and the last use of their credentials.

    All credentials are locked before any account, as actions do it.
    """
    await pool.execute(
        """
        WITH seen AS MATERIALIZED (
            SELECT item.*, account.kid
              FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[])
                   AS item (account_id, user_agent, address, at)
              JOIN acme.account ON account.id = item.account_id
        ), locked AS MATERIALIZED (
            SELECT kid
              FROM subscription.eab_credential
             WHERE kid IN (SELECT kid FROM seen)
             ORDER BY kid
               FOR NO KEY UPDATE
        ), credentials AS (
            UPDATE subscription.eab_credential credential
               SET last_activity = latest.at
              FROM (SELECT kid, max(at) AS at FROM seen JOIN locked USING (kid) GROUP BY kid)
                   AS latest
             WHERE credential.kid = latest.kid
               AND latest.at IS DISTINCT FROM credential.last_activity
        )
        UPDATE acme.account
           SET user_agent = seen.user_agent, ip_address = seen.address::inet,
               last_activity = seen.at
          FROM seen
         WHERE account.id = seen.account_id
           AND seen.kid = ANY (ARRAY (SELECT kid FROM locked))
        """,
        [one.account_id for one in seen],
        [one.client.user_agent for one in seen],
        [one.client.address for one in seen],
        [one.at for one in seen],
    )


async def note_credential(connection: Connection, kid: str, now: datetime) -> None:
    """Writes when a credential was last used, for LISTBINDINGS."""
    await connection.execute(
        """
        UPDATE subscription.eab_credential
           SET last_activity = $2
         WHERE kid = $1
        """,
        kid,
        now,
    )


async def note_account(
    connection: Connection | Pool, account_id: str, client: Client, now: datetime
) -> None:
    """Writes who used an account last, for LISTACCOUNTS."""
    await connection.execute(
        """
        UPDATE acme.account
           SET user_agent = $2, ip_address = $3::text::inet, last_activity = $4
         WHERE id = $1
        """,
        account_id,
        client.user_agent,
        client.address,
        now,
    )
