"""A customer with a subscription for `www.example.com`, and everything its client needs."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.acme_client import AcmeClient, Eab, Signer
from tests.support.challenge_server import ChallengeServer, challenge_server
from tests.support.shop import Shop

NAME = "www.example.com"


@dataclass(frozen=True)
class Customer:
    """An EAB credential, with names in its subscription, and the shop they were bought in."""

    shop: Shop
    eab: Eab

    async def buy(self, *names: str) -> None:
        for name in names:
            await self.shop.add(self.eab.kid, name)

    async def remove(self, name: str) -> None:
        await self.shop.remove(self.eab.kid, name)


@pytest.fixture
async def shop(gateway: Any) -> Shop:
    """At the instant of X1."""
    await gateway.at("2025-01-10T15:30:00Z")
    return Shop(gateway)


async def new_customer(shop: Shop, *names: str) -> Customer:
    """A new EAB credential with these names."""
    answer = await shop.do("PREREGISTER", serverUrl=shop.gateway.directory_url, years="1")
    account = answer["Accounts"][0]
    customer = Customer(shop, Eab(account["eabMACIDb64url"], account["eabMACKeyb64url"]))
    await customer.buy(*names)
    return customer


@pytest.fixture
async def customer(shop: Shop) -> Customer:
    return await new_customer(shop, NAME)


@pytest.fixture
def new_client(gateway: Any) -> Callable[..., AcmeClient]:
    def make(signer: Signer | None = None) -> AcmeClient:
        return AcmeClient(gateway.session, gateway.directory_url, signer)

    return make


@pytest.fixture
async def client(customer: Customer, new_client: Callable[..., AcmeClient]) -> AcmeClient:
    """Registered under the customer's EAB credential."""
    made = new_client()
    await made.register(customer.eab)
    return made


@pytest.fixture
async def web(gateway: Any) -> AsyncIterator[ChallengeServer]:
    """The customer's web server."""
    async with challenge_server(gateway.http_port) as server:
        yield server


ReadyOrder = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
def ready_order(client: AcmeClient, web: ChallengeServer) -> ReadyOrder:
    """Places an order and proves control of its names; gives the ready order with its `url`."""

    async def make(*names: str, **members: Any) -> dict[str, Any]:
        placed = await client.new_order(*(names or (NAME,)), **members)
        assert placed.status == 201, placed.body
        for authorization in placed.json["authorizations"]:
            await web.prove(client, authorization)
        url = placed.headers["Location"]
        order = await client.settled(url)
        assert order["status"] == "ready", order
        return {**order, "url": url}

    return make
