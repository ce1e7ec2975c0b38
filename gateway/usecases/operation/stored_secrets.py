"""Checks that the configured keys decrypt what is stored.

Fernet tokens do not say which key made them, and keys are rotated at any time, so a sample shows
nothing: every row is tried. That takes some 25 µs each, once before any process serves.
"""

from collections.abc import Sequence
from datetime import datetime

from gateway.db.pool import Connection
from gateway.errors import ConfigurationError
from gateway.store.operation import sealed
from gateway.usecases.actions import RESPONSES_KEPT
from gateway.vault import Vault

_IDS_SHOWN = 10
"""How many rows of each column are named."""


async def check(
    connection: Connection,
    vault: Vault,
    now: datetime,
    kinds: Sequence[sealed.SealedColumn] = sealed.KINDS,
) -> None:
    """Raises ConfigurationError naming the rows that no key decrypts; inside a transaction."""
    closed = [found for kind in kinds if (found := await _closed(connection, vault, now, kind))]
    if closed:
        raise ConfigurationError(
            f"secrets.keys does not open {'; '.join(closed)}:"
            " add the key that encrypted them at the end of secrets.keys"
        )


async def _closed(
    connection: Connection, vault: Vault, now: datetime, kind: sealed.SealedColumn
) -> str | None:
    count, closed, ids = 0, 0, list[str]()
    async for row_id, token in sealed.tokens(connection, kind, now - RESPONSES_KEPT):
        count += 1
        if not vault.opens(token):
            closed += 1
            ids += [repr(row_id)] if len(ids) < _IDS_SHOWN else []
    if not closed:
        return None
    more = f" and {closed - len(ids)} more" if closed > len(ids) else ""
    return f"{closed} of {count} rows of {kind.column} ({', '.join(ids)}{more})"
