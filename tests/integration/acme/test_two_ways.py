"""Plain requests are answered by the front, others by way of aiohttp: with the same answers."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tests.integration.acme.conftest import NAME, Customer, ReadyOrder
from tests.support.acme_client import AcmeClient, Answer, Signer, make_csr
from tests.support.gateway import session_trusting


@pytest.fixture(params=[False, True], ids=["plain", "connection: close"])
async def new_client(
    gateway: Any, request: pytest.FixtureRequest
) -> AsyncIterator[Callable[..., AcmeClient]]:
    def make(signer: Signer | None = None) -> AcmeClient:
        return AcmeClient(session, gateway.directory_url, signer)

    async with session_trusting(gateway.root_pem, one_request_each=request.param) as session:
        yield make


async def test_a_certificate_is_issued(client: AcmeClient, ready_order: ReadyOrder) -> None:
    answer = await client.finalize(await ready_order(), make_csr([NAME]))
    assert (answer.status, answer.json["status"]) == (200, "valid")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Replay-Nonce"]
    certificate = await client.post(answer.json["certificate"])
    assert certificate.body.startswith(b"-----BEGIN CERTIFICATE-----")


async def test_a_refusal_is_a_problem_document(client: AcmeClient) -> None:
    answer = await client.new_order("elsewhere.example.net")
    assert (answer.status, answer.problem) == (400, "rejectedIdentifier")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Replay-Nonce"]


async def test_a_nonce_is_a_header_without_a_body(client: AcmeClient) -> None:
    url = await client.url("newNonce")
    answer = await client.request("HEAD", url)
    assert (answer.status, answer.body) == (200, b"")
    answer = await client.request("GET", url)
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["Replay-Nonce"]


def _shape(answer: Answer) -> tuple[int, set[str]]:
    """Status and headers, those aside that speak of the connection."""
    return answer.status, {name.lower() for name in answer.headers} - {"connection", "server"}


async def test_pages_of_any_origin_may_use_every_resource(client: AcmeClient) -> None:
    exposed = {"Replay-Nonce", "Location", "Link", "Retry-After"}
    directory = await client.request("GET", client.directory_url)
    problem = await client.new_order("elsewhere.example.net")
    lost = await client.request("GET", f"{client.directory_url}/nowhere")
    for answer in (directory, problem, lost):
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert set(answer.headers["Access-Control-Expose-Headers"].split(", ")) == exposed


@pytest.mark.parametrize(
    ("rest", "allowed"),
    [
        ("", "GET, HEAD, POST, OPTIONS"),
        ("/newNonce", "GET, HEAD, POST, OPTIONS"),
        ("/renewalInfo/a.b", "GET, HEAD, OPTIONS"),
        ("/newOrder", "POST, OPTIONS"),
        ("/account/1/orders", "POST, OPTIONS"),
        ("/order/00000000-0000-0000-0000-000000000001/finalize", "POST, OPTIONS"),
    ],
)
async def test_options_and_405_name_the_methods_of_a_resource(
    new_client: Callable[..., AcmeClient], rest: str, allowed: str
) -> None:
    client = new_client()
    url = client.directory_url + rest
    preflight = {
        "Origin": "https://page.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    answer = await client.request("OPTIONS", url, headers=preflight)
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["Allow"] == answer.headers["Access-Control-Allow-Methods"] == allowed
    assert answer.headers["Access-Control-Allow-Headers"] == "Content-Type"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    for method in {"GET", "HEAD", "POST", "PUT", "DELETE"} - set(allowed.split(", ")):
        refused = await client.request(method, url)
        assert (refused.status, refused.headers["Allow"]) == (405, allowed)


@pytest.mark.parametrize("rest", ["/directory", "/nothing", "/order/1", "//", "/newOrder/"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "PUT"])
async def test_an_unknown_resource_is_404_and_names_the_directory(
    new_client: Callable[..., AcmeClient], rest: str, method: str
) -> None:
    client = new_client()
    answer = await client.request(method, client.directory_url + rest)
    assert (answer.status, answer.problem) == (404, "malformed")
    assert client.directory_url in answer.detail


async def test_both_ways_send_the_same_headers(gateway: Any, customer: Customer) -> None:
    shapes = []
    for one_request_each in (False, True):
        session = session_trusting(gateway.root_pem, one_request_each=one_request_each)
        async with session:
            client = AcmeClient(session, gateway.directory_url)
            await client.register(customer.eab)
            url = client.directory_url
            answers = [await client.request(m, url) for m in ("GET", "HEAD", "PUT", "OPTIONS")]
            answers.append(await client.request("GET", f"{url}/directory"))
            answers.append(await client.new_order(NAME))
            answers.append(await client.new_order("elsewhere.example.net"))
            shapes.append([_shape(answer) for answer in answers])
    assert shapes[0] == shapes[1]
