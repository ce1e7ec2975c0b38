"""A gateway with a mail server, after a year and a half of a reseller's requests."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.config import Notices, Refund, Subscriptions
from tests.support.challenge_server import challenge_server
from tests.support.gateway import RunningGateway, running_gateway
from tests.support.ports import free_ports
from tests.support.reseller_history import ResellerHistory


@pytest.fixture
async def gateway(database: str, tmp_path: Path) -> AsyncIterator[RunningGateway]:
    """With every limit on money set. Nobody listens at its mail server's port."""
    notices = Notices(smtp_host="127.0.0.1", smtp_port=free_ports(1)[0], smtp_tls="none")
    sections: Any = {
        "notices": notices,
        "refund": Refund(once_per_name_days=365, revoke_certificates=True),
        "subscriptions": Subscriptions(minimum_days=90),
    }
    async with running_gateway(database, tmp_path, **sections) as running:
        yield running


@pytest.fixture
async def history(gateway: RunningGateway) -> AsyncIterator[ResellerHistory]:
    async with challenge_server(gateway.http_port) as web:
        yield await ResellerHistory(gateway, web).play()
