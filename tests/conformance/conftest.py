"""Real ACME clients against the real gateway: names in a real name server, real ports."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.config import Directory, Validation
from gateway.usecases.reseller import resellers
from gateway.usecases.work import open_work
from tests.conformance.fronts import open_front
from tests.conformance.fronts import program as program
from tests.integration.acme.conftest import Customer, new_customer
from tests.support.dns_server import DnsServer, dns_server
from tests.support.gateway import RunningGateway, free_ports
from tests.support.kept import KeptDatabases
from tests.support.lint import assert_lints_clean
from tests.support.postgres import FURNISHED, fresh_database
from tests.support.shop import OPERATOR, Shop

HOOK = Path(__file__).with_name("dns_hook.py")
NPM_PACKAGES = Path(sys.prefix) / "npm" / "node_modules"
CLIENTS = Path(__file__).with_name("clients")
_ENVIRONMENTS = Path(sys.prefix) / "clients"
_PATIENCE_SECONDS = 120
_FOR_ALL_TESTS = Decimal("900000.00")


def in_its_environment(client: str, command: str) -> str:
    """A program of the environment that `CLIENTS/client.txt` names; its absence is a failure."""
    found = _ENVIRONMENTS / client / "bin" / command
    assert found.exists(), f"{client} is not installed: make python-clients"
    return str(found)


@dataclass(frozen=True)
class Finished:
    """A client that has ended."""

    code: int
    output: str


@dataclass
class Zone:
    """The customer's DNS: every name is this machine; clients publish TXT records by `hook`."""

    server: DnsServer
    url: str
    hook: str

    def __post_init__(self) -> None:
        self._values: dict[str, list[str]] = {}

    def point_here(self, *names: str) -> None:
        for name in names:
            self.server.set(name, "A", "127.0.0.1")

    async def serve(self, request: web.Request) -> web.Response:
        name, value = request.query["name"], request.query["value"]
        values = self._values.setdefault(name, [])
        if request.match_info["operation"] == "present":
            values.append(value)
        elif value in values:
            values.remove(value)
        self.server.txt(name, *values)
        return web.Response()


@dataclass(frozen=True)
class Site:
    """A gateway, a customer and what a client needs to know of both."""

    gateway: RunningGateway
    customer: Customer
    zone: Zone
    directory: Path

    @property
    def environment(self) -> dict[str, str]:
        """Trusts the sandbox's CA, in the words of each client."""
        root = str(self.gateway.root_pem)
        return {
            **os.environ,
            "REQUESTS_CA_BUNDLE": root,
            "LEGO_CA_CERTIFICATES": root,
            "SSL_CERT_FILE": root,
            "CURL_CA_BUNDLE": root,
            "NODE_EXTRA_CA_CERTS": root,
            "ZONE_URL": self.zone.url,
            "HOME": str(self.directory),
        }

    async def buy(self, *names: str) -> None:
        """Buys names and lets them point here."""
        await self.customer.buy(*names)
        self.zone.point_here(*(name.removeprefix("*.") for name in names))

    async def run(self, *command: str, **environment: str) -> Finished:
        """Runs a client to its end."""
        process = await asyncio.create_subprocess_exec(
            *command,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            stdin=asyncio.subprocess.DEVNULL,
            env={**self.environment, **environment},
            cwd=self.directory,
        )
        async with asyncio.timeout(_PATIENCE_SECONDS):
            output, _ = await process.communicate()
        return Finished(process.returncode or 0, output.decode(errors="replace"))

    async def succeed(self, *command: str, **environment: str) -> str:
        """Runs a client that must succeed; gives its output."""
        finished = await self.run(*command, **environment)
        assert finished.code == 0, finished.output
        return finished.output

    async def fail(self, *command: str, **environment: str) -> str:
        """Runs a client that must not succeed; gives its output."""
        finished = await self.run(*command, **environment)
        assert finished.code != 0, finished.output
        return finished.output

    async def proven_by(self) -> list[str]:
        """The types of the customer's challenges that were answered well."""
        rows = await self.gateway.pool.fetch(
            """
            SELECT challenge.type
              FROM acme.challenge challenge
              JOIN acme.authorization proven ON proven.id = challenge.authorization_id
              JOIN acme.account account ON account.id = proven.account_id
             WHERE challenge.status = 'valid'
               AND account.kid = $1
            """,
            self.customer.eab.kid,
        )
        return [row["type"] for row in rows]

    async def revocations(self) -> list[int]:
        """The reasons for which certificates of the customer were revoked."""
        rows = await self.gateway.pool.fetch(
            """
            SELECT revocation.reason
              FROM ca.revocation revocation
              JOIN ca.certificate revoked USING (serial)
              JOIN acme.account account ON account.id = revoked.account_id
             WHERE account.kid = $1
            """,
            self.customer.eab.kid,
        )
        return [row["reason"] for row in rows]

    def check_certificate(self, pem: Path, *names: str) -> x509.Certificate:
        """A client's certificate: for exactly these names, trusted, and lints clean."""
        leaf, *chain = x509.load_pem_x509_certificates(pem.read_bytes())
        san = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert sorted(san.get_values_for_type(x509.DNSName)) == sorted(names)
        root = x509.load_pem_x509_certificate(self.gateway.root_pem.read_bytes())
        leaf.verify_directly_issued_by(chain[0])
        chain[-1].verify_directly_issued_by(root)
        assert_lints_clean(leaf.public_bytes(Encoding.DER))
        return leaf


