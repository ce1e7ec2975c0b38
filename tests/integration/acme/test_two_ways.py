"""The front answers plain requests, aiohttp all others: both give the same answers."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from tests.integration.acme.conftest import NAME, Customer, ReadyOrder
from tests.integration.acme.test_renewal_info import issue
from tests.support.acme_client import AcmeClient, Answer, Signer, base64url, jws, make_csr
from tests.support.challenge_server import ChallengeServer
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


@pytest.mark.parametrize("nothing", [None, ""], ids=["null", "empty"])
async def test_optional_members_without_a_value_are_as_good_as_none(
    customer: Customer,
    new_client: Callable[..., AcmeClient],
    nothing: Any,
    web: ChallengeServer,
) -> None:
    """A certificate's whole life, with every optional member of every request empty."""
    client = new_client()
    url = await client.url("newAccount")
    eab = customer.eab.bind(client.signer.jwk, url)
    members = {"contact": nothing, "termsOfServiceAgreed": nothing, "onlyReturnExisting": nothing}
    header = {"kid": nothing, "crit": nothing}
    nonce = await client.nonce()
    protected = {"alg": "ES256", "jwk": client.signer.jwk, "url": url, "nonce": nonce, **header}
    payload = {**members, "externalAccountBinding": eab}
    made = await client.send(url, jws(protected, payload, client.signer.sign))
    assert (made.status, made.json["contact"]) == (201, [])
    client.account_url = made.headers["Location"]
    changed = {"contact": nothing, "termsOfServiceAgreed": nothing, "status": nothing}
    assert (await client.post(client.account_url, changed)).json["status"] == "valid"
    optional = dict.fromkeys(("notBefore", "notAfter", "profile", "replaces"), nothing)
    placed = await client.new_order(NAME, **optional)
    assert placed.status == 201, placed.body
    assert not {"notBefore", "notAfter", "replaces"} & set(placed.json)
    await web.prove(client, placed.json["authorizations"][0])
    order = await client.settled(placed.headers["Location"])
    leaf = await issue(client, {**order, "url": placed.headers["Location"]})
    form = {"certificate": base64url(leaf.public_bytes(Encoding.DER)), "reason": nothing}
    assert (await client.post(await client.url("revokeCert"), form)).status == 200


@pytest.mark.parametrize(
    ("members", "problem"),
    [
        ({"notBefore": "0001-01-01T00:00:00+01:00"}, "malformed"),
        ({"notAfter": "9999-12-31T23:59:59-01:00"}, "malformed"),
        ({"notAfter": "9999-12-31T23:59:59Z"}, "malformed"),
        ({"profile": "\0"}, "invalidProfile"),
        ({"profile": "a\0b"}, "invalidProfile"),
        ({"replaces": "\0"}, "malformed"),
        ({"replaces": "AA.AA"}, "malformed"),
    ],
)
async def test_what_no_database_takes_gets_its_exact_problem(
    client: AcmeClient, members: Any, problem: str
) -> None:
    answer = await client.new_order(NAME, **members)
    assert (answer.status, answer.problem) == (400, problem)


@pytest.mark.parametrize(
    "path",
    [
        "order/%00",
        "order/\0",
        "order/{x}",
        "order/ä",
        "order/00000000-0000-0000-0000-00000000000٣",
        "authz/urn:uuid:x",
        "chall/" + "9" * 5000,
        "cert/x?chain=99999999999999999999",
        "account/%00",
        "account/x/orders?cursor=%00",
        "renewalInfo/%00",
        "renewalInfo/\0.\0",
        "%00",
        "ä",
    ],
)
async def test_odd_urls_are_refused(client: AcmeClient, path: str) -> None:
    url = f"{client.directory_url}/{path}"
    for answer in (
        await client.post(url),
        await client.request("GET", url),
        await client.request("HEAD", url),
    ):
        assert 400 <= answer.status < 500, answer.body


async def test_odd_numbers_in_urls_are_refused(client: AcmeClient, ready_order: ReadyOrder) -> None:
    await issue(client, order := await ready_order())
    cert = order["url"].replace("/order/", "/cert/")
    for chain in ("-1", "999", "2147483648", "9" * 40, "%D9%A3", "1e3", "%00", "", "0x1"):
        answer = await client.post(f"{cert}?chain={chain}")
        assert answer.status in (200, 404), chain
    for cursor in ("%00", "x", "9" * 40, "%7B%7D", "", "00000000-0000-0000-0000-000000000000"):
        answer = await client.post(f"{client.account_url}/orders?cursor={cursor}")
        assert answer.status in (200, 400), cursor


async def test_bytes_that_are_no_ascii_are_refused(gateway: Any) -> None:
    """Bytes that no client library sends: in the target, in User-Agent, in Content-Type."""
    for line, header in (
        (b"GET /v2/DV/\xff\xfe", b"X: y"),
        (b"POST /v2/DV/newOrder\xff", b"User-Agent: a"),
        (b"POST /v2/DV/newOrder", b"User-Agent: \xff\xfe\xed\xa0\x80"),
        (b"POST /v2/DV/newOrder", b"Content-Type: \xff"),
        (b"GET /v2/DV/renewalInfo/\xc3\xa4.\xff", b"X: y"),
    ):
        status = await raw_status(gateway, line, header)
        assert 400 <= status < 500, (line, status)


async def raw_status(gateway: Any, line: bytes, header: bytes) -> int:
    trusting = ssl.create_default_context(cafile=gateway.root_pem)
    host, port = gateway.url.removeprefix("https://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port), ssl=trusting)
    more = b"\r\nContent-Length: 2\r\n\r\n{}" if line.startswith(b"POST") else b"\r\n\r\n"
    writer.write(line + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + header + more)
    answer = await reader.read()
    writer.close()
    return int(answer.split(b" ", 2)[1])
