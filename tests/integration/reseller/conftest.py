"""The action endpoint for tests that need nothing else of the gateway."""

from collections.abc import AsyncIterator

import pytest

from gateway.db.pool import Pool
from tests.support.action_door import Door, open_door


@pytest.fixture
async def door(pool: Pool) -> AsyncIterator[Door]:
    async with open_door(pool) as opened:
        yield opened
