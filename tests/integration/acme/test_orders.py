"""newOrder, authorizations, challenges and lists (RFC 8555 §7.1.2.1, §7.4, §7.5)."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.store.acme import new_orders
from tests.integration.acme.conftest import NAME, Customer
from tests.support.acme_client import AcmeClient, make_csr
from tests.support.challenge_server import ChallengeServer

NewClient = Callable[..., AcmeClient]


async def test_a_new_order_is_pending_with_an_authorization_per_name(
    client: AcmeClient, customer: Customer
) -> None:
    await customer.buy("b.example.net")
    answer = await client.new_order("b.example.net", NAME)
    assert answer.status == 201
    order = answer.json
    assert order["status"] == "pending"
    assert [item["value"] for item in order["identifiers"]] == ["b.example.net", NAME]
    assert order["expires"] == "2025-01-17T15:30:00Z"
    assert order["finalize"] == answer.headers["Location"] + "/finalize"
    assert (await client.post(answer.headers["Location"])).json == order
    shown = [(await client.post(url)).json for url in order["authorizations"]]
    assert [item["identifier"]["value"] for item in shown] == ["b.example.net", NAME]


async def test_an_authorization_offers_http_01_and_dns_01(client: AcmeClient) -> None:
    [url] = (await client.new_order(NAME)).json["authorizations"]
    shown = (await client.post(url)).json
    assert shown["status"] == "pending"
    assert "wildcard" not in shown
    types = {item["type"] for item in shown["challenges"]}
    assert types == {"http-01", "dns-01", "tls-alpn-01"}
    # Strict clients fail at a challenge without one, as the drafts have it.
    tokens = [item["token"] for item in shown["challenges"]]
    assert all(len(token) >= 22 for token in tokens)
    assert len(set(tokens)) == len(tokens)


async def test_a_wildcard_is_proven_for_its_base_with_dns_only(
    client: AcmeClient, customer: Customer
) -> None:
    await customer.buy("*.example.net")
    [url] = (await client.new_order("*.example.net")).json["authorizations"]
    shown = (await client.post(url)).json
    assert shown["identifier"] == {"type": "dns", "value": "example.net"}
    assert shown["wildcard"] is True
    kinds = {item["type"] for item in shown["challenges"]}
    assert "dns-01" in kinds
    assert "http-01" not in kinds


async def test_a_name_asked_for_twice_is_one_identifier(client: AcmeClient) -> None:
    order = (await client.new_order(NAME, NAME, NAME.upper())).json
    assert len(order["identifiers"]) == len(order["authorizations"]) == 1


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"identifiers": []},
        {"identifiers": None},
        {"identifiers": "www.example.com"},
        {"identifiers": [NAME]},
        {"identifiers": [{"type": "dns"}]},
        {"identifiers": [{"type": "dns", "value": 1}]},
        {"identifiers": [{"type": "dns", "value": f"a{n}.example.com"} for n in range(101)]},
        {"identifiers": [{"type": "dns", "value": NAME}], "notBefore": "tomorrow"},
        {"identifiers": [{"type": "dns", "value": NAME}], "notAfter": "2025-02-01T00:00:00"},
        {"identifiers": [{"type": "dns", "value": NAME}], "notAfter": 1},
        [],
        None,
        b"",
        b"\xff",
        b"{",
    ],
)
async def test_a_payload_that_is_no_order_is_malformed(client: AcmeClient, payload: Any) -> None:
    answer = await client.post(await client.url("newOrder"), payload)
    assert (answer.status, answer.problem) == (400, "malformed")


async def test_other_identifier_types_are_unsupported(client: AcmeClient) -> None:
    identifiers = [{"type": "ip", "value": "192.0.2.1"}, {"type": "dns", "value": NAME}]
    answer = await client.post(await client.url("newOrder"), {"identifiers": identifiers})
    assert (answer.status, answer.problem) == (400, "unsupportedIdentifier")
    [subproblem] = answer.json["subproblems"]
    assert subproblem["identifier"] == identifiers[0]


async def test_all_refused_identifiers_are_named_at_once_whatever_the_reason(
    client: AcmeClient, customer: Customer
) -> None:
    await customer.buy("b.example.net")
    refused = {
        "192.0.2.1": ("ip", "unsupportedIdentifier"),
        "a..example.com": ("dns", "rejectedIdentifier"),
        "\0.example.com": ("dns", "rejectedIdentifier"),
        "not.bought.example.com": ("dns", "rejectedIdentifier"),
    }
    asked = [{"type": kind, "value": value} for value, (kind, _) in refused.items()]
    good = [{"type": "dns", "value": name} for name in (NAME, "b.example.net")]
    url = await client.url("newOrder")
    answer = await client.post(url, {"identifiers": [good[0], *asked, good[1], asked[0]]})
    assert (answer.status, answer.problem) == (400, "compound")
    subproblems = answer.json["subproblems"]
    assert [item["identifier"] for item in subproblems] == asked
    for item in subproblems:
        assert item["type"].endswith(f":{refused[item['identifier']['value']][1]}")
        assert item["identifier"]["value"] in answer.detail
    assert NAME not in answer.detail.replace("not.bought.example.com", "")
    some = await client.post(url, {"identifiers": [*asked[1:], *good]})
    assert (some.status, some.problem) == (400, "rejectedIdentifier")
    assert [item["identifier"] for item in some.json["subproblems"]] == asked[1:]


async def test_without_the_right_to_issue_bad_identifiers_do_not_matter(
    client: AcmeClient, customer: Customer
) -> None:
    await customer.shop.do("SUSPENDACCOUNT", acmeAccountID=customer.eab.kid)
    answer = await client.new_order(NAME, "a..example.com")
    assert (answer.status, answer.problem) == (403, "unauthorized")
    assert "suspended" in answer.detail


async def test_an_authorization_that_ran_out_lists_no_challenge_that_nobody_tried(
    client: AcmeClient, gateway: Any
) -> None:
    [url] = (await client.new_order(NAME)).json["authorizations"]
    await gateway.at("2025-01-17T15:30:01Z")
    shown = (await client.post(url)).json
    assert (shown["status"], shown["challenges"]) == ("invalid", [])


@pytest.mark.parametrize(
    "name",
    [
        "",
        "com",
        "localhost",
        "192.0.2.1",
        "a..example.com",
        "-a.example.com",
        "*.com",
        "a.*.com",
        "*.*.example.com",
        "bücher.example.com",
        "a b.example.com",
        "\u0000.example.com",
        "ab--cd.example.com",
        "x" * 64 + ".example.com",
        "a." * 130 + "example.com",
    ],
)
async def test_a_value_that_is_no_certifiable_name_is_rejected_by_name(
    client: AcmeClient, name: str
) -> None:
    answer = await client.new_order(NAME, name)
    assert (answer.status, answer.problem) == (400, "rejectedIdentifier")
    [subproblem] = answer.json["subproblems"]
    assert subproblem["identifier"]["value"] == name


async def test_an_unknown_profile_is_refused_and_a_known_one_is_kept(client: AcmeClient) -> None:
    refused = await client.new_order(NAME, profile="gold")
    assert (refused.status, refused.problem) == (400, "invalidProfile")
    for profile in (await client.request("GET", client.directory_url)).json["meta"]["profiles"]:
        assert (await client.new_order(NAME, profile=profile)).json["profile"] == profile


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"notAfter": "2025-04-10T15:30:01Z"}, "too late"),
        ({"notAfter": "2025-01-10T15:30:00Z"}, "after notBefore"),
        ({"notBefore": "2025-01-01T00:00:00Z"}, "in the past"),
        ({"notBefore": "2025-02-01T00:00:00Z"}, "in the future"),
    ],
)
async def test_validity_outside_the_profile_is_refused(
    client: AcmeClient, members: Any, said: str
) -> None:
    answer = await client.new_order(NAME, **members)
    assert (answer.status, answer.problem) == (400, "malformed")
    assert said in answer.detail


async def test_a_foreign_or_unknown_object_is_not_found(
    client: AcmeClient, customer: Customer, new_client: NewClient
) -> None:
    placed = await client.new_order(NAME)
    [authorization] = placed.json["authorizations"]
    challenge = await client.challenge(authorization, "http-01")
    other = new_client()
    await other.register(customer.eab)
    mine = [placed.headers["Location"], authorization, challenge["url"], placed.json["finalize"]]
    payloads: list[Any] = [None, None, {}, {"csr": "AA"}]
    for url, payload in zip(mine, payloads, strict=True):
        answer = await other.post(url, payload)
        assert (answer.status, answer.problem) == (404, "malformed")
    cert = placed.headers["Location"].replace("/order/", "/cert/")
    assert (await client.post(cert)).status == 404  # nothing issued yet


async def test_reading_needs_an_empty_payload(client: AcmeClient) -> None:
    placed = await client.new_order(NAME)
    for url in (placed.headers["Location"], *placed.json["authorizations"]):
        answer = await client.post(url, {})
        assert (answer.status, answer.problem) == (400, "malformed")


async def test_the_orders_list_is_paged_newest_first(client: AcmeClient) -> None:
    placed = []
    for number in range(103):
        until = f"2025-02-01T00:{number // 60:02}:{number % 60:02}Z"
        placed.append((await client.new_order(NAME, notAfter=until)).headers["Location"])
    first = await client.post(f"{client.account_url}/orders")
    assert first.json["orders"] == placed[:2:-1]
    second = await client.post(first.links["next"])
    assert second.json["orders"] == placed[2::-1]
    assert "next" not in second.links
    assert (await client.post(f"{client.account_url}/orders?cursor=x")).problem == "malformed"


async def test_a_proven_order_is_ready_and_its_challenge_says_when(
    client: AcmeClient, web: ChallengeServer
) -> None:
    placed = await client.new_order(NAME)
    [authorization] = placed.json["authorizations"]
    await web.prove(client, authorization)
    shown = await client.settled(authorization)
    assert shown["status"] == "valid"
    [proven] = shown["challenges"]
    assert (proven["type"], proven["status"]) == ("http-01", "valid")
    assert proven["validated"] == "2025-01-10T15:30:00Z"
    assert (await client.post(placed.headers["Location"])).json["status"] == "ready"
    assert set(web.asked) == {NAME} or web.asked[0].startswith(NAME)


async def test_a_failed_challenge_makes_authorization_and_order_invalid(
    client: AcmeClient, web: ChallengeServer
) -> None:
    placed = await client.new_order(NAME)
    [authorization] = placed.json["authorizations"]
    challenge = await client.challenge(authorization, "http-01")
    answered = await client.post(challenge["url"], {})
    assert answered.json["status"] == "processing"
    assert answered.links["up"] == authorization
    shown = await client.settled(authorization)
    assert shown["status"] == "invalid"
    [failed] = shown["challenges"]
    assert (failed["type"], failed["status"]) == ("http-01", "invalid")
    assert "404" in failed["error"]["detail"]
    order = (await client.post(placed.headers["Location"])).json
    assert order["status"] == "invalid"
    refused = await client.post(order["finalize"], {"csr": "AA"})
    assert (refused.status, refused.problem) == (403, "orderNotReady")


async def test_answering_a_challenge_again_while_it_is_processed_is_accepted(
    client: AcmeClient, web: ChallengeServer
) -> None:
    [authorization] = (await client.new_order(NAME)).json["authorizations"]
    challenge = await client.challenge(authorization, "http-01")
    web.responses[challenge["token"]] = client.key_authorization(challenge["token"])
    for _ in range(3):
        assert (await client.post(challenge["url"], {})).status == 200
    assert (await client.settled(authorization))["status"] == "valid"
    assert (await client.post(challenge["url"], {})).json["status"] == "valid"


async def test_an_order_that_ran_out_is_invalid(client: AcmeClient, gateway: Any) -> None:
    placed = await client.new_order(NAME)
    await gateway.at("2025-01-17T15:30:00Z")
    assert (await client.post(placed.headers["Location"])).json["status"] == "pending"
    await gateway.at("2025-01-17T15:30:01Z")
    assert (await client.post(placed.headers["Location"])).json["status"] == "invalid"
    refused = await client.post(placed.json["finalize"], {"csr": "AA"})
    assert refused.problem == "orderNotReady"
    assert "expired" in refused.detail
    [authorization] = placed.json["authorizations"]
    assert (await client.post(authorization)).json["status"] == "invalid"


async def test_an_open_order_for_the_same_names_is_given_again(
    client: AcmeClient, customer: Customer, web: ChallengeServer, gateway: Any
) -> None:
    await customer.buy("b.example.net")
    first = await client.new_order(NAME, "b.example.net")
    again = await client.new_order("b.example.net", NAME)
    assert (again.status, again.headers["Location"]) == (201, first.headers["Location"])
    for other in (
        await client.new_order(NAME),
        await client.new_order(NAME, "b.example.net", profile="tlsserver"),
        await client.new_order(NAME, "b.example.net", notAfter="2025-02-01T00:00:00Z"),
    ):
        assert other.headers["Location"] != first.headers["Location"]
    for authorization in first.json["authorizations"]:
        await web.prove(client, authorization)
    await client.settled(first.headers["Location"])
    ready = await client.new_order(NAME, "b.example.net")
    assert (ready.headers["Location"], ready.json["status"]) == (
        first.headers["Location"],
        "ready",
    )
    await gateway.at("2025-01-17T15:30:01Z")
    late = await client.new_order(NAME, "b.example.net")
    assert late.headers["Location"] != first.headers["Location"]


async def test_an_order_is_shown_with_the_status_that_was_stored(
    client: AcmeClient, web: ChallengeServer, gateway: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed = await client.new_order(NAME)
    [proven] = placed.json["authorizations"]
    await web.prove(client, proven)
    order = await client.settled(placed.headers["Location"])
    assert (await client.finalize(order, make_csr([NAME]))).json["status"] == "valid"
    place = new_orders.place

    async def place_late(*arguments: Any) -> str:
        """The proof ends between the look at it and the order that depends on it."""
        await gateway.pool.execute("UPDATE acme.authorization SET status = 'deactivated'")
        return await place(*arguments)

    monkeypatch.setattr(new_orders, "place", place_late)
    late = await client.new_order(NAME)
    assert (late.json["authorizations"], late.json["status"]) == ([proven], "pending")
    assert (await client.post(late.headers["Location"])).json["status"] == "pending"


async def test_a_proven_name_needs_no_new_proof_until_it_expires(
    client: AcmeClient, customer: Customer, web: ChallengeServer, gateway: Any
) -> None:
    placed = await client.new_order(NAME)
    [proven] = placed.json["authorizations"]
    await web.prove(client, proven)
    order = await client.settled(placed.headers["Location"])
    assert (await client.finalize(order, make_csr([NAME]))).json["status"] == "valid"
    await gateway.at("2025-02-05T00:00:00Z")
    again = (await client.new_order(NAME)).json
    assert (again["status"], again["authorizations"]) == ("ready", [proven])
    assert again["expires"] == "2025-02-09T15:30:00Z"  # with the proof, 30 days after it
    assert (await client.finalize(again, make_csr([NAME]))).json["status"] == "valid"
    await customer.buy("b.example.net")
    mixed = (await client.new_order(NAME, "b.example.net")).json
    assert mixed["status"] == "pending"
    assert mixed["authorizations"][0] == proven
    await gateway.at("2025-02-09T15:30:00Z")
    late = (await client.new_order(NAME)).json
    assert (late["status"], late["authorizations"] == [proven]) == ("pending", False)


async def test_proofs_are_not_shared_between_accounts_nor_with_the_wildcard(
    client: AcmeClient, customer: Customer, web: ChallengeServer, new_client: NewClient
) -> None:
    await customer.buy("*.www.example.com")
    placed = await client.new_order(NAME)
    await web.prove(client, placed.json["authorizations"][0])
    await client.settled(placed.headers["Location"])
    assert (await client.new_order("*.www.example.com")).json["status"] == "pending"
    other = new_client()
    await other.register(customer.eab)
    assert (await other.new_order(NAME)).json["status"] == "pending"
