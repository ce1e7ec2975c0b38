"""OV at the gate: no certificate without a pre-validation that holds now (O1, O2, O9)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from cryptography import x509

from tests.integration.acme.test_renewal_info import identifier
from tests.support.acme_client import AcmeClient, Answer, Eab, make_csr
from tests.support.challenge_server import ChallengeServer
from tests.support.organizations import (
    ACME,
    OTHER,
    add_organization,
    add_ov_name,
    add_prevalidation,
    ov_client,
    prevalidation,
    reject,
)
from tests.support.shop import Shop

NAME = "www.example.org"


@dataclass
class Holder:
    """A customer with NAME on the OV server, and all that is needed for a certificate."""

    shop: Shop
    web: ChallengeServer
    anchor: int
    eab: Eab
    client: AcmeClient

    async def ready_order(self, *names: str, **members: Any) -> dict[str, Any]:
        placed = await self.client.new_order(*(names or (NAME,)), **members)
        assert placed.status == 201, placed.body
        for authorization in placed.json["authorizations"]:
            await self.web.prove(self.client, authorization)
        url = placed.headers["Location"]
        return {**await self.client.settled(url), "url": url}

    async def issue(self, *names: str, **members: Any) -> x509.Certificate:
        wanted = names or (NAME,)
        order = await self.ready_order(*wanted, **members)
        finalized = await self.client.finalize(order, make_csr(list(wanted)))
        assert finalized.json["status"] == "valid", finalized.body
        return await self.download(finalized.json["certificate"])

    async def download(self, url: str) -> x509.Certificate:
        return x509.load_pem_x509_certificate((await self.client.post(url)).body)

    async def move(self, old: int, new: int) -> None:
        await self.shop.do(
            "UPDATEDOMAINS",
            acmeAccountID=self.eab.kid,
            oldOVAnchorOrderNumber=str(old),
            ovAnchorOrderNumber=str(new),
        )

    async def certificates(self) -> int:
        issued: int = await self.shop.gateway.pool.fetchval("SELECT count(*) FROM ca.certificate")
        return issued


@pytest.fixture
async def holder(shop: Shop, web: ChallengeServer) -> Holder:
    anchor = await add_prevalidation(shop.gateway, "example.org", expires="2025-06-30T23:59:59Z")
    eab, client = await ov_client(shop, anchor, NAME)
    return Holder(shop, web, anchor, eab, client)


def subject(leaf: x509.Certificate) -> str:
    return leaf.subject.rfc4514_string()


async def expire(holder: Holder) -> str:
    await holder.shop.at("2025-07-01T00:00:00Z")
    return f"{holder.anchor} expired on 2025-06-30T23:59:59Z; ask your reseller to order a new one"


async def be_rejected(holder: Holder) -> str:
    await reject(holder.shop.gateway, holder.anchor)
    return f"{holder.anchor} was rejected; ask your reseller to order a new one"


async def go_back_in_time(holder: Holder) -> str:
    new = await add_prevalidation(
        holder.shop.gateway, "example.org", valid_from="2025-01-10T15:00:00Z"
    )
    await holder.move(holder.anchor, new)
    await holder.shop.at("2025-01-10T14:59:59Z")
    return f"{new} is valid only from 2025-01-10T15:00:00Z on; ask your reseller"


async def lose_the_link(holder: Holder) -> str:
    await holder.shop.gateway.pool.execute("UPDATE subscription.domain SET ov_anchor = NULL")
    return "No organization pre-validation is behind it; ask your reseller to remove the name"


async def be_superseded_without_being_moved(holder: Holder) -> str:
    await holder.shop.gateway.pool.execute(
        "UPDATE organization.prevalidation SET state = 'superseded' WHERE number = $1",
        holder.anchor,
    )
    return f"{holder.anchor} was replaced by another one; ask your reseller"


Change = Callable[[Holder], Awaitable[str]]
CHANGES: list[Change] = [
    *(expire, be_rejected, go_back_in_time, lose_the_link),
    be_superseded_without_being_moved,
]


def assert_refused(answer: Answer, said: str) -> None:
    assert (answer.status, answer.problem) == (403, "unauthorized")
    assert answer.detail.startswith(f"No certificate can be issued for {NAME}. ")
    assert said in answer.detail


@pytest.mark.parametrize("change", CHANGES)
async def test_new_orders_and_authorizations_are_refused_with_reason_and_cure(
    holder: Holder, change: Change
) -> None:
    if change is go_back_in_time:
        await holder.shop.gateway.pool.execute(
            "UPDATE subscription.subscription SET started_at = '2025-01-10T14:00:00Z'"
        )
    said = await change(holder)
    assert_refused(await holder.client.new_order(NAME), said)
    identifiers = {"identifier": {"type": "dns", "value": NAME}}
    url = await holder.client.url("newAuthz")
    assert_refused(await holder.client.post(url, identifiers), said)
    refused = await holder.shop.gateway.pool.fetch("SELECT * FROM ops.issuance_refusals")
    assert {row["name"] for row in refused} == {NAME}
    assert all(row["reason"].startswith("prevalidation_") for row in refused)


@pytest.mark.parametrize("change", CHANGES)
async def test_finalize_is_refused_likewise_and_nothing_is_issued(
    holder: Holder, change: Change
) -> None:
    if change is go_back_in_time:
        await holder.shop.gateway.pool.execute(
            "UPDATE subscription.subscription SET started_at = '2025-01-10T14:00:00Z'"
        )
    if change is expire:  # orders themselves last a week
        await holder.shop.at("2025-06-30T12:00:00Z")
    order = await holder.ready_order()
    said = await change(holder)
    assert_refused(await holder.client.finalize(order, make_csr([NAME])), said)
    assert await holder.certificates() == 0


async def test_the_last_second_still_counts(holder: Holder) -> None:
    await holder.shop.at("2025-06-30T23:59:59Z")
    assert subject(await holder.issue()).startswith(f"CN={NAME},O=Acme")


async def test_o9_a_new_prevalidation_opens_the_gate_again_and_finishes_the_order(
    holder: Holder,
) -> None:
    order = await holder.ready_order()
    await reject(holder.shop.gateway, holder.anchor)
    assert (await holder.client.finalize(order, make_csr([NAME]))).status == 403
    new = await add_prevalidation(holder.shop.gateway, "example.org", details=OTHER)
    await holder.move(holder.anchor, new)
    finalized = await holder.client.finalize(order, make_csr([NAME]))
    assert finalized.json["status"] == "valid"
    leaf = await holder.download(finalized.json["certificate"])
    assert "O=Andere AG,L=Zürich,ST=Zürich,C=CH" in subject(leaf)


async def test_o9_the_subscription_goes_on_without(holder: Holder) -> None:
    await expire(holder)
    shop, account = holder.shop, holder.eab.kid
    assert await shop.domains(account) == {NAME: "2026-01-10T23:59:59Z"}
    await shop.at("2025-12-20T00:00:00Z")
    assert await shop.extend(account) == 730


async def test_the_names_of_one_certificate_belong_to_one_organization(holder: Holder) -> None:
    shop, other = holder.shop, "www.example.net"
    anchor = await add_prevalidation(shop.gateway, "example.net", details=OTHER)
    await add_ov_name(shop, holder.eab.kid, other, anchor)
    answer = await holder.client.new_order(NAME, other)
    assert (answer.status, answer.problem) == (403, "unauthorized")
    assert answer.detail == (
        f"No certificate can be issued for {other}, {NAME}. The names belong to different "
        f"organizations, or to different details of one ({other}: Andere AG, Zürich, Zürich, CH; "
        f"{NAME}: Acme Hosting Ltd, London, GB); order a certificate for each, or ask your "
        "reseller to assign all names to one pre-validation."
    )
    assert "O=Andere AG" in subject(await holder.issue(other))


async def test_the_names_of_one_certificate_carry_one_state_of_the_details(
    holder: Holder,
) -> None:
    shop, other = holder.shop, "other.example.org"
    organization = (await prevalidation(shop.gateway, holder.anchor)).organization_id
    same = await add_prevalidation(shop.gateway, "example.org", organization=organization)
    await add_ov_name(shop, holder.eab.kid, other, same)
    order = await holder.ready_order(NAME, other)
    await shop.do(
        "UPDATEORGANIZATION",
        organizationID=str(organization),
        organizationName="Acme Cloud Ltd",
        localityName="London",
        countryName="GB",
    )
    new = await add_prevalidation(shop.gateway, "example.org", organization=organization)
    await holder.move(same, new)
    answer = await holder.client.finalize(order, make_csr([NAME, other]))
    assert (answer.status, answer.problem) == (403, "unauthorized")
    assert "different details of one" in answer.detail
    assert await holder.certificates() == 0


async def test_the_same_organization_stated_twice_is_two(holder: Holder) -> None:
    shop, other = holder.shop, "other.example.org"
    twin = await add_organization(shop.gateway, ACME)
    anchor = await add_prevalidation(shop.gateway, "example.org", organization=twin)
    await add_ov_name(shop, holder.eab.kid, other, anchor)
    assert (await holder.client.new_order(NAME, other)).status == 403


async def test_names_that_are_not_listed_come_first(holder: Holder) -> None:
    await reject(holder.shop.gateway, holder.anchor)
    answer = await holder.client.new_order(NAME, "unpaid.example.org")
    assert (answer.status, answer.problem) == (400, "rejectedIdentifier")


async def test_the_renewal_window_ends_inside_the_prevalidation(holder: Holder) -> None:
    """The subscription lasts until 2026; certificates are renewed about day 60."""
    await holder.shop.at("2025-05-10T00:00:00Z")
    leaf = await holder.issue()
    url = f"{await holder.client.url('renewalInfo')}/{identifier(leaf)}"
    window = (await holder.client.request("GET", url)).json["suggestedWindow"]
    assert window["end"] == "2025-06-30T23:59:59Z"
    assert window["start"] < window["end"]
    new = await add_prevalidation(holder.shop.gateway, "example.org")
    await holder.move(holder.anchor, new)
    later = (await holder.client.request("GET", url)).json["suggestedWindow"]
    assert later["end"] > "2025-07-01"
