"""On a server of a public CA, names that none may certify are neither sold nor certified."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gateway.config import Issuance
from gateway.usecases.reseller import resellers
from gateway.usecases.work import open_work
from tests.integration.acme.conftest import NAME, Customer, ReadyOrder
from tests.support.acme_client import AcmeClient, make_csr
from tests.support.certificate_shop import CertificateShop, purchase, shop_of
from tests.support.gateway import running_gateway
from tests.support.shop import OPERATOR

INTERNAL = "db.corp.internal"
NOT_PUBLIC = [INTERNAL, "*.site.test", "a.example", "a.nosuchtld", "1.2.0.192.in-addr.arpa"]


async def sell(gateway: Any, names: str) -> None:
    """As `gateway server set DV --names …`."""
    now = await gateway.services.clock.now()
    async with open_work(gateway.pool, now, OPERATOR) as work:
        await resellers.set_server(work, "DV", names=names)


@pytest.mark.parametrize("name", NOT_PUBLIC)
async def test_they_cannot_be_bought_and_nothing_moves(
    gateway: Any, customer: Customer, name: str
) -> None:
    shop, kid = customer.shop, customer.eab.kid
    assert await shop.quote(kid, name) > Decimal("0.00")
    await sell(gateway, "public")
    before = await shop.state()
    for fields in ({}, {"quoteOnly": "Y"}, {"addAssociatedFQDN": "Y"}):
        refused = await shop.refused("ADDDOMAIN", acmeAccountID=kid, domainName=name, **fields)
        assert (refused.status, refused.kind) == (400, "malformed")
        assert refused.detail == "The value of the 'domainName' argument is invalid!"
    assert await shop.state() == before
    await shop.add(kid, "b.example.net")


async def test_those_that_were_bought_before_are_refused_by_name_and_can_be_removed(
    gateway: Any, client: AcmeClient, customer: Customer
) -> None:
    await customer.buy(INTERNAL)
    assert (await client.new_order(INTERNAL, NAME)).status == 201
    await sell(gateway, "public")
    answer = await client.new_order(INTERNAL, NAME)
    assert (answer.status, answer.problem) == (400, "rejectedIdentifier")
    [told] = answer.json["subproblems"]
    assert told["identifier"] == {"type": "dns", "value": INTERNAL}
    assert told["detail"] == (
        f"No public CA may certify {INTERNAL}: "
        ".internal is a special-use domain (reserved by ICANN for private use)."
    )
    assert answer.detail == told["detail"]
    identifier = {"type": "dns", "value": INTERNAL}
    asked = await client.post(await client.url("newAuthz"), {"identifier": identifier})
    assert asked.problem == "rejectedIdentifier"
    reason = await gateway.pool.fetchval(
        "SELECT reason FROM ops.issuance_refusals WHERE name = $1 LIMIT 1", INTERNAL
    )
    assert reason == "not_public"
    assert (await client.new_order(NAME)).status == 201
    await customer.remove(INTERNAL)


async def test_an_order_that_is_ready_is_not_finalized(
    gateway: Any, client: AcmeClient, customer: Customer, ready_order: ReadyOrder
) -> None:
    await customer.buy(INTERNAL)
    order = await ready_order(INTERNAL)
    await sell(gateway, "public")
    answer = await client.finalize(order, make_csr([INTERNAL]))
    assert (answer.status, answer.problem) == (400, "rejectedIdentifier")
    assert (await client.post(order["url"])).json["status"] == "ready"


@pytest.fixture
async def public_shop(database: str, tmp_path: Path) -> AsyncIterator[CertificateShop]:
    issuance = Issuance(ssl_names="public")
    async with running_gateway(database, tmp_path, issuance=issuance) as gateway:
        yield await shop_of(gateway, gateway.login)


async def test_ssl_certificates_are_sold_by_the_same_rule(public_shop: CertificateShop) -> None:
    before = await public_shop.state()
    answer = await public_shop.send("POST", json=purchase(NAME, INTERNAL))
    assert answer.status == 400
    assert INTERNAL in str(answer.json)
    assert await public_shop.state() == before
    await public_shop.buy(NAME)
