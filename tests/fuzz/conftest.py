"""One watched gateway for a test, at an instant that stands still."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.postgres import FURNISHED, fresh_database
from tests.support.signed_kinds import Correspondent, correspondent
from tests.support.watched_gateway import Watched, watched_gateway


@pytest.fixture
async def watched(database_server: str, tmp_path: Path) -> AsyncIterator[Watched]:
    async with (
        fresh_database(database_server, FURNISHED) as database,
        watched_gateway(database, tmp_path) as made,
    ):
        await made.gateway.at("2025-01-10T15:30:00Z")
        yield made


@pytest.fixture
async def sender(watched: Watched) -> Correspondent:
    return await correspondent(watched)
