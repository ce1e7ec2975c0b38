"""On a server of a public CA, names that none may certify are neither sold nor certified."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from gateway.config import Issuance
from gateway.store.reseller import resellers as resellers_store
from gateway.usecases.reseller import resellers
from gateway.usecases.ssl import orders as ssl_orders
from gateway.usecases.ssl import purchases as ssl_purchases
from gateway.usecases.ssl.orders import Apply
from gateway.usecases.ssl.purchases import Purchase
from gateway.usecases.work import open_work
from tests.integration.acme.conftest import NAME, Customer, ReadyOrder
from tests.support.acme_client import AcmeClient, make_csr
from tests.support.certificate_shop import (
    CertificateShop,
    application,
    eventually,
    purchase,
    shop_of,
)
from tests.support.challenge_server import challenge_server
from tests.support.csrs import csr
from tests.support.gateway import running_gateway
from tests.support.shop import OPERATOR

INTERNAL = "db.corp.internal"
NOT_PUBLIC = [INTERNAL, "*.site.test", "a.example", "a.nosuchtld", "1.2.0.192.in-addr.arpa"]


async def sell(gateway: Any, names: str) -> None:
    """Sets which names DV takes, as `gateway server set DV --names …` does."""
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
    [subproblem] = answer.json["subproblems"]
    assert subproblem["identifier"] == {"type": "dns", "value": INTERNAL}
    assert subproblem["detail"] == (
        f"No public CA may certify {INTERNAL}: "
        ".internal is a special-use domain (reserved by ICANN for private use)."
    )
    assert answer.detail == subproblem["detail"]
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


async def test_a31_a_subscription_with_names_that_cannot_be_certified_is_not_extended(
    gateway: Any, customer: Customer
) -> None:
    shop, kid = customer.shop, customer.eab.kid
    for name in ("www.db.corp.internal", INTERNAL, "b.example.net"):
        await customer.buy(name)
    expires = datetime.fromisoformat(next(iter((await shop.domains(kid)).values())))
    await gateway.at(f"{expires - timedelta(days=3):%Y-%m-%dT%H:%M:%SZ}")
    await sell(gateway, "public")
    before = await shop.state()
    for fields in ({"years": "1"}, {"years": "1", "quoteOnly": "Y"}):
        refused = await shop.refused("EXTENDDOMAINS", acmeAccountID=kid, **fields)
        assert (refused.status, refused.kind) == (400, "malformed")
        assert refused.detail == (
            "The value of the 'domainName' argument is invalid! "
            "No public CA may certify db.corp.internal, www.db.corp.internal; remove them first."
        )
    assert await shop.state() == before
    await gateway.services.refusals.flush()
    recorded = await gateway.pool.fetchval(
        "SELECT answer FROM ops.refusals WHERE subject = $1 LIMIT 1", kid
    )
    assert recorded == refused.detail
    await customer.remove("www.db.corp.internal")
    refused = await shop.refused("EXTENDDOMAINS", acmeAccountID=kid, years="1")
    assert refused.detail.endswith("No public CA may certify db.corp.internal; remove it first.")
    await customer.remove(INTERNAL)
    assert await shop.extend(kid, years="1") > 0


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


async def bought_before(shop: CertificateShop, *names: str) -> str:
    """An order of the time when any names were sold."""
    services = shop.gateway.services
    async with open_work(services.pool, await services.clock.now(), OPERATOR) as work:
        owner = await resellers_store.lock_by_login(work.connection, shop.login)
        assert owner is not None
        wanted = Purchase(owner.id, "LOCAL", "DV_SSL_CERT", list(names), 12, public_only=False)
        return (await ssl_purchases.purchase(work, wanted)).cert_id


async def test_a31_an_order_that_can_never_be_issued_is_refused_at_apply_and_stays_refundable(
    public_shop: CertificateShop,
) -> None:
    start = await public_shop.balance()
    cert_id = await bought_before(public_shop, NAME, INTERNAL)
    assert await public_shop.balance() < start
    before = await public_shop.state()
    answer = await public_shop.send(
        "POST", f"/{cert_id}/apply", json=application(NAME, INTERNAL, domain_method="FILE")
    )
    assert answer.status == 409
    assert answer.json["error_msg"].endswith(
        f"The certificate can never be issued: no public CA may certify {INTERNAL}: "
        ".internal is a special-use domain (reserved by ICANN for private use)."
    )
    assert await public_shop.state() == before
    await public_shop.approve(await public_shop.unsubscribe(cert_id))
    assert await public_shop.balance() == start


async def test_an_order_that_was_applied_for_before_is_not_issued_and_can_be_withdrawn(
    public_shop: CertificateShop,
) -> None:
    services = public_shop.gateway.services
    cert_id = await bought_before(public_shop, INTERNAL)
    async with open_work(services.pool, await services.clock.now(), OPERATOR) as work:
        owner = await resellers_store.lock_by_login(work.connection, public_shop.login)
        assert owner is not None
        issuance = structs.replace(services.settings.issuance, ssl_names="any")
        then = structs.replace(services.settings, issuance=issuance)
        asked = Apply(owner.id, cert_id, csr([INTERNAL]), "http-01", None)
        await ssl_orders.apply(work, then, asked)
    async with challenge_server(public_shop.gateway.http_port) as web:
        public_shop.web = web
        await public_shop.prove(cert_id, await public_shop.show(cert_id))

        async def held_back() -> Any:
            query = "SELECT problem FROM ssl.\"order\" WHERE status = 'ISSUING'"
            return await services.pool.fetchval(query)

        problem = await eventually(held_back)
    assert f"can never be issued: no public CA may certify {INTERNAL}" in problem
    assert await services.pool.fetchval("SELECT count(*) FROM ca.certificate") == 0
    await public_shop.do("POST", f"/{cert_id}/cancel-apply")
    await public_shop.until(cert_id, "PAID")
    await public_shop.approve(await public_shop.unsubscribe(cert_id))
