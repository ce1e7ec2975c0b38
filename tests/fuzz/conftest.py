"""A watched gateway for each test, whose clock stands still."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.kept import KeptDatabases
from tests.support.postgres import FURNISHED
from tests.support.signed_kinds import SigningClient, signing_client
from tests.support.watched_gateway import WatchedGateway, watched_gateway


@pytest.fixture
async def watched(kept_databases: KeptDatabases, tmp_path: Path) -> AsyncIterator[WatchedGateway]:
    async with (
        kept_databases.lend(FURNISHED) as database,
        watched_gateway(database, tmp_path) as made,
    ):
        await made.gateway.at("2025-01-10T15:30:00Z")
        yield made


@pytest.fixture
async def sender(watched: WatchedGateway) -> SigningClient:
    return await signing_client(watched)
