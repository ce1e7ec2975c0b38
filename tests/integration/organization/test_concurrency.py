"""Decisions on a pre-validation and certificates at the same moment (docs/decisions/0003)."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.usecases.organization import prevalidations
from gateway.usecases.organization.reassignment import reassign
from gateway.usecases.work import open_work
from tests.integration.acme.test_slow_issuer import opened
from tests.integration.organization.test_ov_gate import NAME, OvCustomer
from tests.support.acme_client import make_csr
from tests.support.challenge_server import challenge_server
from tests.support.organizations import (
    OTHER,
    add_ov_name,
    add_prevalidation,
    ov_client,
    ov_credential,
    prevalidation,
    reject,
)
from tests.support.server_process import until
from tests.support.shop import OPERATOR, Shop
from tests.support.slow_issuer import upstream_of


@pytest.fixture
async def customer(shop: Shop, web: Any) -> OvCustomer:
    anchor = await add_prevalidation(shop.gateway, "example.org")
    eab, client = await ov_client(shop, anchor, NAME)
    return OvCustomer(shop, web, anchor, eab, client)


async def waiting(pool: Any) -> None:
    """Until a connection to this database waits for a lock."""
    query = """
        SELECT count(*)
          FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'
        """
    await until(lambda: pool.fetchval(query), "nobody waits for a lock")


async def test_a_finalize_that_meets_a_rejection_waits_and_is_refused(customer: OvCustomer) -> None:
    order = await customer.ready_order()
    gateway = customer.shop.gateway
    now = await gateway.services.clock.now()
    async with open_work(gateway.pool, now, OPERATOR) as work:
        await prevalidations.reject(work, customer.anchor)
        finalizing = asyncio.create_task(customer.client.finalize(order, make_csr([NAME])))
        await waiting(gateway.pool)  # it has read the facts of before
    answer = await finalizing
    assert (answer.status, answer.problem) == (403, "unauthorized")
    assert "was rejected" in answer.detail
    assert await customer.certificates() == 0


async def test_a_finalize_that_meets_a_reassignment_names_the_new_organization(
    customer: OvCustomer,
) -> None:
    gateway = customer.shop.gateway
    new = await add_prevalidation(gateway, "example.org", details=OTHER)
    owner = (await prevalidation(gateway, new)).reseller_id
    order = await customer.ready_order()
    now = await gateway.services.clock.now()
    async with open_work(gateway.pool, now, OPERATOR) as work:
        moved = await reassign(
            work,
            reseller_id=owner,
            old_number=customer.anchor,
            new_number=new,
        )
        assert len(moved) == 1
        finalizing = asyncio.create_task(customer.client.finalize(order, make_csr([NAME])))
        await waiting(gateway.pool)
    finalized = (await finalizing).json
    assert finalized["status"] == "valid"
    leaf = await customer.download(finalized["certificate"])
    assert "O=Andere AG" in leaf.subject.rfc4514_string()


async def test_an_adddomain_that_meets_a_rejection_links_nothing(shop: Shop) -> None:
    anchor = await add_prevalidation(shop.gateway, "example.org")
    account = (await ov_credential(shop)).kid
    now = await shop.gateway.services.clock.now()
    async with open_work(shop.gateway.pool, now, OPERATOR) as work:
        await prevalidations.reject(work, anchor)
        fields = {"acmeAccountID": account, "domainName": NAME}
        adding = asyncio.create_task(
            shop.action("ADDDOMAIN", **fields, ovAnchorOrderNumber=str(anchor))
        )
        await waiting(shop.gateway.pool)
    status, answer = await adding
    assert (status, answer["detail"]) == (
        400,
        "The value of the 'ovAnchorOrderNumber' argument is invalid!",
    )
    assert await shop.balance() == 10_000


async def test_any_mix_at_the_same_moment_ends_without_deadlock_and_never_issues_after_a_rejection(
    shop: Shop, web: Any
) -> None:
    gateway = shop.gateway
    first = await add_prevalidation(gateway, "example.org")
    second = await add_prevalidation(gateway, "example.org")
    holders = [
        OvCustomer(shop, web, first, *await ov_client(shop, first, f"n{number}.example.org"))
        for number in range(3)
    ]
    orders = [
        await customer.ready_order(f"n{number}.example.org")
        for number, customer in enumerate(holders)
    ]
    pairs = [(first, second), (second, first)] * 3

    async def move(customer: OvCustomer, old: int, new: int) -> int:
        fields = {"ovAnchorOrderNumber": str(new), "oldOVAnchorOrderNumber": str(old)}
        status, _ = await shop.action("UPDATEDOMAINS", acmeAccountID=customer.eab.kid, **fields)
        return status

    async def add(customer: OvCustomer, name: str) -> int:
        status, _ = await shop.action(
            "ADDDOMAIN",
            acmeAccountID=customer.eab.kid,
            domainName=name,
            ovAnchorOrderNumber=str(first),
        )
        return status

    async def finalize(number: int) -> int:
        csr = make_csr([f"n{number}.example.org"])
        return (await holders[number].client.finalize(orders[number], csr)).status

    async with asyncio.timeout(30):
        statuses = await asyncio.gather(
            *(move(customer, *pair) for customer in holders for pair in pairs),
            *(add(customer, f"m{n}.example.org") for n, customer in enumerate(holders)),
            *(finalize(number) for number in range(3)),
            reject(gateway, second),
        )
    assert set(statuses) <= {200, 400, 403, True}
    rejected_at = await gateway.pool.fetchval(
        "SELECT id FROM audit.event WHERE action = 'prevalidation.rejected'"
    )
    # Whoever issued after the rejection depended on the first one.
    late = await gateway.pool.fetch(
        """
        SELECT certificate.names
          FROM audit.event
          JOIN ca.certificate ON certificate.serial = event.subject
         WHERE event.action = 'certificate.issued' AND event.id > $1
        """,
        rejected_at,
    )
    depending = await gateway.pool.fetch(
        "SELECT name FROM subscription.domain WHERE ov_anchor = $1", second
    )
    moved_back = {row["name"] for row in depending}
    assert all(not moved_back & set(row["names"]) for row in late)


class TestSlowIssuer:
    """The intent says whom the certificate is about; meanwhile that may change."""

    @pytest.fixture
    async def upstream(self, database: str, tmp_path: Path) -> AsyncIterator[OvCustomer]:
        async with opened(database, tmp_path, pending_answers=10_000) as gateway:
            shop = Shop(gateway)
            expires = "2099-12-31T23:59:59Z"
            anchor = await add_prevalidation(gateway, "example.org", expires=expires)
            async with challenge_server(gateway.http_port) as web:
                yield OvCustomer(shop, web, anchor, *await ov_client(shop, anchor, NAME))

    async def signed(self, customer: OvCustomer, order: dict[str, Any]) -> dict[str, Any]:
        """The order once the issuer has answered."""
        upstream_of(customer.shop.gateway).pending_answers = 0
        return await customer.client.settled(order["url"], pending=("processing",))

    async def finalized(self, customer: OvCustomer) -> dict[str, Any]:
        order = await customer.ready_order()
        answer = await customer.client.finalize(order, make_csr([NAME]))
        assert answer.json["status"] == "processing", answer.body
        return order

    async def test_the_certificate_names_the_organization_of_the_intent(
        self, upstream: OvCustomer
    ) -> None:
        order = await self.signed(upstream, await self.finalized(upstream))
        assert order["status"] == "valid"
        leaf = await upstream.download(order["certificate"])
        assert "O=Acme Hosting Ltd" in leaf.subject.rfc4514_string()

    @pytest.mark.parametrize("change", ["rejected", "another organization"])
    async def test_one_about_what_is_not_validated_any_more_is_withheld_and_revoked(
        self, upstream: OvCustomer, change: str
    ) -> None:
        gateway = upstream.shop.gateway
        order = await self.finalized(upstream)
        asked = "SELECT count(*) FROM acme.\"order\" WHERE issuer_state ->> 'order' IS NOT NULL"
        await until(lambda: gateway.pool.fetchval(asked), "the issuer was not asked")
        if change == "rejected":
            await reject(gateway, upstream.anchor)
        else:
            new = await add_prevalidation(
                gateway, "example.org", details=OTHER, expires="2099-12-31T23:59:59Z"
            )
            await upstream.move(upstream.anchor, new)
        order = await self.signed(upstream, order)
        assert order["status"] == "invalid"
        said = "was rejected" if change == "rejected" else "place a new order"
        assert said in order["error"]["detail"]
        [row] = await gateway.pool.fetch(
            """
            SELECT certificate.withheld, revocation.serial IS NOT NULL AS revoked
              FROM ca.certificate
              LEFT JOIN ca.revocation ON revocation.serial = certificate.serial
            """
        )
        assert tuple(row) == (True, True)


async def test_a_renewal_of_the_details_with_the_same_subject_withholds_nothing(
    customer: OvCustomer,
) -> None:
    """Auto-renewal moves names while certificates are being made."""
    gateway = customer.shop.gateway
    found = await prevalidation(gateway, customer.anchor)
    order = await customer.ready_order()
    renewal = await add_prevalidation(
        gateway, "example.org", organization=found.organization_id, renews=customer.anchor
    )
    now = await gateway.services.clock.now()
    async with open_work(gateway.pool, now, OPERATOR) as work:
        await reassign(
            work,
            reseller_id=found.reseller_id,
            old_number=customer.anchor,
            new_number=renewal,
        )
        finalizing = asyncio.create_task(customer.client.finalize(order, make_csr([NAME])))
        await waiting(gateway.pool)
    assert (await finalizing).json["status"] == "valid"
    assert (await prevalidation(gateway, customer.anchor)).state == "superseded"
    await add_ov_name(customer.shop, customer.eab.kid, "b.example.org", renewal)
