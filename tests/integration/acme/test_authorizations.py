"""Pre-authorization and giving a proof up (RFC 8555 §7.4.1, §7.5.2)."""

from typing import Any

import pytest

from tests.integration.acme.conftest import NAME, Customer, ReadyOrder
from tests.support.acme_client import AcmeClient, Answer, make_csr
from tests.support.challenge_server import ChallengeServer


async def authorize(client: AcmeClient, name: Any, kind: str = "dns") -> Answer:
    payload = {"identifier": {"type": kind, "value": name}}
    return await client.post(await client.url("newAuthz"), payload)


async def test_a_name_proven_in_advance_makes_orders_ready_at_once(
    client: AcmeClient, web: ChallengeServer
) -> None:
    answer = await authorize(client, NAME)
    assert (answer.status, answer.json["status"]) == (201, "pending")
    url = answer.headers["Location"]
    await web.prove(client, url)
    proven = await client.settled(url)
    assert proven["status"] == "valid"
    assert [item["status"] for item in proven["challenges"]] == ["valid"]
    order = (await client.new_order(NAME)).json
    assert (order["status"], order["authorizations"]) == ("ready", [url])
    assert (await client.finalize(order, make_csr([NAME]))).json["status"] == "valid"
    again = await authorize(client, NAME)
    assert (again.status, again.headers["Location"]) == (201, url)


async def test_the_gate_stands_before_pre_authorization_too(
    client: AcmeClient, customer: Customer
) -> None:
    answer = await authorize(client, "other.example.com")
    assert (answer.status, answer.problem) == (400, "rejectedIdentifier")
    await customer.shop.do("SUSPENDACCOUNT", acmeAccountID=customer.eab.kid)
    assert (await authorize(client, NAME)).problem == "unauthorized"


@pytest.mark.parametrize(
    ("name", "kind", "problem"),
    [
        ("*.example.com", "dns", "malformed"),
        ("192.0.2.1", "ip", "unsupportedIdentifier"),
        ("a..b", "dns", "rejectedIdentifier"),
        (1, "dns", "malformed"),
    ],
)
async def test_what_cannot_be_authorized_in_advance_is_refused(
    client: AcmeClient, name: Any, kind: str, problem: str
) -> None:
    answer = await authorize(client, name, kind)
    assert (answer.status, answer.problem) == (400, problem)


async def test_a_given_up_authorization_takes_its_open_orders_along(
    client: AcmeClient, ready_order: ReadyOrder
) -> None:
    order = await ready_order()
    [url] = order["authorizations"]
    answer = await client.post(url, {"status": "deactivated"})
    assert (answer.status, answer.json["status"]) == (200, "deactivated")
    shown = (await client.post(url)).json
    assert shown["status"] == "deactivated"
    assert [item["status"] for item in shown["challenges"]] == ["valid"]
    assert (await client.post(order["url"])).json["status"] == "invalid"
    refused = await client.finalize(order, make_csr([NAME]))
    assert (refused.status, refused.problem) == (403, "orderNotReady")
    assert "deactivated" in refused.detail
    assert (await client.new_order(NAME)).json["status"] == "pending"


async def test_finished_orders_keep_their_certificate(
    client: AcmeClient, ready_order: ReadyOrder
) -> None:
    order = await ready_order()
    await client.finalize(order, make_csr([NAME]))
    await client.post(order["authorizations"][0], {"status": "deactivated"})
    assert (await client.post(order["url"])).json["status"] == "valid"


@pytest.mark.parametrize("payload", [{"status": "valid"}, {"status": "pending"}, {}, []])
async def test_nothing_else_of_an_authorization_can_be_changed(
    client: AcmeClient, payload: Any
) -> None:
    [url] = (await client.new_order(NAME)).json["authorizations"]
    answer = await client.post(url, payload)
    assert (answer.status, answer.problem) == (400, "malformed")
    assert (await client.post(url)).json["status"] == "pending"
