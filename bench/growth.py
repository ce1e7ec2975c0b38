"""`python -m bench.growth`: what the same work costs before and after years of business.

One server all the time. It works on an empty database, then `bench.fill` adds the years, and it
works again, with the connections and plans that it has.
"""

import argparse
import asyncio
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from bench import actions, issuances, report, servers
from bench.database import Database, durable_database, furnish
from bench.fill import Amounts, fill
from bench.measure import Measured
from gateway.ca.local.issuer import LocalCa
from gateway.db.pool import open_pool
from gateway.sandbox import demo_data

_CLIENTS, _PROGRAMS = 64, 16
_ADDED = 60  # names of each program, which are then listed


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("--accounts", type=int, default=200_000)
    parser.add_argument("--names", type=int, default=2_000_000)
    parser.add_argument("--certificates", type=int, default=1_000_000)
    parser.add_argument("--revocations", type=int, default=10_000)
    parser.add_argument("--issuances", type=int, default=6000, help="of all clients together")
    given = parser.parse_args()
    amounts = Amounts(given.accounts, given.names, given.certificates, given.revocations)
    each = issuances.WARM_UP + given.issuances // _CLIENTS
    secret = servers.new_secret()
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as made,
        durable_database() as database,
        servers.world("127.0.0.1", 0) as world,
    ):
        asyncio.run(furnish(database.dsn))
        ca = LocalCa.create_or_load(
            Path(made, "ca"), datetime.now(UTC), base_url="http://127.0.0.1"
        )
        place = Path(made, "gateway")
        with servers.gateway(place, ca, secret, database.dsn, 1, world) as server:
            before = _work(server, database, secret, "empty", each)
            asyncio.run(_fill(database.dsn, amounts))
            after = _work(server, database, secret, "filled", each)
    report.print_growth(before, after)


def _work(
    server: servers.Server, database: Database, secret: str, state: str, each: int
) -> dict[str, Measured]:
    customers = issuances.subscribed(database.dsn, secret, f"{state}.bench.example", _CLIENTS, each)
    measured = {"issuance": issuances.load(server, customers, database.postmaster)}
    report.print_measured(f"issuance, {state}", measured["issuance"])
    kids = actions.preregistered(database.dsn, secret, _PROGRAMS)
    for action in ("ADDDOMAIN", "LISTDOMAINS", "LISTTRANSACTIONS"):
        measured[action] = actions.load(server, action, kids, _ADDED, database.postmaster)
        report.print_measured(f"{action}, {state}", measured[action], "action")
    return measured


async def _fill(dsn: str, amounts: Amounts) -> None:
    pool = await open_pool(dsn)
    async with pool.acquire() as connection:
        await fill(connection, demo_data.LOGIN, amounts)
        # What autovacuum would be at for a while after so much at once.
        await connection.execute("VACUUM", timeout=3600)
        await connection.execute("CHECKPOINT", timeout=3600)
    await pool.close()


if __name__ == "__main__":
    main()
