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
class OvCustomer:
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
async def customer(shop: Shop, web: ChallengeServer) -> OvCustomer:
    anchor = await add_prevalidation(shop.gateway, "example.org", expires="2025-06-30T23:59:59Z")
    eab, client = await ov_client(shop, anchor, NAME)
    return OvCustomer(shop, web, anchor, eab, client)


def subject(leaf: x509.Certificate) -> str:
    return leaf.subject.rfc4514_string()


async def expire(customer: OvCustomer) -> str:
    await customer.shop.at("2025-07-01T00:00:00Z")
    return (
        f"{customer.anchor} expired on 2025-06-30T23:59:59Z; ask your reseller to order a new one"
    )


async def be_rejected(customer: OvCustomer) -> str:
    await reject(customer.shop.gateway, customer.anchor)
    return f"{customer.anchor} was rejected; ask your reseller to order a new one"


async def go_back_in_time(customer: OvCustomer) -> str:
    new = await add_prevalidation(
        customer.shop.gateway, "example.org", valid_from="2025-01-10T15:00:00Z"
    )
    await customer.move(customer.anchor, new)
    await customer.shop.at("2025-01-10T14:59:59Z")
    return f"{new} is valid only from 2025-01-10T15:00:00Z on; ask your reseller"


async def lose_the_link(customer: OvCustomer) -> str:
    await customer.shop.gateway.pool.execute("UPDATE subscription.domain SET ov_anchor = NULL")
    return "No organization pre-validation is behind it; ask your reseller to remove the name"


async def be_superseded_without_being_moved(customer: OvCustomer) -> str:
    await customer.shop.gateway.pool.execute(
        "UPDATE organization.prevalidation SET state = 'superseded' WHERE number = $1",
        customer.anchor,
    )
    return f"{customer.anchor} was replaced by another one; ask your reseller"


Change = Callable[[OvCustomer], Awaitable[str]]
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
    customer: OvCustomer, change: Change
) -> None:
    if change is go_back_in_time:
        await customer.shop.gateway.pool.execute(
            "UPDATE subscription.subscription SET started_at = '2025-01-10T14:00:00Z'"
        )
    said = await change(customer)
    assert_refused(await customer.client.new_order(NAME), said)
    identifiers = {"identifier": {"type": "dns", "value": NAME}}
    url = await customer.client.url("newAuthz")
    assert_refused(await customer.client.post(url, identifiers), said)
    refused = await customer.shop.gateway.pool.fetch("SELECT * FROM ops.issuance_refusals")
    assert {row["name"] for row in refused} == {NAME}
    assert all(row["reason"].startswith("prevalidation_") for row in refused)


@pytest.mark.parametrize("change", CHANGES)
async def test_finalize_is_refused_likewise_and_nothing_is_issued(
    customer: OvCustomer, change: Change
) -> None:
    if change is go_back_in_time:
        await customer.shop.gateway.pool.execute(
            "UPDATE subscription.subscription SET started_at = '2025-01-10T14:00:00Z'"
        )
    if change is expire:  # orders themselves last a week
        await customer.shop.at("2025-06-30T12:00:00Z")
    order = await customer.ready_order()
    said = await change(customer)
    assert_refused(await customer.client.finalize(order, make_csr([NAME])), said)
    assert await customer.certificates() == 0


async def test_the_last_second_still_counts(customer: OvCustomer) -> None:
    await customer.shop.at("2025-06-30T23:59:59Z")
    assert subject(await customer.issue()).startswith(f"CN={NAME},O=Acme")


async def test_o9_a_new_prevalidation_opens_the_gate_again_and_finishes_the_order(
    customer: OvCustomer,
) -> None:
    order = await customer.ready_order()
    await reject(customer.shop.gateway, customer.anchor)
    assert (await customer.client.finalize(order, make_csr([NAME]))).status == 403
    new = await add_prevalidation(customer.shop.gateway, "example.org", details=OTHER)
    await customer.move(customer.anchor, new)
    finalized = await customer.client.finalize(order, make_csr([NAME]))
    assert finalized.json["status"] == "valid"
    leaf = await customer.download(finalized.json["certificate"])
    assert "O=Andere AG,L=Zürich,ST=Zürich,C=CH" in subject(leaf)


