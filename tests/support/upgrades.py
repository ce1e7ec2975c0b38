"""An upgrade for real: the release before and the next one on one filled database."""

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import ClientSession, TCPConnector
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.db.migrate import Migration, read_migrations
from tests.support.acme_client import AcmeClient, Signer, make_csr
from tests.support.challenge_server import ChallengeServer, challenge_server
from tests.support.gateway import free_ports
from tests.support.postgres import BARE, fresh_database
from tests.support.releases import Program, release_before, todays
from tests.support.schema_chain import KEY, fill_forward
from tests.support.server_process import ServerProcess
from tests.support.steady_load import Customers

SETTINGS = """
database = "{database}"
public_url = "http://127.0.0.1:{port}"
sandbox = true
workers = 1
[listen]
host = "127.0.0.1"
port = {port}
plain_http_port = {plain}
metrics_port = {metrics}
trusted_proxies = ["127.0.0.0/8"]
[secrets]
keys = ["{key}"]
[ca]
directory = "{ca}"
[validation]
http_port = {http}
tls_port = {tls}
resolve_to = "127.0.0.1"
allow_private_addresses = true
"""
"""What both releases understand."""


@dataclass
class Upgrade:
    """A filled database, the release that made it, and the one that comes next."""

    database: str
    directory: Path
    before: Program
    after: Program
    newer: list[Migration]
    web: ChallengeServer
    web_ports: tuple[int, int]
    session: ClientSession
    servers: dict[str, ServerProcess] = field(default_factory=dict)

    def configure(self, name: str) -> tuple[Path, str]:
        """Settings of a process on ports of its own, and its URL."""
        port, plain, metrics = free_ports(3)
        http, tls = self.web_ports
        file = self.directory / f"{name}.toml"
        text = SETTINGS.format(
            database=self.database, port=port, plain=plain, metrics=metrics, key=KEY,
            ca=self.directory / "ca", http=http, tls=tls,
        )  # fmt: skip
        file.write_text(text)
        return file, f"http://127.0.0.1:{port}"

    @asynccontextmanager
    async def served(self, name: str, program: Program) -> AsyncIterator[Customers]:
        """A release serves the database; gives customers of it."""
        config, url = self.configure(name)
        log = self.directory / f"{name}.log"
        log.touch()
        server = ServerProcess(config, log, program=program)
        server.start()
        self.servers[name] = server
        try:
            await server.until_logged("server.ready")
            form = {"loginName": "filled", "loginPassword": "filled-password"}
            token = "filledToken00001.filled-secret"
            customers = Customers(url, self.session, self.web, form, token, f"{name}-")
            await customers.come()
            yield customers
        finally:
            server.kill()
        assert "Traceback" not in log.read_text(), log.read_text()
        assert '"level":"error"' not in log.read_text(), log.read_text()

    def client_of(self, signer: Signer, account: str, url: str) -> AcmeClient:
        """The client of an account that there is, at any process."""
        client = AcmeClient(self.session, f"{url}/v2/DV", signer)
        client.account_url = f"{url}/v2/DV/account/{account}"
        return client

    async def replace_workers(self, name: str) -> None:
        """New workers of the same release take over."""
        server = self.servers[name]
        ready = server.logged("server.worker_ready")
        server.process.send_signal(signal.SIGUSR1)
        await server.until_logged("server.worker_ready", ready + 1)

    async def order_by_an_old_account(self, url: str) -> None:
        """An account among the rows of earlier times, whose proof of control still counts."""
        key = ec.derive_private_key(20250501, ec.SECP256R1())
        client = self.client_of(Signer(key), "filledDV", url)
        placed = await client.new_order("shop.example.com")
        assert (placed.status, placed.json["status"]) == (201, "ready")
        finalized = await client.finalize(placed.json, make_csr(["shop.example.com"]))
        assert finalized.status == 200, finalized.body


def newer_migrations(before: Program, after: Program) -> list[Migration]:
    """Those that the release before does not know. Fails at one that it cannot live through."""
    known = {migration.name for migration in read_migrations(before.sql)}
    newer = [each for each in read_migrations(after.sql) if each.name not in known]
    for migration in newer:
        if migration.needs_a_stop:
            pytest.fail(
                f"{migration.name} needs a stop, so no process of the release before goes on after"
                " it: `make release-wheel` makes the release that brings it the one before"
                " (tests/releases/README.md)"
            )
    return newer


@asynccontextmanager
async def filled(server: str, directory: Path, *made_up: tuple[str, str]) -> AsyncIterator[Upgrade]:
    """The release before has migrated the database and filled it; the next is not applied yet.

    The next has the migrations of this source tree, and those that are `made_up`.
    """
    before = release_before(directory / "before")
    after = todays(directory / "after", made_up)
    steps = directory / "steps"
    steps.mkdir()
    ports = free_ports(2)
    async with (
        fresh_database(server, BARE) as database,
        challenge_server(ports[0]) as web,
        # Workers are replaced meanwhile; an idle connection that ends with one is no failure.
        ClientSession(
            connector=TCPConnector(force_close=True), headers={"X-Forwarded-Proto": "https"}
        ) as session,
    ):
        await fill_forward(database, before.sql, steps)
        made = Upgrade(
            database, directory, before, after, newer_migrations(before, after), web,
            (ports[0], ports[1]), session,
        )  # fmt: skip
        config, _ = made.configure("operator")
        for login in ("filled", "parent"):
            before.run("reseller", "deposit", login, "900000", "--config", str(config))
        yield made
