"""Fixtures all tests share: a real PostgreSQL, and the gateway on real sockets."""

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, settings

from gateway.db.pool import Pool, open_pool
from tests.support.gateway import RunningGateway, running_gateway
from tests.support.kept import KeptDatabases
from tests.support.no_skips import pytest_runtest_makereport as pytest_runtest_makereport
from tests.support.postgres import (
    FURNISHED,
    MIGRATED,
    TestServer,
    fresh_database,
    make_templates,
    memory_or_disk,
)
from tests.support.server_process import SandboxProcess

# Hundreds of processes start in a run: none compiles again what it imports.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# Each gateway writes keys, each sandbox a database, and both wait for the disk to have them.
os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory_or_disk()))

settings.register_profile(
    "default", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.register_profile("thorough", settings.get_profile("default"), max_examples=1000)
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

_SERVER = pytest.StashKey[TestServer]()
_GIVEN = "gateway_test_server"
_UNIT = Path(__file__).parent / "unit"
"""No test there needs a database, which takes longer to start than they to run."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One worker more than cores: tests often wait for clients, name servers and processes."""
    return len(os.sched_getaffinity(0)) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """pytest-xdist: the controlling process starts the server, its workers learn where."""
    stash = node.config.stash
    if all(_is_unit(argument) for argument in node.config.args):
        return
    if _SERVER not in stash:
        stash[_SERVER] = _started()
    node.workerinput[_GIVEN] = stash[_SERVER].dsn


def pytest_unconfigure(config: pytest.Config) -> None:
    server = config.stash.get(_SERVER, None)
    if server is not None:
        server.stop()


def _is_unit(argument: str) -> bool:
    path = Path(argument.partition("::")[0]).resolve()
    return _UNIT in (path, *path.parents)


def _started() -> TestServer:
    server = TestServer()
    asyncio.run(make_templates(server.dsn))
    return server


@pytest.fixture(scope="session")
def database_server(request: pytest.FixtureRequest) -> str:
    """DSN of the server's own database; tests make theirs with `database`."""
    given = getattr(request.config, "workerinput", {}).get(_GIVEN)
    if given:
        return str(given)
    stash = request.config.stash
    if _SERVER not in stash:
        stash[_SERVER] = _started()
    return stash[_SERVER].dsn


@pytest.fixture(scope="session")
async def kept_databases(database_server: str) -> AsyncIterator[KeptDatabases]:
    """What tests without a database of their own borrow theirs from."""
    kept = KeptDatabases(database_server)
    async with kept.open():
        yield kept


@pytest.fixture
async def database(
    request: pytest.FixtureRequest, kept_databases: KeptDatabases
) -> AsyncIterator[str]:
    """DSN of a database with all migrations; with demo data too if `gateway` uses it."""
    template = FURNISHED if "gateway" in request.fixturenames else MIGRATED
    async with kept_databases.lend(template) as dsn:
        yield dsn


@pytest.fixture
async def new_database(database_server: str) -> AsyncIterator[str]:
    """The same as `database` with demo data, and no test had it before: for plans of statements."""
    async with fresh_database(database_server, FURNISHED) as dsn:
        yield dsn


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    """A pool on `database`."""
    opened = await open_pool(database)
    yield opened
    await opened.close()


@pytest.fixture
async def gateway(database: str, tmp_path: Path) -> AsyncIterator[RunningGateway]:
    """The whole gateway in this process, in sandbox mode, with demo data."""
    async with running_gateway(database, tmp_path) as running:
        yield running


@pytest.fixture
def sandbox_process(tmp_path: Path) -> Iterator[SandboxProcess]:
    """`gateway sandbox` as a process of its own, ready."""
    process = SandboxProcess(tmp_path / "sandbox")
    try:
        process.start()
        yield process
    finally:
        process.clean_up()
