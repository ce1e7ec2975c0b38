"""`python -m bench.actions`: ADDDOMAIN and LISTDOMAINS, by one reseller with many programs.

All programs spend the money of one reseller, whose balance only one purchase at a time can move.
"""

import argparse
import asyncio
import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import report, servers
from bench.database import durable_database, furnish, preregister
from bench.measure import Measured, measure, split
from gateway.ca.local.issuer import LocalCa
from gateway.db.pool import open_pool
from gateway.sandbox import demo_data
from gateway.vault import Vault

_RESULT = Path(__file__).with_name("latest-actions.json")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.actions", description=__doc__)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 16])
    parser.add_argument("--actions", type=int, default=1500, help="of all clients together")
    given = parser.parse_args()
    measured = {
        workers: _measure_workers(workers, given.clients, given.actions)
        for workers in given.workers
    }
    _RESULT.write_text(json.dumps(report.actions_as_json(measured), indent=2) + "\n")


def _measure_workers(
    workers: int, clients: list[int], actions: int
) -> dict[int, dict[str, Measured]]:
    """Measures one number of workers; gives the result by clients and action."""
    found: dict[int, dict[str, Measured]] = {}
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
        with servers.gateway(place, ca, secret, database.dsn, workers, world) as server:
            for number in clients:
                kids = preregistered(database.dsn, secret, number)
                each = 1 + max(actions // max(number, 4), 20)
                for action in ("ADDDOMAIN", "LISTDOMAINS"):
                    measured = load(server, action, kids, each, database.postmaster)
                    title = f"{action}, {workers} workers, {number} clients"
                    report.print_measured(title, measured, "action")
                    found.setdefault(number, {})[action] = measured
    return found


def load(
    server: servers.Server, action: str, kids: list[str], number: int, database: int
) -> Measured:
    """A program for each credential, all at once, with so many actions each."""
    url = server.directory.removesuffix(servers.DIRECTORY_PATH) + "/products/!ACMEAdmin"
    programs = [_program(action, kid, number) for kid in kids]
    jobs: list[dict[str, Any]] = [
        {"url": url, "action": action, "programs": part} for part in split(programs)
    ]
    lines = [json.dumps(job).encode() for job in jobs]
    return measure("bench.action_load", lines, len(programs), server.pid, database)


def _program(action: str, kid: str, number: int) -> list[dict[str, str]]:
    fields = {
        "action": action,
        "loginName": demo_data.LOGIN,
        "loginPassword": demo_data.PASSWORD,
        "acmeAccountID": kid,
    }
    if action == "ADDDOMAIN":
        return [{**fields, "domainName": f"n{count}.bench.example"} for count in range(number)]
    if action == "LISTDOMAINS":
        fields["size"] = "100"
    return [fields] * number


def preregistered(dsn: str, secret: str, number: int) -> list[str]:
    """Credentials without names."""
    return asyncio.run(_preregistered(dsn, secret, number))


async def _preregistered(dsn: str, secret: str, number: int) -> list[str]:
    pool = await open_pool(dsn)
    made = [await preregister(pool, Vault([secret]), servers.DIRECTORY_PATH) for _ in range(number)]
    await pool.close()
    return [eab.kid for eab in made]


if __name__ == "__main__":
    main()
