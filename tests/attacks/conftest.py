"""Gateways under attack, in processes of their own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.config import Issuance
from gateway.sandbox import demo_data
from tests.attacks.attacked_gateway import NAME, VICTIM, AttackedGateway
from tests.integration.acme.conftest import client as client
from tests.integration.acme.conftest import customer as customer
from tests.integration.acme.conftest import new_client as new_client
from tests.integration.acme.conftest import shop as shop
from tests.integration.process.test_serve import ServedGateway, serving
from tests.support.acme_client import AcmeClient, Eab
from tests.support.challenge_server import challenge_server
from tests.support.gateway import sandbox_validation
from tests.support.postgres import FURNISHED, fresh_database


async def _action(served: ServedGateway, name: str, **fields: str) -> Any:
    login = {"loginName": demo_data.LOGIN, "loginPassword": demo_data.PASSWORD}
    url = f"{served.url}/products/!ACMEAdmin"
    async with served.session.post(url, data={"action": name, **login, **fields}) as response:
        assert response.status == 200, await response.text()
        return await response.json()


@asynccontextmanager
async def gateway_for_attacks(
    server: str, directory: Path, *, descriptors: int | None = None, **sections: Any
) -> AsyncIterator[AttackedGateway]:
    """One worker, and a customer each of whose issuances begins from nothing."""
    sections.setdefault("issuance", Issuance(reuse_authorizations=False, reuse_orders=False))
    async with (
        fresh_database(server, FURNISHED) as database,
        serving(database, directory, 1, descriptors=descriptors, **sections) as served,
        challenge_server(served.settings.validation.http_port) as web,
    ):
        url = f"{served.url}/v2/DV"
        account = (await _action(served, "PREREGISTER", serverUrl=url))["Accounts"][0]
        eab = Eab(account["eabMACIDb64url"], account["eabMACKeyb64url"])
        for name in (NAME, VICTIM):
            await _action(served, "ADDDOMAIN", acmeAccountID=eab.kid, domainName=name)
        attacked = AttackedGateway(served, AcmeClient(served.session, url), web, eab)
        await attacked.client.register(eab)
        await attacked.issue()  # connections, caches and statements are warm
        yield attacked


@pytest.fixture(scope="session")
async def attacked(
    database_server: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[AttackedGateway]:
    """For attacks that are over when they end, and leave nothing behind."""
    quick = sandbox_validation(timeout_seconds=2, retry_delays_seconds=[])
    directory = tmp_path_factory.mktemp("attacked")
    async with gateway_for_attacks(database_server, directory, validation=quick) as made:
        yield made


@pytest.fixture
async def attacked_alone(database_server: str, tmp_path: Path) -> AsyncIterator[AttackedGateway]:
    """For attacks that end processes."""
    async with gateway_for_attacks(database_server, tmp_path) as made:
        yield made


@pytest.fixture(scope="session")
async def attacked_narrow(
    database_server: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[AttackedGateway]:
    """With 400 descriptors."""
    directory = tmp_path_factory.mktemp("narrow")
    async with gateway_for_attacks(database_server, directory, descriptors=400) as made:
        yield made
