"""Issuances as a measurement: customers with their subscriptions, and the load on a server."""

import asyncio
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bench.client import Eab
from bench.database import preregister, subscribe
from bench.load import Customer, Job
from bench.measure import Measured, measure, split
from bench.servers import DIRECTORY_PATH, Server
from gateway.db.pool import open_pool
from gateway.vault import Vault

WARM_UP = 3
"""Issuances of each client that do not count."""


def load(server: Server, customers: Sequence[Customer], database: int | None = None) -> Measured:
    """All customers at once; `database` is the first process of the server's."""
    jobs = [
        Job(server.directory, server.webroot, each, WARM_UP).encode() for each in split(customers)
    ]
    return measure("bench.load", jobs, len(customers), server.pid, database)


def subscribed(dsn: str, secret: str, zone: str, clients: int, issuances: int) -> list[Customer]:
    """Customers of the gateway, with so many names each below `zone` in their subscriptions."""
    return asyncio.run(_subscribed(dsn, secret, zone, clients, issuances))


async def _subscribed(
    dsn: str, secret: str, zone: str, clients: int, issuances: int
) -> list[Customer]:
    pool = await open_pool(dsn)
    customers = []
    for client in range(clients):
        eab = await preregister(pool, Vault([secret]), DIRECTORY_PATH)
        # An authorization is good for several orders: only a new name takes the whole way.
        names = [f"n{number}.c{client}.{zone}" for number in range(issuances)]
        await subscribe(pool, eab.kid, names)
        customers.append(customer(eab, names))
    await pool.execute(
        "ANALYZE subscription.domain, subscription.subscription, subscription.eab_credential"
    )
    await pool.close()
    return customers


def customer(eab: Eab | None, names: list[str]) -> Customer:
    """Makes a customer with a new key; `eab` is None for servers that ask for none."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return Customer(pem, eab, names)
