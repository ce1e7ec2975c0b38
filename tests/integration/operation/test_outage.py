"""The database goes away and comes back: 503 with Retry-After in between, and no restart."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import ClientResponse

from gateway.db.migrate import migrate
from gateway.logging import log_fault
from gateway.sandbox.postgres import EmbeddedPostgres
from tests.support.gateway import RunningGateway, running_gateway
from tests.support.server_process import until


@dataclass
class Outage:
    """A gateway and the only database it has."""

    gateway: RunningGateway
    server: EmbeddedPostgres
    directory: Path

    async def begin(self) -> None:
        await asyncio.to_thread(self.server.stop)

    async def crash(self) -> None:
        """As when the machine of the database loses power."""
        pid = int((self.directory / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        await asyncio.to_thread(self.server.stop)

    async def end(self) -> None:
        await asyncio.to_thread(self.server.start)

    async def status(self, method: str, url: str, **options: object) -> int:
        """The status of a request; a 503 must have Retry-After."""
        async with self.gateway.session.request(method, url, **options) as response:  # type: ignore[arg-type]
            await check_503(response)
            return response.status

    async def statuses(self) -> dict[str, int]:
        """The status of one request at every door."""
        gateway = self.gateway
        login = {"loginName": gateway.login, "loginPassword": gateway.password}
        account = f"{gateway.directory_url}/newAccount"
        return {
            "ready": await self.status("GET", f"{gateway.url}/health/ready"),
            "action": await self.status(
                "POST", gateway.actions_url, data={"action": "LISTSERVERS", **login}
            ),
            "crl": await self.status("GET", f"{gateway.plain_url}/crl/local.crl"),
            "clock": await self.status("GET", f"{gateway.url}/sandbox/clock"),
            "acme": await self.status(
                "POST", account, data=b"{}", headers={"Content-Type": "application/jose+json"}
            ),
        }


async def check_503(response: ClientResponse) -> None:
    if response.status == 503:
        assert int(response.headers["Retry-After"]) > 0
        assert "Traceback" not in await response.text()


@pytest.fixture
async def outage(tmp_path: Path) -> AsyncIterator[Outage]:
    server = EmbeddedPostgres(tmp_path / "postgres")
    dsn = await asyncio.to_thread(server.start)
    await migrate(dsn)
    try:
        async with running_gateway(dsn, tmp_path) as gateway:
            yield Outage(gateway, server, tmp_path / "postgres")
    finally:
        await asyncio.to_thread(server.stop)


async def test_every_door_says_503_and_recovers_without_a_restart(outage: Outage) -> None:
    before = await outage.statuses()
    assert before == {"ready": 200, "action": 200, "crl": 200, "clock": 200, "acme": 400}
    await outage.begin()
    during = await outage.statuses()
    # ACME refuses this unsigned request before it needs the database.
    assert during == {"ready": 503, "action": 503, "crl": 503, "clock": 503, "acme": during["acme"]}
    assert during["acme"] in (400, 503)
    await outage.end()
    assert await outage.statuses() == before


async def test_a_crash_of_the_database_is_no_different(outage: Outage) -> None:
    await outage.crash()
    assert (await outage.statuses())["action"] == 503
    await outage.end()
    assert (await outage.statuses())["action"] == 200


async def test_the_process_lives_and_counts_meanwhile(outage: Outage) -> None:
    await outage.begin()
    assert await outage.status("GET", f"{outage.gateway.url}/health/live") == 200
    assert await outage.status("GET", outage.gateway.metrics_url) == 200
    assert await outage.status("GET", f"{outage.gateway.url}/ca/local.pem") == 200


async def test_requests_during_a_restart_of_the_database_only_see_200_or_503(
    outage: Outage,
) -> None:
    seen: set[int] = set()
    over = asyncio.Event()

    async def ask() -> None:
        while not over.is_set():
            seen.add(await outage.status("GET", f"{outage.gateway.url}/sandbox/clock"))

    askers = [asyncio.create_task(ask()) for _ in range(8)]
    for _ in range(3):
        await outage.begin()
        await asyncio.sleep(0.1)
        await outage.end()
        await asyncio.sleep(0.1)
    over.set()
    await asyncio.gather(*askers)
    assert seen == {200, 503}


async def test_a_server_that_is_added_right_after_an_outage_is_served_soon(outage: Outage) -> None:
    pool, url = outage.gateway.pool, f"{outage.gateway.url}/v2/NEW"
    assert await outage.status("GET", url) == 404
    await outage.begin()
    assert await outage.status("GET", url) == 404
    assert await outage.status("GET", outage.gateway.directory_url) == 200
    await outage.end()
    await pool.execute("UPDATE acme.server SET path = '/v2/NEW' WHERE path = '/v2/DV'")

    async def is_right() -> bool:
        old = await outage.status("GET", outage.gateway.directory_url)
        return (await outage.status("GET", url), old) == (200, 404)

    await until(is_right, "the servers are not read anew")


async def test_background_work_goes_on_afterwards(
    outage: Outage, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed: list[str] = []

    def note(event: str, error: Exception, *, work: str) -> bool:
        failed.append(work)
        return log_fault(event, error, work=work)

    monkeypatch.setattr("gateway.process.background.log_fault", note)
    await outage.begin()
    await until(lambda: failed.count("validator") > 1, "does not begin anew")
    names = {task.get_name() for task in asyncio.all_tasks()}
    assert {"validator", "issuance"} <= names
    await outage.end()
    await until(
        lambda: outage.status("GET", f"{outage.gateway.url}/health/ready"), "does not recover"
    )
