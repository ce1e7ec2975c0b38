"""The gate: certificates exactly for the names of a valid subscription (R4, R5, R9, R12).

The same at newOrder and at finalize; a refusal names each identifier, the reason and the cure.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.integration.acme.conftest import NAME, Customer, ReadyOrder, new_customer
from tests.support.acme_client import AcmeClient, Answer, make_csr
from tests.support.shop import Shop

NewClient = Callable[..., AcmeClient]
Ask = Callable[[], Awaitable[Answer]]

OTHER = "other.example.com"


async def test_an_unlisted_name_is_a_rejected_identifier_with_its_own_subproblem(
    client: AcmeClient, customer: Customer
) -> None:
    await customer.buy("good.example.net")
    answer = await client.new_order(
        NAME, "bad.example.com", "good.example.net", "worse.example.com"
    )
    assert (answer.status, answer.problem) == (400, "rejectedIdentifier")
    subproblems = {item["identifier"]["value"]: item for item in answer.json["subproblems"]}
    assert set(subproblems) == {"bad.example.com", "worse.example.com"}
    for name, item in subproblems.items():
        assert item["type"] == "urn:ietf:params:acme:error:rejectedIdentifier"
        assert item["identifier"]["type"] == "dns"
        assert item["detail"] == f"{name} is not in the subscription; ask your reseller to add it."
        assert name in answer.detail


async def test_before_the_first_domain_there_is_no_subscription(
    shop: Shop, new_client: NewClient
) -> None:
    customer = await new_customer(shop)
    client = new_client()
    await client.register(customer.eab)
    answer = await client.new_order(NAME)
    assert (answer.status, answer.problem) == (403, "unauthorized")
    assert NAME in answer.detail
    assert "no subscription yet" in answer.detail


async def test_a_wildcard_needs_the_wildcard_entry_and_covers_no_other_identifier(
    shop: Shop, new_client: NewClient
) -> None:
    customer = await new_customer(shop, "*.example.com")
    client = new_client()
    await client.register(customer.eab)
    assert (await client.new_order("*.example.com")).status == 201
    answer = await client.new_order("a.example.com")
    assert answer.problem == "rejectedIdentifier"
    only_name = await new_customer(shop, "shop.example.net")
    other = new_client()
    await other.register(only_name.eab)
    assert (await other.new_order("*.shop.example.net")).problem == "rejectedIdentifier"


async def test_names_belong_to_their_eab_and_to_all_its_accounts(
    customer: Customer, client: AcmeClient, shop: Shop, new_client: NewClient
) -> None:
    sibling = new_client()
    await sibling.register(customer.eab)
    assert (await sibling.new_order(NAME)).status == 201
    stranger_customer = await new_customer(shop, OTHER)
    stranger = new_client()
    await stranger.register(stranger_customer.eab)
    assert (await stranger.new_order(NAME)).problem == "rejectedIdentifier"


async def test_names_compare_in_lower_case_as_a_labels(client: AcmeClient) -> None:
    answer = await client.new_order("WWW.Example.COM")
    assert answer.status == 201
    assert answer.json["identifiers"] == [{"type": "dns", "value": NAME}]


async def test_the_last_second_is_valid_and_grace_is_not(client: AcmeClient, gateway: Any) -> None:
    await gateway.at("2026-01-10T23:59:59Z")
    assert (await client.new_order(NAME)).status == 201
    await gateway.at("2026-01-11T00:00:00Z")
    answer = await client.new_order(NAME)
    assert (answer.status, answer.problem) == (403, "unauthorized")
    assert answer.detail == (
        f"No certificate can be issued for {NAME}. The subscription expired on "
        "2026-01-10T23:59:59Z and can be extended until 2026-02-09T23:59:59Z; "
        "ask your reseller to extend it."
    )


async def test_after_grace_only_a_new_subscription_helps(
    client: AcmeClient, customer: Customer, gateway: Any
) -> None:
    await gateway.at("2026-02-10T00:00:00Z")
    answer = await client.new_order(NAME)
    assert (answer.status, answer.problem) == (403, "unauthorized")
    assert "can no longer be extended" in answer.detail
    await customer.buy(OTHER)  # starts a new subscription; the old names are not in it (R13)
    assert (await client.new_order(OTHER)).status == 201
    assert (await client.new_order(NAME)).problem == "rejectedIdentifier"


async def test_an_extension_in_grace_opens_the_gate_again(
    client: AcmeClient, customer: Customer, gateway: Any
) -> None:
    await gateway.at("2026-01-20T12:00:00Z")
    assert (await client.new_order(NAME)).status == 403
    await customer.shop.extend(customer.eab.kid)
    assert (await client.new_order(NAME)).status == 201


async def test_a_removed_name_is_refused_at_once(client: AcmeClient, customer: Customer) -> None:
    await customer.buy(OTHER)
    assert (await client.new_order(OTHER)).status == 201
    await customer.remove(OTHER)
    assert (await client.new_order(OTHER)).problem == "rejectedIdentifier"


async def test_suspension_acts_at_once_and_ends_at_once(
    client: AcmeClient, customer: Customer
) -> None:
    await customer.shop.do("SUSPENDACCOUNT", acmeAccountID=customer.eab.kid)
    answer = await client.new_order(NAME)
    assert (answer.status, answer.problem) == (403, "unauthorized")
    assert "suspended" in answer.detail
    await customer.shop.do("UNSUSPENDACCOUNT", acmeAccountID=customer.eab.kid)
    assert (await client.new_order(NAME)).status == 201


async def test_deactivation_is_for_good(client: AcmeClient, customer: Customer) -> None:
    await customer.shop.do("DEACTIVATEACCOUNT", acmeAccountID=customer.eab.kid)
    answer = await client.new_order(NAME)
    assert (answer.status, answer.problem) == (403, "unauthorized")
    assert "deactivated" in answer.detail


class TestTheSameGateAtFinalize:
    """The order was accepted and proven; then the right to it went away."""

    @pytest.fixture
    async def finalize(self, client: AcmeClient, ready_order: ReadyOrder) -> Ask:
        order = await ready_order(NAME)

        async def ask() -> Answer:
            return await client.finalize(order, make_csr([NAME]))

        return ask

    async def assert_nothing_was_issued(self, gateway: Any) -> None:
        assert await gateway.pool.fetchval("SELECT count(*) FROM ca.certificate") == 0

    async def test_removed_name(self, finalize: Ask, customer: Customer, gateway: Any) -> None:
        await customer.buy(OTHER)
        await customer.remove(NAME)
        answer = await finalize()
        assert (answer.status, answer.problem) == (400, "rejectedIdentifier")
        [subproblem] = answer.json["subproblems"]
        assert subproblem["identifier"]["value"] == NAME
        await self.assert_nothing_was_issued(gateway)

    @pytest.mark.parametrize(
        ("action", "said"), [("SUSPENDACCOUNT", "suspended"), ("DEACTIVATEACCOUNT", "deactivated")]
    )
    async def test_standing(
        self, finalize: Ask, customer: Customer, gateway: Any, action: str, said: str
    ) -> None:
        await customer.shop.do(action, acmeAccountID=customer.eab.kid)
        answer = await finalize()
        assert (answer.status, answer.problem) == (403, "unauthorized")
        assert said in answer.detail
        await self.assert_nothing_was_issued(gateway)

    async def test_expired_subscription(
        self, client: AcmeClient, gateway: Any, ready_order: ReadyOrder
    ) -> None:
        await gateway.at("2026-01-10T23:59:50Z")
        order = await ready_order(NAME)
        await gateway.at("2026-01-11T00:00:00Z")
        answer = await client.finalize(order, make_csr([NAME]))
        assert (answer.status, answer.problem) == (403, "unauthorized")
        assert "expired on 2026-01-10T23:59:59Z" in answer.detail
        await self.assert_nothing_was_issued(gateway)

    async def test_a_right_that_comes_back_finishes_the_order(
        self, finalize: Ask, customer: Customer
    ) -> None:
        await customer.shop.do("SUSPENDACCOUNT", acmeAccountID=customer.eab.kid)
        assert (await finalize()).status == 403
        await customer.shop.do("UNSUSPENDACCOUNT", acmeAccountID=customer.eab.kid)
        assert (await finalize()).json["status"] == "valid"


async def test_every_refusal_is_there_for_the_operator(
    client: AcmeClient, gateway: Any, customer: Customer
) -> None:
    await client.new_order(NAME, "bad.example.com")
    rows = await gateway.pool.fetch("SELECT * FROM ops.issuance_refusals")
    assert len(rows) == 1
    assert rows[0]["name"] == "bad.example.com"
    assert rows[0]["reason"] == "not_listed"
