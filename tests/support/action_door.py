"""Serves the action endpoint alone, on a loopback socket, as if behind a TLS proxy."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, web
from cryptography.fernet import Fernet

from gateway.config import Ca, Listen, Logins, Settings
from gateway.config.sources import made
from gateway.db.pool import Pool
from gateway.doors.reseller.door import open_door as open_action_door
from gateway.origin import Origin
from gateway.passwords import PasswordChecker
from gateway.services import Services
from gateway.usecases.reseller import resellers
from gateway.usecases.work import Work, open_work
from gateway.vault import Vault
from gateway.web.login import PasswordLogin
from gateway.web.serving import add_routes
from tests.support.prices import set_name_price

OPERATOR = Origin("operator:test")
LOGIN = "acme-hosting"
PASSWORD = "Correct Horse 7"
START = datetime(2025, 1, 10, 15, 30, tzinfo=UTC)
HTTPS = {"X-Forwarded-Proto": "https"}


@dataclass
class SetClock:
    """A clock that the test sets."""

    at: datetime = START

    async def now(self) -> datetime:
        return self.at

    def advance(self, **span: float) -> None:
        self.at += timedelta(**span)


@dataclass
class Answered:
    """One HTTP answer."""

    status: int
    headers: Any
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass
class Door:
    """The endpoint under test, with its services and a client."""

    url: str
    pool: Pool
    clock: SetClock
    services: Services
    session: ClientSession
    checker: PasswordChecker

    async def post(self, data: Any, **options: Any) -> Answered:
        """Sends any POST; `data` is as in aiohttp. It uses HTTPS unless `headers` say otherwise."""
        return await self.send("POST", data=data, **options)

    async def send(self, method: str, **options: Any) -> Answered:
        headers = {**HTTPS, **options.pop("headers", {})}
        url = options.pop("url", self.url)
        async with self.session.request(method, url, headers=headers, **options) as response:
            return Answered(response.status, response.headers, await response.text())

    async def action(self, name: str, *, headers: Any = None, **fields: str) -> Answered:
        """Sends a well-formed action with the demo login, unless `fields` have another."""
        form = {"action": name, "loginName": LOGIN, "loginPassword": PASSWORD, **fields}
        return await self.post(form, headers=headers or {})

    async def preregister(self, **fields: str) -> str:
        """Makes a credential; gives its kid."""
        fields.setdefault("serverUrl", "https://gateway.test/v2/DV")
        answered = await self.action("PREREGISTER", **fields)
        assert answered.status == 200, answered.text
        return str(answered.json["Accounts"][0]["acmeAccountID"])

    async def state(self) -> dict[str, list[Any]]:
        """Everything an action can change, for a comparison before and after."""
        tables = (
            "reseller.purchase",
            "reseller.ledger_entry",
            "reseller.idempotency",
            "subscription.eab_credential",
            "subscription.subscription",
            "subscription.domain",
            "acme.account",
        )
        async with self.pool.acquire() as connection:
            return {
                table: [tuple(row) for row in await connection.fetch(f"SELECT * FROM {table}")]
                for table in (*tables, "audit.event")
            }


def settings(**sections: Any) -> Settings:
    """Settings of a gateway at https://gateway.test whose proxy is on the loopback."""
    given: dict[str, Any] = {
        "database": "postgresql://unused",
        "public_url": "https://gateway.test",
        "secrets": {"keys": [Fernet.generate_key().decode()]},
        "ca": Ca(directory=Path("unused")),
        "listen": Listen(trusted_proxies=["127.0.0.0/8"]),
        "logins": Logins(),
    }
    return made(Settings, {**given, **sections})


@asynccontextmanager
async def open_door(pool: Pool, **sections: Any) -> AsyncIterator[Door]:
    """Serves the action endpoint with a DV and an OV server and one reseller of 10 000.00 USD."""
    clock = SetClock()
    chosen = settings(**sections)
    vault = Vault([key.get_secret_value() for key in chosen.secrets.keys])
    # This door asks neither the issuer nor the resolver.
    services = Services(chosen, pool, clock, vault, issuers=None, resolver=None)  # type: ignore[arg-type]
    await _furnish(pool)
    async with serve(services) as door:
        yield door


@asynccontextmanager
async def serve(services: Services, login: str = LOGIN) -> AsyncIterator[Door]:
    """One process's endpoint on a port of its own; several may share a database."""
    app = web.Application()
    opened = open_action_door(services)
    assert isinstance(opened.authenticate, PasswordLogin)
    checker = opened.authenticate.checker
    add_routes(app, services, opened)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        async with ClientSession() as session:
            url = f"http://127.0.0.1:{port}/products/!ACMEAdmin"
            yield Door(url, services.pool, services.clock, services, session, checker)  # type: ignore[arg-type]
    finally:
        await runner.cleanup()


async def _furnish(pool: Pool) -> None:
    async with open_work(pool, START, OPERATOR) as work:
        for number, validation in ((608, "DV"), (609, "OV")):
            await resellers.add_server(
                work,
                resellers.WantedServer(
                    name=validation,
                    path=f"/v2/{validation}",
                    validation=validation,
                    product_id=number,
                    description=f"CaaS {validation} TLS Certificate",
                    names="any",
                ),
            )
            for name_type, yearly in (("fqdn", "365.00"), ("wildcard", "1095.00")):
                twice = 2 if validation == "OV" else 1
                await set_name_price(
                    work.connection,
                    START,
                    login=None,
                    server=validation,
                    name_type=name_type,
                    yearly=str(Decimal(yearly) * twice),
                )
        await add_reseller(work.connection, LOGIN)
        await resellers.deposit(work, LOGIN, Decimal("10000.00"))


async def add_reseller(connection: Any, login: str, password: str = PASSWORD) -> None:
    """Another reseller with the demo password."""
    await resellers.add_reseller(Work(connection, START, OPERATOR), login=login, password=password)


def second_process(services: Services) -> Services:
    """The same gateway in another process: shares the database, and nothing in memory."""
    return replace(services)
