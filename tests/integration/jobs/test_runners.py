"""Several runners on one database: nothing is done twice, nothing is left undone."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.clock import SystemClock
from gateway.config import Jobs
from gateway.db.pool import Pool, transaction
from gateway.process.preparation import prepare
from gateway.rules.subscription.decisions import Policy
from gateway.sandbox import demo_data
from gateway.services import Services
from gateway.usecases.acme import accounts
from gateway.usecases.organization import organizations
from gateway.usecases.organization.anchors import SentAnchors
from gateway.usecases.reseller import resellers
from gateway.usecases.subscription import add_domain
from gateway.usecases.work import open_work
from gateway.vault import Vault
from tests.integration.process.test_serve import configured
from tests.support.organizations import add_prevalidation
from tests.support.server_process import until, write_config
from tests.support.shop import OPERATOR

Runner = Callable[[], subprocess.Popen[bytes]]


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


async def nearly_expired(business: Any, name: str) -> int:
    """A pre-validation that is due for renewal, with a name in a valid subscription."""
    services = business.services
    now = await services.clock.now()
    ends = (now + timedelta(days=10)).replace(microsecond=0).isoformat()
    number = await add_prevalidation(business, name, expires=ends)
    async with open_work(business.pool, now, OPERATOR) as work:
        reseller_id = await organizations.reseller_called(work, demo_data.LOGIN)
        made = await accounts.preregister(
            work,
            services.vault,
            reseller_id=reseller_id,
            server_path="/v2/OV",
            term_days=365,
        )
        wanted = add_domain.AddDomain(
            reseller_id, made.kid, name, Policy(), anchors=SentAnchors(ov=str(number))
        )
        await add_domain.add_domain(work, wanted)
    return number


async def renewals(pool: Pool) -> list[int]:
    """The numbers of pre-validations that renew others."""
    rows = await pool.fetch(
        """
        SELECT number
          FROM organization.prevalidation
         WHERE previous_number IS NOT NULL
         ORDER BY number
        """
    )
    return [row["number"] for row in rows]


async def jobs_in(pool: Pool, state: str) -> int:
    count: int = await pool.fetchval("SELECT count(*) FROM ops.jobs WHERE state = $1", state)
    return count


async def test_a_runner_killed_in_the_middle_of_a_renewal_leaves_it_to_another_that_does_it_once(
    business: Any, runner: Runner
) -> None:
    pool = business.pool
    old = await nearly_expired(business, "shop.example")
    first = runner()
    async with transaction(pool) as blocker:
        await blocker.execute("SELECT FROM subscription.eab_credential FOR UPDATE")
        await until(lambda: waiting_for_locks(pool), "a renewal waits for the credential")
        second = runner()
        first.send_signal(signal.SIGKILL)
        first.wait()
    await until(lambda: renewals(pool), "the renewal is done")
    await until(lambda: no_jobs_wait(pool), "nothing is left")
    [new] = await renewals(pool)
    state = await pool.fetchval(
        "SELECT state FROM organization.prevalidation WHERE number = $1", old
    )
    assert state == "superseded"
    anchors = await pool.fetch("SELECT ov_anchor FROM subscription.domain")
    assert [row["ov_anchor"] for row in anchors] == [new]
    events = await pool.fetch("SELECT FROM audit.event WHERE action = 'prevalidation.renewed'")
    assert len(events) == 1
    second.terminate()
    assert second.wait(30) == 0


async def waiting_for_locks(pool: Pool) -> bool:
    waiting = await pool.fetchval(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    return bool(waiting)


async def no_jobs_wait(pool: Pool) -> bool:
    return not await pool.fetchval("SELECT count(*) FROM ops.jobs WHERE kind LIKE 'prevalidation%'")


async def test_a_stop_gives_up_what_is_being_done_and_the_next_runner_does_it(
    business: Any, runner: Runner
) -> None:
    pool = business.pool
    await nearly_expired(business, "shop.example")
    first = runner()
    async with transaction(pool) as blocker:
        await blocker.execute("SELECT FROM subscription.eab_credential FOR UPDATE")
        await until(lambda: waiting_for_locks(pool), "a renewal waits for the credential")
        first.terminate()
        assert await asyncio.to_thread(first.wait, 30) == 0
        assert not await renewals(pool)
    runner()
    await until(lambda: renewals(pool), "the renewal is done")
    assert len(await renewals(pool)) == 1


async def test_a_stop_does_not_wait_for_periodic_work_either(business: Any, runner: Runner) -> None:
    pool = business.pool
    process = runner()
    async with transaction(pool) as blocker:
        await blocker.execute("LOCK TABLE acme.nonce")

        async def cleaning_up() -> bool:
            await pool.execute(
                "UPDATE job.schedule SET next_run = now()"
                " WHERE entrypoint = 'clean-up' AND status = 'queued'"
            )
            return await jobs_in(pool, "running") == 1

        await until(cleaning_up, "clean-up runs")
        await until(lambda: waiting_for_locks(pool), "clean-up waits for the table")
        process.terminate()
        assert await asyncio.to_thread(process.wait, 30) == 0
    assert await jobs_in(pool, "running") == 0


async def test_two_runners_renew_each_of_many_once(business: Any, runner: Runner) -> None:
    names = [f"shop{number}.example" for number in range(12)]
    numbers = [await nearly_expired(business, name) for name in names]
    runner(), runner()

    async def all_renewed() -> bool:
        return len(await renewals(business.pool)) >= len(numbers)

    await until(all_renewed, "all are renewed")
    await until(lambda: no_jobs_wait(business.pool), "nothing is left")
    assert len(await renewals(business.pool)) == len(numbers)


async def test_work_that_fails_again_and_again_waits_for_an_operator_who_lets_it_be_retried(
    business: Any, runner: Runner, tmp_path: Path
) -> None:
    pool = business.pool
    await nearly_expired(business, "shop.example")
    await pool.execute(
        "ALTER TABLE organization.prevalidation"
        "  ADD CONSTRAINT broken CHECK (previous_number IS NULL)"
    )
    runner()

    async def dead() -> bool:
        return await jobs_in(pool, "failed") == 1

    await until(dead, tmp_path / "runners.log")
    [letter] = await pool.fetch("SELECT kind, attempts, problem FROM ops.jobs_failed")
    assert letter["kind"] == "prevalidation-renewal"
    assert "broken" in letter["problem"]
    await pool.execute("ALTER TABLE organization.prevalidation DROP CONSTRAINT broken")
    command = [sys.executable, "-m", "gateway", "jobs", "retry", "--config", business.config]
    printed = await asyncio.to_thread(subprocess.check_output, command)
    assert printed == b"1 taken up again\n"
    await until(lambda: renewals(pool), "the renewal is done")
    assert await jobs_in(pool, "failed") == 0
