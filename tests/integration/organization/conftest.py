"""The demo reseller at the instant of X1, and a customer's web server."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.challenge_server import ChallengeServer, challenge_server
from tests.support.shop import Shop


@pytest.fixture
async def shop(gateway: Any) -> Shop:
    await gateway.at("2025-01-10T15:30:00Z")
    return Shop(gateway)


@pytest.fixture
async def web(gateway: Any) -> AsyncIterator[ChallengeServer]:
    async with challenge_server(gateway.http_port) as server:
        yield server