@asynccontextmanager
async def open_zone() -> AsyncIterator[Zone]:
    async with dns_server() as server:
        zone = Zone(server, "", f"{sys.executable} {HOOK}")
        app = web.Application()
        app.router.add_post("/{operation}", zone.serve)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        zone.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield zone
        finally:
            await runner.cleanup()


@pytest.fixture
def front(request: pytest.FixtureRequest) -> str:
    """How clients reach the gateway: directly, unless the test is marked with `every_front`."""
    return str(getattr(request, "param", "gateway"))


@pytest.fixture
def methods() -> list[str] | None:
    """Challenge types on offer: all, as in sandboxes."""
    return None


@pytest.fixture
def terms() -> str | None:
    """URL of the terms of service: none, as in sandboxes."""
    return None


@pytest.fixture(scope="session")
async def shared_sites(
    database_server: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator["SharedSites"]:
    """Sites whose gateway is a process of its own: it starts once, for many customers."""
    async with AsyncExitStack() as stack:
        yield SharedSites(stack, database_server, tmp_path_factory)


@dataclass
class SharedSites:
    """Opens each way to a gateway when a test first wants it, and keeps it open."""

    stack: AsyncExitStack
    server: str
    directories: pytest.TempPathFactory
    opened: dict[str, tuple[RunningGateway, Zone]] = field(default_factory=dict)

    async def of(self, front: str) -> tuple[RunningGateway, Zone]:
        """The gateway behind `front`, and the DNS that it asks."""
        if front not in self.opened:
            database = await self.stack.enter_async_context(fresh_database(self.server, FURNISHED))
            directory = self.directories.mktemp("front")
            gateway, zone = await self.stack.enter_async_context(
                _opened(front, database, directory)
            )
            async with open_work(
                gateway.pool, await gateway.services.clock.now(), OPERATOR
            ) as work:
                await resellers.deposit(work, gateway.login, _FOR_ALL_TESTS)
            self.opened[front] = gateway, zone
        return self.opened[front]


@pytest.fixture
async def site(
    front: str,
    methods: list[str] | None,
    terms: str | None,
    kept_databases: KeptDatabases,
    shared_sites: "SharedSites",
    tmp_path: Path,
) -> AsyncIterator[Site]:
    """A gateway with the real clock: clients look at the dates of what they get."""
    directory = tmp_path / "client"
    directory.mkdir()
    if front != "gateway" and methods is None and terms is None:
        gateway, zone = await shared_sites.of(front)
        yield Site(gateway, await new_customer(Shop(gateway)), zone, directory)
        return
    async with (
        kept_databases.lend(FURNISHED) as database,
        _opened(front, database, tmp_path, methods, terms) as (gateway, zone),
    ):
        yield Site(gateway, await new_customer(Shop(gateway)), zone, directory)


@asynccontextmanager
async def _opened(
    front: str,
    database: str,
    directory: Path,
    methods: list[str] | None = None,
    terms: str | None = None,
) -> AsyncIterator[tuple[RunningGateway, Zone]]:
    async with open_zone() as zone:
        http_port, tls_port = free_ports(2)
        validation = Validation(
            http_port=http_port,
            tls_port=tls_port,
            resolvers=[zone.server.address],
            allow_private_addresses=True,
            methods=methods,
        )
        sections = {"validation": validation, "directory": Directory(terms_of_service=terms)}
        async with open_front(front, database, directory, **sections) as gateway:
            yield gateway, zone
