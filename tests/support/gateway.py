"""The whole gateway in this process: real TLS sockets, sandbox clock, demo data."""

import atexit
import os
import shutil
import ssl
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, TCPConnector
from cryptography.fernet import Fernet
from msgspec import structs

from gateway.app import open_gateway
from gateway.ca.issuers import open_issuers
from gateway.ca.local.issuer import LocalCa
from gateway.config import Ca, Listen, Settings, Validation
from gateway.config.sources import made
from gateway.db.pool import Pool, is_outage
from gateway.process.listeners import serving
from gateway.process.preparation import prepare
from gateway.process.sockets import bound_ports
from gateway.sandbox import demo_data
from gateway.services import Services
from gateway.web.door import Door
from gateway.web.site import Site
from tests.support.lint import assert_lints_clean
from tests.support.ports import free_ports as free_ports
from tests.support.postgres import memory_or_disk

_SEQUENCE = b"\x30\x82"
"""First bytes of a certificate; rows that a test made up hold something else."""

_LINTED = 50
"""How many certificates are linted at most after a test; each takes some milliseconds."""

CRL_URL = "http://pki.example.com"
"""Base of the URLs in certificates, as in production: linters refuse loopback addresses there."""

SECRET_KEY = Fernet.generate_key().decode()
"""One key for all gateways of a run, so that a second one on the same database opens secrets."""


@dataclass
class RunningGateway:
    """A gateway under test, with the URLs and the demo reseller's client."""

    services: Services
    session: ClientSession
    root_pem: Path
    login: str = demo_data.LOGIN
    password: str = demo_data.PASSWORD
    sites: Mapping[str, Site] = field(default_factory=dict)
    """The listeners' applications, by the fields of Listen."""
    doors: Mapping[str, Door] = field(default_factory=dict)
    """The HTTP doors beside ACME's, by folder."""

    @property
    def url(self) -> str:
        return self.services.settings.public_url

    @property
    def actions_url(self) -> str:
        return f"{self.url}/products/!ACMEAdmin"

    @property
    def directory_url(self) -> str:
        return f"{self.url}/v2/DV"

    @property
    def ov_directory_url(self) -> str:
        return f"{self.url}/v2/OV"

    @property
    def plain_url(self) -> str:
        return f"http://127.0.0.1:{self.services.settings.listen.plain_http_port}"

    @property
    def metrics_url(self) -> str:
        return f"http://127.0.0.1:{self.services.settings.listen.metrics_port}/metrics"

    @property
    def pool(self) -> Pool:
        return self.services.pool

    @property
    def http_port(self) -> int:
        """The port that http-01 connects to; free for the test's own server."""
        return self.services.settings.validation.http_port

    @property
    def tls_port(self) -> int:
        """The port that tls-alpn-01 connects to; free for the test's own server."""
        return self.services.settings.validation.tls_port

    async def at(self, iso_text: str) -> None:
        """Stops business time at `iso_text`."""
        await self._move({"now": iso_text})

    async def advance(self, seconds: float) -> None:
        """Moves business time forward by so many seconds, and stops it there."""
        await self._move({"advance_seconds": seconds})

    async def action(self, name: str, **fields: str) -> tuple[int, dict[str, Any]]:
        """Status and answer of an action, by the demo reseller unless `fields` say otherwise."""
        form = {"action": name, "loginName": self.login, "loginPassword": self.password, **fields}
        async with self.session.post(self.actions_url, data=form) as response:
            return response.status, await response.json()

    async def _move(self, where: dict[str, Any]) -> None:
        async with self.session.post(f"{self.url}/sandbox/clock", json=where) as response:
            assert response.status == 200, await response.text()


