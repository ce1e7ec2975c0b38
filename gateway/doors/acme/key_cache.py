"""Caches account keys in a process: keys only, never permissions (docs/architecture.md)."""

import re
from collections import OrderedDict
from dataclasses import dataclass
from uuid import UUID

from gateway.db.pool import Pool
from gateway.doors.acme.jwk import AccountKey, read_jwk
from gateway.store.acme import accounts

_CAPACITY = 10_000
_ACCOUNT_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")


@dataclass(frozen=True, slots=True)
class CachedKey:
    """An account key. The statement that admits a request compares `version` with the stored."""

    key: AccountKey
    version: int
    server_id: UUID


class KeyCache:
    """A cache of account keys; it drops the least recently used first."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._keys: OrderedDict[str, CachedKey] = OrderedDict()

    async def get(self, account_id: str) -> CachedKey | None:
        """The key of an account, from memory or the database; None if it has none."""
        cached = self._keys.get(account_id)
        if cached is None:
            return await self.reload(account_id)
        self._keys.move_to_end(account_id)
        return cached

    async def reload(self, account_id: str) -> CachedKey | None:
        """The key as the database has it now."""
        self.forget(account_id)
        if not _ACCOUNT_ID.fullmatch(account_id):
            return None
        stored = await accounts.find_key(self._pool, account_id)
        if stored is None:
            return None
        cached = CachedKey(read_jwk(stored.jwk), stored.version, stored.server_id)
        self._keys[account_id] = cached
        if len(self._keys) > _CAPACITY:
            self._keys.popitem(last=False)
        return cached

    def forget(self, account_id: str) -> None:
        self._keys.pop(account_id, None)
