"""Carrying out a state-changing action: one transaction, and once per Idempotency-Key."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from gateway.db.pool import Connection, Pool
from gateway.errors.request import IdempotencyKeyReused
from gateway.origin import Origin
from gateway.store.reseller import idempotency
from gateway.usecases.work import Work, open_work
from gateway.vault import Vault

RESPONSES_KEPT = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Once:
    """An Idempotency-Key, whose it is, and a hash of the request that is made under it."""

    owner_id: UUID
    """The reseller or the operator who asks."""
    key: str
    request_hash: bytes


def request_hash(fields: Sequence[tuple[str, str]]) -> bytes:
    """SHA-256 of a request's canonical fields, without credentials."""
    return hashlib.sha256(msgspec.json.encode(fields)).digest()


async def perform(
    pool: Pool,
    vault: Vault,
    now: datetime,
    origin: Origin,
    carry_out: Callable[[Work], Awaitable[bytes]],
    once: Once | None = None,
) -> bytes:
    """Calls `carry_out` in a unit of work of its own and gives its encoded answer.

    With `once` the answer is stored in that same transaction and given again for 24 hours of
    business time, without a second run; of two requests at the same moment the later one waits for
    the first. A refused action rolls back and leaves the key free. Raises IdempotencyKeyReused when
    the key was used for another request, and whatever `carry_out` raises.

    The key's row is locked before anything `carry_out` locks: idempotency, pre-validations, EAB,
    reseller, Tier-1.
    """
    async with open_work(pool, now, origin) as work:
        if once is None:
            return await carry_out(work)
        stored = await _claim_or_find(work.connection, now, once)
        if stored is not None:
            return vault.decrypt(stored)
        answer = await carry_out(work)
        # Encrypted, because an answer of PREREGISTER holds a MAC key.
        sealed = vault.encrypt(answer)
        await idempotency.keep(work.connection, once.owner_id, once.key, sealed)
        return answer


async def is_answered(pool: Pool, once: Once) -> bool:
    """Whether an answer is stored under the key; `perform` may find that it has grown too old."""
    async with pool.acquire() as connection:
        found = await idempotency.find(connection, once.owner_id, once.key)
    return found is not None and found[0] == once.request_hash


async def _claim_or_find(connection: Connection, now: datetime, once: Once) -> bytes | None:
    """The stored response, or None when this transaction has claimed the key."""
    while not await idempotency.claim(
        connection, once.owner_id, once.key, once.request_hash, now, now - RESPONSES_KEPT
    ):
        found = await idempotency.find(connection, once.owner_id, once.key)
        if found is None:
            continue  # it has just grown too old and was deleted
        known_hash, response = found
        if known_hash != once.request_hash:
            raise IdempotencyKeyReused
        return response
    return None
