"""A shop whose clock stands still, a log of background work, and processes that do nothing else."""

import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.clock import SystemClock
from gateway.config import Jobs
from gateway.db.pool import Pool
from gateway.process.preparation import prepare
from gateway.sandbox import demo_data
from gateway.services import Services
from gateway.usecases.reseller import resellers
from gateway.usecases.work import open_work
from gateway.vault import Vault
from tests.integration.process.test_serve import configured
from tests.support.server_process import write_config
from tests.support.shop import OPERATOR, Shop

BusinessEvents = Callable[[], Awaitable[list[tuple[str, str, str]]]]
Runner = Callable[[], subprocess.Popen[bytes]]


@pytest.fixture
async def shop(gateway: Any) -> Shop:
    await gateway.at("2025-01-10T15:30:00Z")
    return Shop(gateway)


@pytest.fixture
def business_events(gateway: Any) -> BusinessEvents:
    """What happened by itself: instant, action and subject, in the order of writing."""

    async def read() -> list[tuple[str, str, str]]:
        rows = await gateway.pool.fetch(
            """
            SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS') AS at, action, subject
              FROM audit.event
             WHERE actor LIKE 'job:%'
             ORDER BY id
            """
        )
        return [(row["at"], row["action"], row["subject"]) for row in rows]

    return read


@pytest.fixture
async def business(database: str, pool: Pool, tmp_path: Path) -> AsyncIterator[Any]:
    """A reseller with automatic renewal, and no process; settings for some in `config`."""
    jobs = Jobs(attempts=2, first_retry_seconds=0.1, takeover_seconds=2)
    settings = await configured(database, tmp_path, jobs=jobs)
    vault = Vault([key.get_secret_value() for key in settings.secrets.keys])
    services = Services(settings, pool, SystemClock(), vault, issuers=None, resolver=None)  # type: ignore[arg-type]
    await demo_data.add(pool, services.clock)
    now = await services.clock.now()
    async with open_work(pool, now, OPERATOR) as work:
        await resellers.set_reseller(
            work, demo_data.LOGIN, resellers.ResellerChanges(renewal_mode="auto")
        )
    await prepare(settings)
    config = write_config(settings, tmp_path / "gateway.toml")
    yield SimpleNamespace(services=services, pool=pool, config=config)


@pytest.fixture
def runner(business: Any, tmp_path: Path) -> Iterator[Runner]:
    """Starts `gateway jobs run` processes."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        with (tmp_path / "runners.log").open("ab") as log:
            command = [sys.executable, "-m", "gateway", "jobs", "run", "--config", business.config]
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=log)
        started.append(process)
        return process

    yield start
    for process in started:
        with suppress(ProcessLookupError):
            process.kill()
        process.wait()


async def waiting_for_locks(pool: Pool) -> bool:
    waiting = await pool.fetchval(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    return bool(waiting)
