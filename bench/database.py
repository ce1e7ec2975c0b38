"""A durable PostgreSQL of the benchmark's own, and the subscriptions that the load needs."""

import tempfile
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from bench.client import Eab
from gateway import ids
from gateway.clock import SystemClock
from gateway.db.migrate import migrate
from gateway.db.pool import Connection, Pool, open_pool
from gateway.origin import Origin
from gateway.rules.subscription.decisions import Policy
from gateway.sandbox import demo_data
from gateway.sandbox.postgres import EmbeddedPostgres
from gateway.store.reseller import logins
from gateway.usecases.acme import accounts
from gateway.usecases.reseller import resellers
from gateway.usecases.subscription import add_domain
from gateway.usecases.subscription.add_domain import AddDomain
from gateway.usecases.work import open_work
from gateway.vault import Vault

_ORIGIN = Origin("operator:bench")
_DEPOSIT = Decimal("100000000.00")


@dataclass(frozen=True)
class Database:
    """A running server; `postmaster` is the process id of its first process."""

    dsn: str
    postmaster: int
    log: Path


@contextmanager
def durable_database() -> Iterator[Database]:
    """Every commit is on disk before it is answered (fsync and synchronous_commit are on)."""
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as directory:
        postgres = EmbeddedPostgres(Path(directory), durable=True)
        dsn = postgres.start()
        try:
            pid_file = Path(directory, "data", "postmaster.pid")
            postmaster = int(pid_file.read_text().split("\n", 1)[0])
            yield Database(dsn, postmaster, Path(directory, "postgres.log"))
        finally:
            postgres.stop()


async def furnish(dsn: str) -> None:
    """Schema, servers, prices, and a reseller with more money than the load spends."""
    await migrate(dsn)
    pool = await open_pool(dsn)
    clock = SystemClock()
    await demo_data.add(pool, clock)
    async with open_work(pool, await clock.now(), _ORIGIN) as work:
        await resellers.deposit(work, demo_data.LOGIN, _DEPOSIT)
    await pool.close()


async def preregister(pool: Pool, vault: Vault, server_path: str) -> Eab:
    """An EAB credential without names."""
    now = await SystemClock().now()
    async with open_work(pool, now, _ORIGIN) as work:
        made = await accounts.preregister(
            work,
            vault,
            reseller_id=await _reseller_id(work.connection),
            server_path=server_path,
            term_days=365,
        )
    return Eab(made.kid, urlsafe_b64encode(made.mac_key).rstrip(b"=").decode())


async def subscribe(pool: Pool, kid: str, names: Sequence[str]) -> None:
    """A subscription of `names`: the first one is bought, the others ride on its purchase."""
    now = await SystemClock().now()
    async with open_work(pool, now, _ORIGIN) as work:
        request = AddDomain(await _reseller_id(work.connection), kid, names[0], Policy())
        added = await add_domain.add_domain(work, request)
        assert added.order_number is not None
        await _add_names(work.connection, kid, added.order_number, names[1:], now)


async def _reseller_id(connection: Connection) -> UUID:
    found = await logins.find_for_login(connection, demo_data.LOGIN, None)
    assert found is not None
    return found.id


async def _add_names(
    connection: Connection, kid: str, order_number: int, names: Sequence[str], now: datetime
) -> None:
    await connection.execute(
        """
        INSERT INTO subscription.domain
            (id, subscription_id, name, name_type, order_number, added_at, added_by)
        SELECT item.id, subscription.id, item.name, 'fqdn', $2, $5, $1
          FROM unnest($3::uuid[], $4::text[]) AS item (id, name)
          JOIN subscription.subscription
            ON subscription.kid = $1 AND subscription.superseded_at IS NULL
        """,
        kid,
        order_number,
        [ids.new_id() for _ in names],
        list(names),
        now,
    )
