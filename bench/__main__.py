"""`python -m bench`: certificates under load, the gateway beside caddy's acme_server."""

import argparse
import asyncio
import json
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench import report, servers
from bench.database import durable_database, furnish
from bench.issuances import WARM_UP, customer, load, subscribed
from bench.measure import Measured
from bench.servers import PortTaken
from gateway.ca.local.issuer import LocalCa

_RESULT = Path(__file__).with_name("latest.json")
_HTTP_PORT = 80
_FEWEST = 8  # issuances a client


@dataclass(frozen=True)
class Plan:
    """What to measure."""

    workers: list[int]
    clients: list[int]
    issuances: int
    with_caddy: bool

    def of_each(self, clients: int) -> int:
        """Issuances of one client, warm-up included; a single client is not kept for long."""
        share = self.issuances // max(clients, 8)
        return WARM_UP + max(share, _FEWEST)


def main() -> None:
    plan = _arguments()
    with tempfile.TemporaryDirectory(prefix="bench-") as made:
        directory = Path(made)
        caddy = _measure_caddy(plan, directory) if plan.with_caddy else {}
        ours = {workers: _measure_gateway(plan, directory, workers) for workers in plan.workers}
    report.print_comparison(ours, caddy)
    _RESULT.write_text(json.dumps(report.as_json(ours, caddy), indent=2) + "\n")


def _arguments() -> Plan:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 16, 64])
    parser.add_argument("--issuances", type=int, default=3000, help="of all clients together")
    parser.add_argument("--without-caddy", action="store_true")
    given = parser.parse_args()
    return Plan(given.workers, given.clients, given.issuances, not given.without_caddy)


def _measure_caddy(plan: Plan, directory: Path) -> dict[int, Measured]:
    """It needs no DNS: the name is always localhost, which proves nothing twice to it."""
    measured = {}
    try:
        with (
            servers.world("127.0.0.1", _HTTP_PORT) as world,
            servers.caddy(directory / "caddy", world) as server,
        ):
            for clients in plan.clients:
                names = ["localhost"] * plan.of_each(clients)
                customers = [customer(None, names) for _ in range(clients)]
                measured[clients] = load(server, customers)
                report.print_measured(f"caddy, {clients} clients", measured[clients])
    except PortTaken as error:
        print(f"caddy is left out: it asks port 80, and {error} cannot be listened on")
    return measured


def _measure_gateway(plan: Plan, directory: Path, workers: int) -> dict[int, Measured]:
    measured = {}
    secret = servers.new_secret()
    ca = LocalCa.create_or_load(directory / "ca", datetime.now(UTC), base_url="http://127.0.0.1")
    place = directory / f"gateway-{workers}"
    with durable_database() as database, servers.world("127.0.0.1", 0) as world:
        asyncio.run(furnish(database.dsn))
        with servers.gateway(place, ca, secret, database.dsn, workers, world) as server:
            for clients in plan.clients:
                each = plan.of_each(clients)
                customers = subscribed(database.dsn, secret, "bench.example", clients, each)
                measured[clients] = load(server, customers, database.postmaster)
                title = f"gateway, {workers} workers, {clients} clients"
                report.print_measured(title, measured[clients])
    return measured


if __name__ == "__main__":
    main()
