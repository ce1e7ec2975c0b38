"""A gateway with a webhook and a mail server beside it."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from gateway.config import Notices
from tests.integration.acme import conftest as acme
from tests.support.gateway import RunningGateway, running_gateway
from tests.support.notices import NoticeOperator
from tests.support.receivers import Mailbox, WebhookReceiver, hook, mailbox
from tests.support.shop import Shop

client = acme.client
customer = acme.customer
new_client = acme.new_client
ready_order = acme.ready_order
shop = acme.shop
web = acme.web


@pytest.fixture
async def receiver() -> AsyncIterator[WebhookReceiver]:
    async with hook() as served:
        yield served


@pytest.fixture
async def box() -> AsyncIterator[Mailbox]:
    async with mailbox() as served:
        yield served


def notice_gateway(
    database: str, directory: Path, box: Mailbox, **changes: Any
) -> AbstractAsyncContextManager[RunningGateway]:
    """A gateway that hands its mail to `box`; its back-off is one that tests can wait for."""
    wanted: dict[str, Any] = {
        "smtp_host": "127.0.0.1",
        "smtp_port": box.port,
        "smtp_tls": "none",
        "sender": "notices@gateway.test",
        "timeout_seconds": 5,
        "retry_delays_seconds": [0.05],
    }
    return running_gateway(database, directory, notices=Notices(**{**wanted, **changes}))


@pytest.fixture
async def gateway(database: str, tmp_path: Path, box: Mailbox) -> AsyncIterator[RunningGateway]:
    async with notice_gateway(database, tmp_path, box) as running:
        yield running


@pytest.fixture
async def operator(gateway: RunningGateway) -> NoticeOperator:
    return NoticeOperator(gateway.services)


@pytest.fixture
async def kid(shop: Shop) -> str:
    """A credential of the demo reseller."""
    return await shop.credential()
