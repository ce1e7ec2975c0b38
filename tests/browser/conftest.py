"""One browser for each test process, and one gateway for each module."""

from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from playwright.async_api import Browser, async_playwright

from tests.browser.visitor import HtmlCheck, Visitor
from tests.support.gateway import RunningGateway, running_gateway
from tests.support.kept import KeptDatabases
from tests.support.postgres import FURNISHED

CHROMIUM = "/usr/bin/chromium-headless-shell"
OPTIONS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
"""The tests run as root in containers, where chromium's own sandbox cannot."""

Visit = Callable[..., Visitor]


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Debian's chromium."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
def html_check() -> Iterator[HtmlCheck]:
    """Validates pages."""
    check = HtmlCheck()
    yield check
    check.close()


@pytest.fixture(scope="module")
async def shared_gateway(
    kept_databases: KeptDatabases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RunningGateway]:
    """A gateway for all tests of a module: they make what they look at themselves."""
    async with (
        kept_databases.lend(FURNISHED) as database,
        running_gateway(database, tmp_path_factory.mktemp("gateway")) as running,
    ):
        yield running


@pytest.fixture
def visit(browser: Browser, html_check: HtmlCheck, shared_gateway: RunningGateway) -> Visit:
    """Makes a visitor: `async with visit(javascript=False, width=360) as visitor: …`."""

    def make(*, javascript: bool = True, width: int = 1280) -> Visitor:
        url = shared_gateway.url
        return Visitor(browser, html_check, url, javascript=javascript, width=width)

    return make
