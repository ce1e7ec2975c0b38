"""nginx as a proxy, set up as in docs/operators.md: what it must pass on."""

import ssl

import pytest
from aiohttp import ClientSession, TCPConnector

from tests.conformance.conftest import Site
from tests.support.acme_client import AcmeClient
from tests.support.gateway import RunningGateway

pytestmark = pytest.mark.parametrize("front", ["nginx"], indirect=True)

ELSEWHERE = "127.0.0.9"


def from_elsewhere(gateway: RunningGateway) -> ClientSession:
    """A client at another address than nginx's."""
    trust = ssl.create_default_context(cafile=str(gateway.root_pem))
    return ClientSession(connector=TCPConnector(ssl=trust, local_addr=(ELSEWHERE, 0)))


async def address_of(site: Site) -> str:
    """Where the customer's client was seen."""
    seen = "SELECT ip_address FROM acme.account WHERE kid = $1"
    return str(await site.gateway.pool.fetchval(seen, site.customer.eab.kid))


async def test_the_gateway_knows_the_clients_own_address(site: Site) -> None:
    async with from_elsewhere(site.gateway) as session:
        client = AcmeClient(session, site.gateway.directory_url)
        await client.register(site.customer.eab)
    assert await address_of(site) == ELSEWHERE


async def test_an_address_that_the_client_made_up_is_not_believed(site: Site) -> None:
    async with from_elsewhere(site.gateway) as session:
        session.headers["X-Forwarded-For"] = "203.0.113.7"
        client = AcmeClient(session, site.gateway.directory_url)
        await client.register(site.customer.eab)
    assert await address_of(site) == ELSEWHERE


async def test_without_tls_there_are_crls_and_ca_certificates_only(site: Site) -> None:
    """Also for a client that says it came by HTTPS."""
    for path in ("/crl/local.crl", "/ca/local.pem"):
        async with site.gateway.session.get(site.gateway.plain_url + path) as response:
            assert response.status == 200
    url = f"{site.gateway.plain_url}/products/!ACMEAdmin"
    headers = {"X-Forwarded-Proto": "https"}
    async with site.gateway.session.post(url, data={}, headers=headers) as response:
        assert response.status == 403
        assert (await response.json())["detail"] == "Use of HTTPS is REQUIRED!"
