"""The columns of the database that are encrypted with `[secrets]`."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from gateway.db.pool import Connection

_BATCH = 1000


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column of tokens. `query` gives (id, token).

    Its one parameter is the instant that responses must be younger than.
    """

    column: str
    query: str


MAC_KEYS = SealedColumn(
    "subscription.eab_credential.encrypted_mac_key",
    """
    SELECT kid AS id, encrypted_mac_key AS token
      FROM subscription.eab_credential
     WHERE $1::timestamptz IS NOT NULL
    """,
)
WEBHOOK_SECRETS = SealedColumn(
    "notice.destination.encrypted_secret",
    """
    SELECT id::text AS id, encrypted_secret AS token
      FROM notice.destination
     WHERE encrypted_secret IS NOT NULL
       AND status <> 'removed'
       AND $1::timestamptz IS NOT NULL
    """,
)
RESPONSES = SealedColumn(
    "reseller.idempotency.response",
    """
    SELECT coalesce(account.login, operator.name) || '/' || idempotency.key AS id,
           idempotency.response AS token
      FROM reseller.idempotency
      LEFT JOIN reseller.account ON account.id = idempotency.account_id
      LEFT JOIN operation.operator ON operator.id = idempotency.account_id
     WHERE idempotency.response IS NOT NULL
       AND idempotency.stored_at > $1
    """,
)
APP_SECRETS = SealedColumn(
    "operation.second_factor.encrypted_secret",
    """
    SELECT coalesce(operator.name, account.login) AS id, encrypted_secret AS token
      FROM operation.second_factor
      LEFT JOIN operation.operator ON operator.id = second_factor.operator_id
      LEFT JOIN reseller.account ON account.id = second_factor.reseller_id
     WHERE encrypted_secret IS NOT NULL
       AND $1::timestamptz IS NOT NULL
    """,
)
KINDS = (MAC_KEYS, WEBHOOK_SECRETS, RESPONSES, APP_SECRETS)


async def tokens(
    connection: Connection, kind: SealedColumn, younger_than: datetime
) -> AsyncIterator[tuple[str, bytes]]:
    """Gives all tokens of a kind with their rows' ids, some at a time; inside a transaction."""
    async for row in connection.cursor(kind.query, younger_than, prefetch=_BATCH):
        yield row["id"], row["token"]