@asynccontextmanager
async def running_gateway(
    database: str, directory: Path, /, *, behind_proxy: bool = False, **sections: Any
) -> AsyncIterator[RunningGateway]:
    """A gateway on an empty migrated database; `sections` replace those of its settings.

    `behind_proxy` = it speaks plain HTTP, and believes the client that it came by HTTPS.
    """
    wanted = Listen(host="127.0.0.1", port=0, plain_http_port=0, metrics_port=0)
    with bound_ports(wanted) as ports:
        listen = ports.listen
        settings = sandbox_settings(database, directory, listen, **sections)
        if "ca" not in sections:
            await _begin_with_the_ca_of_tests(settings, directory)
        ca = await local_ca(settings)
        root_pem = directory / "root.pem"
        root_pem.write_bytes(ca.root_pem())
        if behind_proxy:
            wanted = structs.replace(listen, trusted_proxies=["127.0.0.0/8"])
            url = f"http://127.0.0.1:{listen.port}"
            settings = structs.replace(settings, listen=wanted, public_url=url)
        else:
            certificate, key = ca.issue_server_certificate(directory / "tls", ["127.0.0.1"])
            tls = {"tls_certificate": certificate, "tls_key": key}
            settings = structs.replace(settings, listen=structs.replace(listen, **tls))
        await prepare(settings)
        async with open_gateway(settings) as gateway, serving(gateway, ports.sockets):
            await demo_data.add(gateway.services.pool, gateway.services.clock)
            opened = session_of_proxy() if behind_proxy else session_trusting(root_pem)
            async with opened as session:
                sites = {
                    "port": gateway.public,
                    "plain_http_port": gateway.plain,
                    "metrics_port": gateway.metrics,
                }
                yield RunningGateway(
                    gateway.services, session, root_pem, sites=sites, doors=gateway.doors
                )
            await _lint_what_was_issued(gateway.services.pool)


async def _begin_with_the_ca_of_tests(settings: Settings, directory: Path) -> None:
    """Puts a CA, with its certificate for HTTPS, where a gateway would make them."""
    if (directory / "ca").exists():
        return
    kept = _kept_ca()
    if not (kept / "ca").exists():
        once = structs.replace(settings, ca=structs.replace(settings.ca, directory=kept / "ca"))
        (await local_ca(once)).issue_server_certificate(kept / "tls", ["127.0.0.1"])
    for part in ("ca", "tls"):
        shutil.copytree(kept / part, directory / part)


@cache
def _kept_ca() -> Path:
    """Where this process keeps the CA that its gateways begin with: making one takes 30 ms."""
    directory = Path(tempfile.mkdtemp(prefix="gateway-tests-ca-", dir=memory_or_disk()))
    atexit.register(_remove_of_process, directory, os.getpid())
    return directory


def _remove_of_process(directory: Path, process: int) -> None:
    if os.getpid() == process:  # and not a fork of it, which ends earlier
        shutil.rmtree(directory, ignore_errors=True)


async def _lint_what_was_issued(pool: Pool) -> None:
    """Checks that all certificates of a test satisfy the Baseline Requirements."""
    try:
        rows = await pool.fetch("SELECT der FROM ca.certificate")
    except Exception as error:
        assert is_outage(error), error  # a test that took the database away
        return
    signed = [row["der"] for row in rows if row["der"].startswith(_SEQUENCE)]
    for der in signed[:_LINTED]:
        assert_lints_clean(der)


async def local_ca(settings: Settings, name: str = "local") -> LocalCa:
    """A local CA of these settings; a gateway that runs has another object for the same one."""
    found = (await open_issuers(settings)).find(name)
    assert isinstance(found, LocalCa)
    return found


def sandbox_settings(
    database: str, directory: Path, listen: Listen, /, **sections: Any
) -> Settings:
    """Settings of a sandbox on the loopback."""
    given: dict[str, Any] = {
        "database": database,
        "public_url": f"https://127.0.0.1:{listen.port}",
        "sandbox": True,
        "listen": listen,
        "secrets": {"keys": [SECRET_KEY]},
        "ca": Ca(directory=directory / "ca", crl_url=CRL_URL),
        "validation": sandbox_validation(),
    }
    return made(Settings, {**given, **sections})


def sandbox_validation(**wanted: Any) -> Validation:
    """Settings by which all names are on this machine, and their servers on free ports."""
    http_port, tls_port = free_ports(2)
    given = {"http_port": http_port, "tls_port": tls_port, "resolve_to": "127.0.0.1"}
    return Validation(**{**given, "allow_private_addresses": True, **wanted})


def session_trusting(root_pem: Path, *, one_request_each: bool = False) -> ClientSession:
    """A client that trusts the sandbox's CA and no other."""
    trust = ssl.create_default_context(cafile=str(root_pem))
    return ClientSession(connector=TCPConnector(ssl=trust, force_close=one_request_each))


def session_of_proxy() -> ClientSession:
    """A proxy that ends TLS, and the client before it."""
    return ClientSession(headers={"X-Forwarded-Proto": "https"})
