"""The CRL that all processes serve (RFC 5280 §5, BR §4.9.7)."""

import asyncio
import math
import time
from datetime import datetime, timedelta

from gateway.ca.crl import crl_time, entries
from gateway.ca.issuer import CrlSigner
from gateway.db.pool import Connection, Pool, transaction
from gateway.errors.ca import NoSuchCrl
from gateway.services import Services
from gateway.store.ca import revocations
from gateway.store.ca.revocations import SignedCrl, StoredCrl

RENEW_AFTER = timedelta(days=1)
"""BR §4.9.7 asks for a new one every four days where there is no OCSP."""

VALID_FOR = timedelta(days=7)
"""BR §4.9.7 allows ten days."""

_CLOCK_SKEW = timedelta(minutes=5)
_RESOLUTION = timedelta(microseconds=1)
_PLACED_AT_ONCE = 500
_SECONDS_BETWEEN_READINGS = 60.0


class Partitions:
    """Which CRL partitions exist: those of the setting, and of an earlier, larger setting.

    For unknown partitions the database is asked at most once in _SECONDS_BETWEEN_READINGS.
    """

    def __init__(self, pool: Pool, ca: CrlSigner) -> None:
        self._pool = pool
        self._ca = ca
        self._highest = ca.crl_partitions
        self._reading = asyncio.Lock()
        self._read_at = -math.inf

    async def has(self, partition: int) -> bool:
        """Whether a partition exists.

        One that another process has made since, by a larger setting, is found within a minute.
        """
        if partition <= self._highest:
            return True
        async with self._reading:
            if self._read_at + _SECONDS_BETWEEN_READINGS <= time.monotonic():
                stored = await revocations.highest_partition(self._pool, self._ca.id)
                self._highest = max(self._highest, stored)
                self._read_at = time.monotonic()
        return partition <= self._highest


async def current_crl(pool: Pool, ca: CrlSigner, now: datetime, partition: int = 0) -> bytes:
    """Gives the DER of a CRL as of `now`.

    It is signed anew when it is a day old, or when a revocation is missing. Certificates point to
    one of several partitions; the complete CRL, number 0, lists all. `ca` must be registered
    (`gateway/store/ca/issuers.py`). Raises NoSuchCrl.
    """
    await _place(pool, ca)
    found = await revocations.find_crl(pool, ca.id, partition)
    if found and not _due(found, now):
        return found.der
    if not found and partition > ca.crl_partitions:
        raise NoSuchCrl
    async with transaction(pool) as connection:
        await revocations.lock_for_crl(connection, ca.id)
        found = await revocations.find_crl(connection, ca.id, partition)
        if found and not _due(found, now):  # another process was faster
            return found.der
        return await _renew(connection, ca, partition, found, now)


async def sign_crls(services: Services, now: datetime) -> None:
    """Signs the CRLs that are due, of all issuers whose CRLs the gateway makes."""
    for issuer in services.issuers:
        if isinstance(issuer, CrlSigner):
            await sign_due(services.pool, issuer, now)


async def sign_due(pool: Pool, ca: CrlSigner, now: datetime) -> None:
    """Signs the CRLs of one issuer that are due, whether or not anybody asks for them."""
    await _place(pool, ca)
    for partition in await revocations.partitions_to_look_at(
        pool,
        ca.id,
        at_least=ca.crl_partitions,
        signed_after=now - RENEW_AFTER + _RESOLUTION,
        signed_before=now + _CLOCK_SKEW,
    ):
        await current_crl(pool, ca, now, partition)


async def _place(pool: Pool, ca: CrlSigner) -> None:
    """Stores for revoked certificates the partition that each points to.

    It is read from the certificate: so it stays right when the number of partitions changes.
    """
    while found := await revocations.unplaced(pool, ca.id, _PLACED_AT_ONCE):
        partitions = [ca.partition_of(der) for _, der in found]
        await revocations.place(pool, [serial for serial, _ in found], partitions)


def _due(crl: StoredCrl, now: datetime) -> bool:
    """Whether a CRL must be signed anew.

    One from the future must be as well: the sandbox's clock can be set back.
    """
    age = now - crl.this_update
    return not crl.complete or age >= RENEW_AFTER or age < -_CLOCK_SKEW


async def _renew(
    connection: Connection,
    ca: CrlSigner,
    partition: int,
    previous: StoredCrl | None,
    now: datetime,
) -> bytes:
    this_update = crl_time(now)
    next_update = this_update + VALID_FOR
    number = previous.number + 1 if previous else 1
    # RFC 5280 §3.3: an entry stays until a CRL was made after the certificate's end.
    since = min(previous.this_update, this_update) if previous else this_update
    revoked = await revocations.list_revoked(connection, ca.id, partition, since)
    der = await asyncio.to_thread(
        lambda: ca.sign_crl(number, this_update, next_update, entries(revoked), partition)
    )
    serials = [one.serial for one in revoked]
    signed = SignedCrl(ca.id, partition, number, der, this_update, next_update, serials)
    await revocations.add_crl(connection, signed)
    return der
