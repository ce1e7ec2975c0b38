"""The CRL that all processes serve (RFC 5280 §5, BR §4.9.7)."""

import asyncio
from datetime import datetime, timedelta

from gateway.ca.crl import entries
from gateway.ca.local import LocalCa
from gateway.db.pool import Connection, Pool, transaction
from gateway.store import revocations
from gateway.store.revocations import StoredCrl

RENEW_AFTER = timedelta(days=1)
"""BR §4.9.7 asks for a new one every four days where there is no OCSP."""

VALID_FOR = timedelta(days=7)
"""BR §4.9.7 allows ten days."""

_CLOCK_SKEW = timedelta(minutes=5)


async def current_crl(pool: Pool, ca: LocalCa, now: datetime) -> bytes:
    """DER of the CRL as of `now`: signed anew when a day old, or when a revocation is missing.

    `ca` must be registered (store.issuers).
    """
    found = await revocations.find_crl(pool, ca.id)
    if found and not _due(found, now):
        return found.der
    async with transaction(pool) as connection:
        await revocations.lock_for_crl(connection, ca.id)
        found = await revocations.find_crl(connection, ca.id)
        if found and not _due(found, now):  # somebody else was faster
            return found.der
        return await _renew(connection, ca, found, now)


def _due(crl: StoredCrl, now: datetime) -> bool:
    """A CRL of the future is due as well: the sandbox's clock can be set back."""
    age = now - crl.this_update
    return not crl.complete or age >= RENEW_AFTER or age < -_CLOCK_SKEW


async def _renew(
    connection: Connection, ca: LocalCa, previous: StoredCrl | None, now: datetime
) -> bytes:
    this_update = now.replace(microsecond=0)
    next_update = this_update + VALID_FOR
    number = previous.number + 1 if previous else 1
    # RFC 5280 §3.3: an entry goes only after a CRL was made beyond the certificate's end.
    since = min(previous.this_update, this_update) if previous else this_update
    revoked = await revocations.list_revoked(connection, ca.id, since)
    der = await asyncio.to_thread(
        lambda: ca.sign_crl(number, this_update, next_update, entries(revoked))
    )
    await revocations.add_crl(
        connection,
        issuer_id=ca.id,
        number=number,
        der=der,
        this_update=this_update,
        next_update=next_update,
        serials=[one.serial for one in revoked],
    )
    return der
