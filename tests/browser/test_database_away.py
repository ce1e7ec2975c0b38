"""The console while PostgreSQL stands still or is gone, and after it has come back."""

import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from gateway.db.migrate import migrate
from gateway.db.pool import answers
from gateway.sandbox import demo_data
from gateway.sandbox.postgres import EmbeddedPostgres, _working_in
from tests.browser.conftest import Visit
from tests.browser.visitor import Visitor
from tests.support.gateway import RunningGateway, running_gateway
from tests.support.server_process import until

RESELLER = (demo_data.LOGIN, demo_data.PASSWORD)
SAYS_SO = "The database does not answer now."
BACK_AFTER_MILLISECONDS = 60_000

Away = Callable[[EmbeddedPostgres, Path], AbstractContextManager[None]]


@contextmanager
def stopped(postgres: EmbeddedPostgres, directory: Path) -> Iterator[None]:
    """The server is gone, as after a crash of its machine."""
    postgres.stop()
    try:
        yield
    finally:
        postgres.start()


@contextmanager
def standing_still(postgres: EmbeddedPostgres, directory: Path) -> Iterator[None]:
    """All its processes take connections and statements, and answer nothing."""
    processes = _working_in(directory / "data")
    for each in processes:
        os.kill(each, signal.SIGSTOP)
    try:
        yield
    finally:
        for each in processes:
            os.kill(each, signal.SIGCONT)


WAYS = pytest.mark.parametrize("away", [stopped, standing_still])


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[EmbeddedPostgres, Path]]:
    """A server that only this module uses."""
    directory = tmp_path_factory.mktemp("postgres")
    server = EmbeddedPostgres(directory, durable=False)
    server.start()
    yield server, directory
    server.stop()


@pytest.fixture(scope="module")
async def shared_gateway(
    postgres: tuple[EmbeddedPostgres, Path], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RunningGateway]:
    """A gateway on that server."""
    await migrate(postgres[0].dsn)
    async with running_gateway(postgres[0].dsn, tmp_path_factory.mktemp("gateway")) as running:
        yield running


async def back(gateway: RunningGateway) -> None:
    """Waits until the gateway has connections again."""
    await until(lambda: answers(gateway.pool), "the database did not come back")


async def threshold(gateway: RunningGateway) -> str:
    """What the reseller has set on its statement."""
    found: str = await gateway.pool.fetchval(
        "SELECT coalesce(max(low_balance::text), 'none') FROM notice.setting"
    )
    return found


async def see_only_503(visitor: Visitor) -> None:
    """The script's own questions were answered with 503 as well; nothing else was wrong."""
    asked = f"{visitor.page.url}: status 503"
    visitor.complaints = [each for each in visitor.complaints if each != asked]


@WAYS
async def test_the_page_says_so_when_the_database_is_away_and_comes_by_itself_after(
    visit: Visit,
    shared_gateway: RunningGateway,
    postgres: tuple[EmbeddedPostgres, Path],
    away: Away,
) -> None:
    async with visit() as visitor:
        page = await visitor.sign_in(*RESELLER)
        with away(*postgres):
            await visitor.open("/console/subscriptions", status=503)
            assert SAYS_SO in await page.inner_text("main")
            assert "Nothing was changed." in await page.inner_text("main")
        await page.get_by_role("heading", name="Subscriptions").wait_for(
            timeout=BACK_AFTER_MILLISECONDS
        )
        await see_only_503(visitor)


@WAYS
@pytest.mark.parametrize("javascript", [True, False])
async def test_a_form_that_was_sent_meanwhile_is_not_lost(
    visit: Visit,
    shared_gateway: RunningGateway,
    postgres: tuple[EmbeddedPostgres, Path],
    away: Away,
    javascript: bool,
) -> None:
    async with visit(javascript=javascript) as visitor:
        await visitor.sign_in(*RESELLER)
        page = await visitor.open("/console/statement")
        await visitor.fill(amount="77.50")
        before = await threshold(shared_gateway)
        with away(*postgres):
            await visitor.follow("Set the threshold", status=503)
            shown = await page.inner_text("main")
            assert SAYS_SO in shown
            assert "Nothing was changed." in shown
        await back(shared_gateway)
        assert await threshold(shared_gateway) == before
        await visitor.follow("Send it again")
        assert await page.locator("[name=amount]").input_value() == "77.50"
        assert await threshold(shared_gateway) == "77.50"
        await shared_gateway.pool.execute("DELETE FROM notice.setting")


@WAYS
async def test_signing_in_says_so_and_keeps_what_was_entered_but_the_password(
    visit: Visit,
    shared_gateway: RunningGateway,
    postgres: tuple[EmbeddedPostgres, Path],
    away: Away,
) -> None:
    async with visit() as visitor:
        page = await visitor.open("/console/sign-in?next=%2Fconsole%2Fstatement")
        with away(*postgres):
            await visitor.fill(login=RESELLER[0], password=RESELLER[1])
            await visitor.follow("Sign in", status=503)
            assert SAYS_SO in await page.inner_text("main")
        await back(shared_gateway)
        assert await page.locator("[name=login]").input_value() == RESELLER[0]
        assert await page.locator("[name=password]").input_value() == ""
        await visitor.fill(password=RESELLER[1])
        await visitor.follow("Sign in")
        assert await page.locator("h1").inner_text() == "Statement"
