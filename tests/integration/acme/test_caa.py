"""CAA from end to end: with each proof, and again before issuance after 8 hours (RFC 8659)."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.acme.conftest import NAME, Customer, ReadyOrder
from tests.support.acme_client import AcmeClient, make_csr
from tests.support.challenge_server import ChallengeServer
from tests.support.dns_gateway import CAA_IDENTITY as US
from tests.support.dns_gateway import gateway_with_dns
from tests.support.dns_server import DnsServer, dns_server
from tests.support.gateway import RunningGateway

OTHER = "shop.example.net"
HOURS = 3600.0


@pytest.fixture
async def dns() -> AsyncIterator[DnsServer]:
    async with dns_server() as server:
        server.set(NAME, "A", "127.0.0.1")
        server.set(OTHER, "A", "127.0.0.1")
        yield server


@pytest.fixture
async def gateway(database: str, tmp_path: Path, dns: DnsServer) -> AsyncIterator[RunningGateway]:
    async with gateway_with_dns(database, tmp_path, dns) as running:
        yield running


async def proven(client: AcmeClient, web: ChallengeServer) -> tuple[dict[str, Any], dict[str, Any]]:
    """An order whose only name was validated, somehow, and its authorization."""
    placed = await client.new_order(NAME)
    [url] = placed.json["authorizations"]
    await web.prove(client, url)
    order = await client.settled(placed.headers["Location"])
    return order, (await client.post(url)).json


async def test_the_directory_says_what_the_ca_is_called_in_caa_records(client: AcmeClient) -> None:
    await client.url("newOrder")
    assert client.directory["meta"]["caaIdentities"] == [US]


async def test_a_name_whose_records_allow_this_ca_is_issued_for(
    client: AcmeClient, web: ChallengeServer, dns: DnsServer
) -> None:
    allowed = f"{US}; accounturi={client.account_url}; validationmethods=http-01"
    dns.set(NAME, "CAA", f'0 issue "{allowed}"')
    order, _ = await proven(client, web)
    assert (await client.finalize(order, make_csr([NAME]))).json["status"] == "valid"


async def test_a_name_whose_records_do_not_is_not_validated(
    client: AcmeClient, web: ChallengeServer, dns: DnsServer
) -> None:
    dns.set("example.com", "CAA", '0 issue "another.example"')
    order, authorization = await proven(client, web)
    assert (order["status"], authorization["status"]) == ("invalid", "invalid")
    [error] = [each["error"] for each in authorization["challenges"] if "error" in each]
    assert error["type"] == "urn:ietf:params:acme:error:caa"
    assert "example.com let 'another.example' issue" in error["detail"]
    assert order["error"]["type"] == error["type"]


async def test_records_that_cannot_be_looked_up_allow_nothing(
    client: AcmeClient, web: ChallengeServer, dns: DnsServer
) -> None:
    dns.failing["CAA example.com"] = "SERVFAIL"
    order, _ = await proven(client, web)
    assert order["status"] == "invalid"
    assert order["error"]["type"] == "urn:ietf:params:acme:error:dns"


async def test_within_eight_hours_records_are_not_looked_at_again(
    client: AcmeClient, ready_order: ReadyOrder, dns: DnsServer, gateway: RunningGateway
) -> None:
    order = await ready_order(NAME)
    await gateway.advance(8 * HOURS)
    dns.queries.clear()
    assert (await client.finalize(order, make_csr([NAME]))).json["status"] == "valid"
    assert dns.queries == []


async def test_after_eight_hours_they_are_and_what_they_say_then_counts(
    client: AcmeClient, ready_order: ReadyOrder, dns: DnsServer, gateway: RunningGateway
) -> None:
    order = await ready_order(NAME)
    await gateway.advance(8 * HOURS + 1)
    dns.set("example.com", "CAA", '0 issue ";"')
    csr = make_csr([NAME])
    answer = await client.finalize(order, csr)
    assert (answer.status, answer.problem) == (403, "caa")
    [subproblem] = answer.json["subproblems"]
    assert subproblem["identifier"] == {"type": "dns", "value": NAME}
    assert "The CAA records of example.com let nobody issue." in subproblem["detail"]
    refused = await gateway.pool.fetchrow("SELECT name, reason FROM ops.issuance_refusals")
    assert refused is not None
    assert tuple(refused) == (NAME, "caa")
    # The owner allows it, and the same order goes on.
    dns.set("example.com", "CAA", f'0 issue "{US}"')
    assert (await client.finalize(order, csr)).json["status"] == "valid"


async def test_after_eight_hours_a_failing_look_up_stops_issuance_for_now(
    client: AcmeClient, ready_order: ReadyOrder, dns: DnsServer, gateway: RunningGateway
) -> None:
    order = await ready_order(NAME)
    await gateway.advance(9 * HOURS)
    dns.failing[NAME] = "SERVFAIL"
    answer = await client.finalize(order, make_csr([NAME]))
    assert (answer.status, answer.problem) == (400, "dns")
    dns.failing.clear()
    assert (await client.finalize(order, make_csr([NAME]))).json["status"] == "valid"


@pytest.mark.parametrize("trouble", ["silent", "cut off"])
async def test_after_eight_hours_a_resolver_of_ours_that_fails_costs_the_order_nothing(
    client: AcmeClient,
    ready_order: ReadyOrder,
    dns: DnsServer,
    gateway: RunningGateway,
    trouble: str,
) -> None:
    order = await ready_order(NAME)
    await gateway.advance(9 * HOURS)
    if trouble == "silent":
        dns.silent |= {".", NAME, "example.com", "com"}
    dns.cut_off = trouble == "cut off"
    answer = await client.finalize(order, make_csr([NAME]))
    assert (answer.status, answer.problem) == (503, "serverInternal")
    assert answer.headers["Retry-After"] == "5"
    assert "on the side of this CA" in answer.json["detail"]
    assert await gateway.pool.fetch("SELECT FROM ops.issuance_refusals") == []
    dns.silent.clear()
    dns.cut_off = False
    assert (await client.finalize(order, make_csr([NAME]))).json["status"] == "valid"


async def test_only_names_whose_check_is_old_are_looked_up_and_then_count_as_checked(
    client: AcmeClient,
    customer: Customer,
    ready_order: ReadyOrder,
    dns: DnsServer,
    gateway: RunningGateway,
) -> None:
    await customer.buy(OTHER)
    await ready_order(NAME)
    await gateway.advance(9 * HOURS)
    both = await ready_order(NAME, OTHER)
    dns.queries.clear()
    csr = make_csr([NAME, OTHER])
    assert (await client.finalize(both, csr)).json["status"] == "valid"
    assert {name for name, kind, _ in dns.queries if kind == "CAA"} == {
        NAME,
        "example.com",
        "com",
    }
    again = await ready_order(NAME, OTHER, notAfter="2025-02-01T00:00:00Z")
    dns.queries.clear()
    assert (await client.finalize(again, csr)).json["status"] == "valid"
    assert dns.queries == []


async def test_an_accepted_order_is_not_signed_when_the_records_forbid_it_by_then(
    client: AcmeClient, ready_order: ReadyOrder, dns: DnsServer, gateway: RunningGateway
) -> None:
    """As when every process died after the intent was recorded, and stayed away for hours."""
    order = await ready_order(NAME)
    await gateway.pool.execute(
        """
        UPDATE acme."order"
           SET status = 'processing', csr = $1, intent = $2, issue_after = clock_timestamp()
        """,
        make_csr([NAME]),
        {
            "serial": "1f",
            "not_before": "2025-01-10T15:30:00+00:00",
            "not_after": "2025-02-10T15:30:00+00:00",
        },
    )
    await gateway.pool.execute("UPDATE acme.authorization SET caa_checked_at = NULL")
    dns.set(NAME, "CAA", '0 issue ";"')
    settled = await client.settled(order["url"], pending=("processing",))
    assert settled["status"] == "invalid"
    assert settled["error"]["type"] == "urn:ietf:params:acme:error:caa"
    assert await gateway.pool.fetchval("SELECT count(*) FROM ca.certificate") == 0
