"""refund.revoke_certificates: a refund of a name revokes the certificates issued for it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from gateway.config import Refund
from tests.integration.acme.conftest import NAME, Customer, new_customer
from tests.support.acme_client import AcmeClient, make_csr
from tests.support.challenge_server import challenge_server
from tests.support.gateway import RunningGateway, running_gateway
from tests.support.server_process import until
from tests.support.shop import Shop


@pytest.fixture(params=[True, False], ids=["on", "off"])
async def gateway(
    database: str, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[RunningGateway]:
    refund = Refund(revoke_certificates=request.param)
    async with running_gateway(database, tmp_path, refund=refund) as running:
        yield running


async def issue(gateway: RunningGateway, customer: Customer, session: ClientSession) -> str:
    """Gets a certificate for NAME; gives its serial."""
    client = AcmeClient(session, gateway.directory_url)
    await client.register(customer.eab)
    async with challenge_server(gateway.http_port) as web:
        placed = await client.new_order(NAME)
        await web.prove(client, placed.json["authorizations"][0])
        order = await client.settled(placed.headers["Location"])
    assert (await client.finalize(order, make_csr([NAME]))).json["status"] == "valid"
    serial: str = await gateway.pool.fetchval(
        "SELECT serial FROM ca.certificate ORDER BY number DESC LIMIT 1"
    )
    return serial


async def revocations(gateway: RunningGateway) -> dict[str, Any]:
    rows = await gateway.pool.fetch("SELECT serial, reason FROM ca.revocation")
    return {row["serial"]: row["reason"] for row in rows}


async def test_certificates_of_a_refunded_name_are_revoked_if_the_operator_says_so(
    gateway: RunningGateway,
) -> None:
    await gateway.at("2025-01-10T15:30:00Z")
    shop = Shop(gateway)
    customer, other = await new_customer(shop, NAME), await new_customer(shop, NAME)
    serial = await issue(gateway, customer, gateway.session)
    await issue(gateway, other, gateway.session)
    await customer.remove(NAME)
    wanted = gateway.services.settings.refund.revoke_certificates
    assert await revocations(gateway) == ({serial: 9} if wanted else {})
    abuse = await gateway.pool.fetch(
        "SELECT reseller, certificates FROM ops.refunds_after_issuance"
    )
    assert [tuple(row) for row in abuse] == [(gateway.login, 1)]
    if wanted:
        reported = "SELECT reported_at IS NOT NULL FROM ca.revocation"
        await until(lambda: gateway.pool.fetchval(reported), "the issuer was not reported")


async def test_without_a_refund_nothing_is_revoked(gateway: RunningGateway) -> None:
    await gateway.at("2025-01-10T15:30:00Z")
    customer = await new_customer(Shop(gateway), NAME)
    await issue(gateway, customer, gateway.session)
    await gateway.advance(31 * 86400)
    await customer.remove(NAME)
    assert await revocations(gateway) == {}
