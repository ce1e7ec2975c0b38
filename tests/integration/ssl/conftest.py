"""The demo reseller at the SSL certificate API, with a web server for its proofs."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.certificate_shop import CertificateShop, shop_of
from tests.support.challenge_server import challenge_server


@pytest.fixture
async def shop(gateway: Any) -> AsyncIterator[CertificateShop]:
    """On December 1 at noon, as in the vendor's example."""
    await gateway.at("2025-12-01T12:00:00Z")
    async with challenge_server(gateway.http_port) as web:
        yield await shop_of(gateway, gateway.login, web)