async def test_o9_the_subscription_goes_on_without(customer: OvCustomer) -> None:
    await expire(customer)
    shop, account = customer.shop, customer.eab.kid
    assert await shop.domains(account) == {NAME: "2026-01-10T23:59:59Z"}
    await shop.at("2025-12-20T00:00:00Z")
    assert await shop.extend(account) == 730


async def test_the_names_of_one_certificate_belong_to_one_organization(
    customer: OvCustomer,
) -> None:
    shop, other = customer.shop, "www.example.net"
    anchor = await add_prevalidation(shop.gateway, "example.net", details=OTHER)
    await add_ov_name(shop, customer.eab.kid, other, anchor)
    answer = await customer.client.new_order(NAME, other)
    assert (answer.status, answer.problem) == (403, "unauthorized")
    assert answer.detail == (
        f"No certificate can be issued for {other}, {NAME}. The names belong to different "
        f"organizations, or to different details of one ({other}: Andere AG, Zürich, Zürich, CH; "
        f"{NAME}: Acme Hosting Ltd, London, GB); order a certificate for each, or ask your "
        "reseller to assign all names to one pre-validation."
    )
    assert "O=Andere AG" in subject(await customer.issue(other))


async def test_the_names_of_one_certificate_carry_one_state_of_the_details(
    customer: OvCustomer,
) -> None:
    shop, other = customer.shop, "other.example.org"
    organization = (await prevalidation(shop.gateway, customer.anchor)).organization_id
    same = await add_prevalidation(shop.gateway, "example.org", organization=organization)
    await add_ov_name(shop, customer.eab.kid, other, same)
    order = await customer.ready_order(NAME, other)
    await shop.do(
        "UPDATEORGANIZATION",
        organizationID=str(organization),
        organizationName="Acme Cloud Ltd",
        localityName="London",
        countryName="GB",
    )
    new = await add_prevalidation(shop.gateway, "example.org", organization=organization)
    await customer.move(same, new)
    answer = await customer.client.finalize(order, make_csr([NAME, other]))
    assert (answer.status, answer.problem) == (403, "unauthorized")
    assert "different details of one" in answer.detail
    assert await customer.certificates() == 0


async def test_the_same_organization_stated_twice_is_two(customer: OvCustomer) -> None:
    shop, other = customer.shop, "other.example.org"
    twin = await add_organization(shop.gateway, ACME)
    anchor = await add_prevalidation(shop.gateway, "example.org", organization=twin)
    await add_ov_name(shop, customer.eab.kid, other, anchor)
    assert (await customer.client.new_order(NAME, other)).status == 403


async def test_names_that_are_not_listed_come_first(customer: OvCustomer) -> None:
    await reject(customer.shop.gateway, customer.anchor)
    answer = await customer.client.new_order(NAME, "unpaid.example.org")
    assert (answer.status, answer.problem) == (400, "rejectedIdentifier")


async def test_the_renewal_window_ends_inside_the_prevalidation(customer: OvCustomer) -> None:
    """The subscription lasts until 2026; certificates are renewed about day 60."""
    await customer.shop.at("2025-05-10T00:00:00Z")
    leaf = await customer.issue()
    url = f"{await customer.client.url('renewalInfo')}/{identifier(leaf)}"
    window = (await customer.client.request("GET", url)).json["suggestedWindow"]
    assert window["end"] == "2025-06-30T23:59:59Z"
    assert window["start"] < window["end"]
    new = await add_prevalidation(customer.shop.gateway, "example.org")
    await customer.move(customer.anchor, new)
    later = (await customer.client.request("GET", url)).json["suggestedWindow"]
    assert later["end"] > "2025-07-01"
