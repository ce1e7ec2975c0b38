"""The sandbox's second chain: the issuing CA as another root has signed it."""

import asyncio
from pathlib import Path

from gateway.ca.cross_sign import cross_sign
from gateway.ca.issuer import Downloads
from gateway.clock import Clock
from gateway.db.pool import Pool, transaction
from gateway.origin import Origin
from gateway.store.ca import issuers
from gateway.usecases.ca.chains import add_chain, has_chains

ROOT_LABEL = "Alternate Root"
_OPERATOR = Origin("operator:sandbox")


async def add(pool: Pool, clock: Clock, ca: Downloads, root_file: Path) -> None:
    """Offers it to clients and writes its root, unless that was done before."""
    await issuers.register(pool, ca)
    async with transaction(pool) as connection:
        if await has_chains(connection, ca.name):
            return
        made = cross_sign(ca.issuing_pem(), ROOT_LABEL)
        await asyncio.to_thread(root_file.write_bytes, made.root)
        await add_chain(connection, await clock.now(), _OPERATOR, ca.name, made.issuing)
