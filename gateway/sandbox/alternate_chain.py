"""The sandbox's alternate chain: the issuing CA, signed by another root."""

import asyncio
from pathlib import Path

from gateway.ca.cross_sign import cross_sign
from gateway.ca.issuer import Downloads
from gateway.clock import Clock
from gateway.db.pool import Pool
from gateway.origin import Origin
from gateway.store.ca import issuers
from gateway.usecases.ca.chains import add_chain, has_chains
from gateway.usecases.work import open_work

ROOT_LABEL = "Alternate Root"
_OPERATOR = Origin("operator:sandbox")


async def add(pool: Pool, clock: Clock, ca: Downloads, root_file: Path) -> None:
    """Offers the chain to clients and writes its root to a file, unless that was done before."""
    await issuers.register(pool, ca)
    async with open_work(pool, await clock.now(), _OPERATOR) as work:
        if await has_chains(work, ca.name):
            return
        made = cross_sign(ca.issuing_pem(), ROOT_LABEL)
        await asyncio.to_thread(root_file.write_bytes, made.root)
        await add_chain(work, ca.name, made.issuing)
