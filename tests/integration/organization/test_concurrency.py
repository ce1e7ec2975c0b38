"""Decisions on a pre-validation and certificates at the same moment (docs/decisions/0003)."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.app import load_ca
from gateway.usecases.organization import prevalidations
from gateway.usecases.organization.reassignment import reassign
from gateway.usecases.work import open_work
from tests.integration.organization.test_ov_gate import NAME, Holder
from tests.support.acme_client import make_csr
from tests.support.challenge_server import challenge_server
from tests.support.gateway import running_gateway
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
from tests.support.slow_issuer import SlowIssuer


@pytest.fixture
async def holder(shop: Shop, web: Any) -> Holder:
    anchor = await add_prevalidation(shop.gateway, "example.org")
    eab, client = await ov_client(shop, anchor, NAME)
    return Holder(shop, web, anchor, eab, client)


async def waiting(pool: Any) -> None:
    """Until a connection to this database waits for a lock."""
    query = """
        SELECT count(*)
          FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'
        """
    await until(lambda: pool.fetchval(query), "nobody waits for a lock")


async def test_a_finalize_that_meets_a_rejection_waits_and_is_refused(holder: Holder) -> None:
    order = await holder.ready_order()
    gateway = holder.shop.gateway
    now = await gateway.services.clock.now()
    async with open_work(gateway.pool, now, OPERATOR) as work:
        await prevalidations.reject(work, holder.anchor)
        finalizing = asyncio.create_task(holder.client.finalize(order, make_csr([NAME])))
        await waiting(gateway.pool)  # it has read the facts of before
    answer = await finalizing
    assert (answer.status, answer.problem) == (403, "unauthorized")
    assert "was rejected" in answer.detail
    assert await holder.certificates() == 0


async def test_a_finalize_that_meets_a_reassignment_names_the_new_organization(
    holder: Holder,
) -> None:
    gateway = holder.shop.gateway
    new = await add_prevalidation(gateway, "example.org", details=OTHER)
    owner = (await prevalidation(gateway, new)).reseller_id
    order = await holder.ready_order()
    now = await gateway.services.clock.now()
    async with open_work(gateway.pool, now, OPERATOR) as work:
        moved = await reassign(
            work,
            reseller_id=owner,
            old_number=holder.anchor,
            new_number=new,
        )
        assert len(moved) == 1
        finalizing = asyncio.create_task(holder.client.finalize(order, make_csr([NAME])))
        await waiting(gateway.pool)
    finalized = (await finalizing).json
    assert finalized["status"] == "valid"
    leaf = await holder.download(finalized["certificate"])
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
        Holder(shop, web, first, *await ov_client(shop, first, f"n{number}.example.org"))
        for number in range(3)
    ]
    orders = [
        await holder.ready_order(f"n{number}.example.org") for number, holder in enumerate(holders)
    ]
    pairs = [(first, second), (second, first)] * 3

    async def move(holder: Holder, old: int, new: int) -> int:
        fields = {"ovAnchorOrderNumber": str(new), "oldOVAnchorOrderNumber": str(old)}
        status, _ = await shop.action("UPDATEDOMAINS", acmeAccountID=holder.eab.kid, **fields)
        return status

    async def add(holder: Holder, name: str) -> int:
        status, _ = await shop.action(
            "ADDDOMAIN",
            acmeAccountID=holder.eab.kid,
            domainName=name,
            ovAnchorOrderNumber=str(first),
        )
        return status

    async def finalize(number: int) -> int:
        csr = make_csr([f"n{number}.example.org"])
        return (await holders[number].client.finalize(orders[number], csr)).status

    async with asyncio.timeout(30):
        statuses = await asyncio.gather(
            *(move(holder, *pair) for holder in holders for pair in pairs),
            *(add(holder, f"m{n}.example.org") for n, holder in enumerate(holders)),
            *(finalize(number) for number in range(3)),
            reject(gateway, second),
        )
    assert set(statuses) <= {200, 400, 403, True}
    rejected_at = await gateway.pool.fetchval(
        "SELECT id FROM audit.event WHERE action = 'prevalidation.rejected'"
    )
    # Whoever issued after the rejection leaned on the first one.
    late = await gateway.pool.fetch(
        """
        SELECT certificate.names
          FROM audit.event
          JOIN ca.certificate ON certificate.serial = event.subject
         WHERE event.action = 'certificate.issued' AND event.id > $1
        """,
        rejected_at,
    )
    leaning = await gateway.pool.fetch(
        "SELECT name FROM subscription.domain WHERE ov_anchor = $1", second
    )
    moved_back = {row["name"] for row in leaning}
    assert all(not moved_back & set(row["names"]) for row in late)


class TestSlowIssuer:
    """The intent says whom the certificate is about; meanwhile that may change."""

    @pytest.fixture
    async def upstream(self, database: str, tmp_path: Path) -> AsyncIterator[Holder]:
        async with running_gateway(database, tmp_path) as gateway:
            ca = await load_ca(gateway.services.settings)
            slow = SlowIssuer(ca, tmp_path / "upstream", pending_answers=10_000)
            object.__setattr__(gateway.services, "issuer", slow)
            shop = Shop(gateway)
            expires = "2099-12-31T23:59:59Z"
            anchor = await add_prevalidation(gateway, "example.org", expires=expires)
            async with challenge_server(gateway.http_port) as web:
                yield Holder(shop, web, anchor, *await ov_client(shop, anchor, NAME))

    async def signed(self, holder: Holder, order: dict[str, Any]) -> dict[str, Any]:
        """The order once the issuer has answered."""
        issuer = holder.shop.gateway.services.issuer
        assert isinstance(issuer, SlowIssuer)
        issuer.pending_answers = 0
        return await holder.client.settled(order["url"], pending=("processing",))

    async def finalized(self, holder: Holder) -> dict[str, Any]:
        order = await holder.ready_order()
        answer = await holder.client.finalize(order, make_csr([NAME]))
        assert answer.json["status"] == "processing", answer.body
        return order

    async def test_the_certificate_names_the_organization_of_the_intent(
        self, upstream: Holder
    ) -> None:
        order = await self.signed(upstream, await self.finalized(upstream))
        assert order["status"] == "valid"
        leaf = await upstream.download(order["certificate"])
        assert "O=Acme Hosting Ltd" in leaf.subject.rfc4514_string()

    @pytest.mark.parametrize("change", ["rejected", "another organization"])
    async def test_one_about_what_is_not_validated_any_more_is_withheld_and_revoked(
        self, upstream: Holder, change: str
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
    holder: Holder,
) -> None:
    """Auto-renewal moves names while certificates are being made."""
    gateway = holder.shop.gateway
    found = await prevalidation(gateway, holder.anchor)
    order = await holder.ready_order()
    renewal = await add_prevalidation(
        gateway, "example.org", organization=found.organization_id, renews=holder.anchor
    )
    now = await gateway.services.clock.now()
    async with open_work(gateway.pool, now, OPERATOR) as work:
        await reassign(
            work,
            reseller_id=found.reseller_id,
            old_number=holder.anchor,
            new_number=renewal,
        )
        finalizing = asyncio.create_task(holder.client.finalize(order, make_csr([NAME])))
        await waiting(gateway.pool)
    assert (await finalizing).json["status"] == "valid"
    assert (await prevalidation(gateway, holder.anchor)).state == "superseded"
    await add_ov_name(holder.shop, holder.eab.kid, "b.example.org", renewal)
