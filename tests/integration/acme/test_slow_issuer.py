"""An issuer that needs time: each order waits, over restarts, for one certificate."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from gateway.config import Issuance
from tests.integration.acme.conftest import NAME, Customer, new_customer
from tests.support.acme_client import AcmeClient, Answer, make_csr
from tests.support.challenge_server import challenge_server
from tests.support.gateway import RunningGateway, running_gateway
from tests.support.server_process import until
from tests.support.shop import Shop
from tests.support.slow_issuer import UPSTREAM, SlowIssuer, slow_kind, upstream_of


@dataclass
class Upstream:
    """A gateway whose certificates come from a slow issuer, and a customer of it."""

    gateway: RunningGateway
    issuer: SlowIssuer
    customer: Customer
    client: AcmeClient
    csr: bytes = b""

    async def finalize(self) -> tuple[UUID, Answer]:
        """A proven order for NAME, finalized; gives its id too."""
        async with challenge_server(self.gateway.http_port) as web:
            placed = await self.client.new_order(NAME)
            await web.prove(self.client, placed.json["authorizations"][0])
            order = await self.client.settled(placed.headers["Location"])
        self.csr = make_csr([NAME])
        answer = await self.client.finalize(order, self.csr)
        return UUID(placed.headers["Location"].rpartition("/")[2]), answer

    async def finished(self, answer: Answer) -> dict[str, Any]:
        return await self.client.settled(answer.headers["Location"], pending=("processing",))

    async def certificates(self) -> list[tuple[str, bool]]:
        rows = await self.gateway.pool.fetch("SELECT serial, withheld FROM ca.certificate")
        return [tuple(row) for row in rows]


@asynccontextmanager
async def opened(database: str, directory: Path, **issuer: Any) -> AsyncIterator[RunningGateway]:
    """A gateway with a slow issuer beside the local CA, which all certificates come from."""
    issuance = Issuance(ssl_issuers=[UPSTREAM])
    with slow_kind(directory / "upstream", **issuer):
        async with running_gateway(database, directory, issuance=issuance) as gateway:
            await gateway.pool.execute("UPDATE acme.server SET issuers = $1", [UPSTREAM, "local"])
            yield gateway


@pytest.fixture
async def upstream(database: str, tmp_path: Path) -> AsyncIterator[Upstream]:
    async with opened(database, tmp_path, pending_answers=2) as gateway:
        customer = await new_customer(Shop(gateway), NAME)
        client = AcmeClient(gateway.session, gateway.directory_url)
        await client.register(customer.eab)
        issuer = upstream_of(gateway)
        yield Upstream(gateway, issuer, customer, client)


async def test_the_order_is_processing_until_the_certificate_is_there(upstream: Upstream) -> None:
    order_id, answer = await upstream.finalize()
    assert (answer.status, answer.json["status"]) == (200, "processing")
    assert int(answer.headers["Retry-After"]) > 0
    order = await upstream.finished(answer)
    assert order["status"] == "valid"
    assert (await upstream.client.post(order["certificate"])).status == 200
    assert upstream.issuer.asked(order_id) == 3
    assert len(await upstream.certificates()) == 1


async def test_finalizing_again_asks_the_issuer_no_more_often(upstream: Upstream) -> None:
    upstream.issuer.pending_answers, upstream.issuer.retry_after_seconds = 10_000, 3600.0
    order_id, answer = await upstream.finalize()
    await until(lambda: upstream.issuer.asked(order_id) > 0, "the issuer was not asked")
    for _ in range(5):
        again = await upstream.client.finalize(answer.json, upstream.csr)
        assert (again.status, again.json["status"]) == (200, "processing")
        await upstream.client.post(answer.headers["Location"])
    assert upstream.issuer.asked(order_id) == 1


async def test_an_issuer_that_refuses_makes_the_order_invalid_in_its_words(
    upstream: Upstream,
) -> None:
    upstream.issuer.failure = "the organization is not known here"
    _, answer = await upstream.finalize()
    order = await upstream.finished(answer)
    assert order["status"] == "invalid"
    assert "the organization is not known here" in order["error"]["detail"]
    assert await upstream.certificates() == []


@pytest.mark.parametrize("gone", ["suspended", "removed"])
async def test_a_certificate_that_comes_when_the_gate_is_closed_is_withheld_and_revoked(
    upstream: Upstream, gone: str
) -> None:
    upstream.issuer.pending_answers = 10_000
    order_id, answer = await upstream.finalize()
    await until(lambda: upstream.issuer.asked(order_id) > 0, "the issuer was not asked")
    if gone == "suspended":
        await upstream.customer.shop.do("SUSPENDACCOUNT", acmeAccountID=upstream.customer.eab.kid)
    else:
        await upstream.customer.remove(NAME)
    upstream.issuer.pending_answers = 0
    status = 'SELECT status FROM acme."order" WHERE id = $1'
    pool = upstream.gateway.pool

    async def settled() -> bool:
        return bool(await pool.fetchval(status, order_id) == "invalid")

    await until(settled, "the order is still open")
    [(serial, withheld)] = await upstream.certificates()
    assert withheld
    await until(lambda: serial in upstream.issuer.revoked(), "the revocation was not reported")
    certificate = answer.headers["Location"].replace("/order/", "/cert/")
    if gone == "removed":
        assert (await upstream.client.post(certificate)).status == 404


async def test_a_restart_asks_on_and_there_is_one_certificate(
    database: str, tmp_path: Path
) -> None:
    async with opened(database, tmp_path, pending_answers=10_000) as gateway:
        customer = await new_customer(Shop(gateway), NAME)
        client = AcmeClient(gateway.session, gateway.directory_url)
        await client.register(customer.eab)
        issuer = upstream_of(gateway)
        order_id, answer = await Upstream(gateway, issuer, customer, client).finalize()
        assert answer.json["status"] == "processing"
        await until(lambda: issuer.asked(order_id) > 0, "the issuer was not asked")
    async with opened(database, tmp_path, pending_answers=0) as gateway:
        status = 'SELECT status FROM acme."order" WHERE id = $1'

        async def settled() -> bool:
            return bool(await gateway.pool.fetchval(status, order_id) == "valid")

        await until(settled, "the order is still open")
        assert await gateway.pool.fetchval("SELECT count(*) FROM ca.certificate") == 1
