"""A shop whose clock stands still, and a log of its gateway's background work."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.support.shop import Shop

BusinessEvents = Callable[[], Awaitable[list[tuple[str, str, str]]]]


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
