"""A gateway with a webhook beside it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.config import Notices
from tests.support.gateway import RunningGateway, running_gateway
from tests.support.notices import Desk
from tests.support.receivers import Hook, Mailbox, hook, mailbox
from tests.support.shop import Shop


@pytest.fixture
async def receiver() -> AsyncIterator[Hook]:
    async with hook() as served:
        yield served


@pytest.fixture
async def box() -> AsyncIterator[Mailbox]:
    async with mailbox() as served:
        yield served


@pytest.fixture
async def gateway(database: str, tmp_path: Path, box: Mailbox) -> AsyncIterator[RunningGateway]:
    """With a mail server, and a back-off that tests can wait for."""
    notices = Notices(
        smtp_host="127.0.0.1",
        smtp_port=box.port,
        smtp_tls="none",
        sender="notices@gateway.test",
        timeout_seconds=2,
        retry_delays_seconds=[0.05],
    )
    async with running_gateway(database, tmp_path, notices=notices) as running:
        yield running


@pytest.fixture
async def desk(gateway: RunningGateway) -> Desk:
    return Desk(gateway.services)


@pytest.fixture
async def shop(gateway: RunningGateway) -> Shop:
    await gateway.at("2025-01-10T15:30:00Z")
    return Shop(gateway)
