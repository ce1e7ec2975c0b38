"""The demo reseller at a gateway whose clock the test sets."""

from typing import Any

import pytest

from tests.support.shop import Shop


@pytest.fixture
async def shop(gateway: Any) -> Shop:
    """At the instant of X1."""
    await gateway.at("2025-01-10T15:30:00Z")
    return Shop(gateway)
