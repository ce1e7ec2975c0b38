"""Whatever a member, header or URL holds: an exact problem, by both ways in, and never a 500."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.acme.payload import Payload
from tests.integration.acme.conftest import NAME, Customer, ReadyOrder
from tests.integration.acme.test_renewal_info import issue
from tests.support.acme_client import AcmeClient, Answer, Signer, base64url, jws
from tests.support.gateway import session_trusting
from tests.unit.acme.test_payload import EXAMPLES, FORMS

HOSTILE = [
    None,
    "",
    "\0",
    "a\0b",
    "\ud800",
    "AA.AA",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00Z",
    "x" * 3000,
    "💥",
    2**31,
    -(2**31) - 1,
    2**63,
    -(2**63) - 1,
    10**300,
    1e308,
    0.5,
    True,
    [],
    {},
    [None],
    ["\0"],
    [{}],
    {"\0": "\0"},
]
IDENTIFIERS = [{"type": kind, "value": value} for kind in HOSTILE for value in ("\0", "a.example")]


@pytest.fixture(params=[False, True], ids=["plain", "connection: close"])
async def new_client(
    gateway: Any, request: pytest.FixtureRequest
) -> AsyncIterator[Callable[..., AcmeClient]]:
    def make(signer: Signer | None = None) -> AcmeClient:
        return AcmeClient(session, gateway.directory_url, signer)

    async with session_trusting(gateway.root_pem, one_request_each=request.param) as session:
        yield make


def hostile(form: str, **known: Any) -> Iterator[dict[str, Any]]:
    """Payloads of a form with one hostile member each, the others being `known` or usual."""
    example = {**EXAMPLES[form], **known}
    for field in msgspec.structs.fields(FORMS[form]):
        for value in HOSTILE:
            yield {**example, field.encode_name: value}
    for identifier in IDENTIFIERS:
        if "identifiers" in example:
            yield {**example, "identifiers": [identifier, example["identifiers"][0]]}
        if "identifier" in example:
            yield {**example, "identifier": identifier}


def assert_exact(answer: Answer, sent: Any) -> None:
    assert answer.status < 500, (sent, answer.body)
    if answer.status >= 400:
        assert answer.problem != "serverInternal"
        assert answer.headers["Replay-Nonce"]


def test_every_form_is_sent_below() -> None:
    sent = {
        "NewAccount",
        "ChangedAccount",
        "NewOrder",
        "FinalizeForm",
        "NewAuthorization",
        "ChangedAuthorization",
        "Response",
        "RevokeForm",
        "KeyChange",
        "ProtectedHeader",
    }
    assert {form.__name__ for form in Payload.__subclasses__()} == sent


async def test_new_orders_and_authorizations(client: AcmeClient) -> None:
    for name, form in (("newOrder", "NewOrder"), ("newAuthz", "NewAuthorization")):
        url = await client.url(name)
        known = {"replaces": None, "notBefore": None, "notAfter": None}
        for payload in hostile(form, **(known if form == "NewOrder" else {})):
            assert_exact(await client.post(url, payload), payload)


async def test_accounts(customer: Customer, new_client: Callable[..., AcmeClient]) -> None:
    client = new_client()
    url = await client.url("newAccount")
    binding = customer.eab.bind(client.signer.jwk, url)
    for payload in hostile("NewAccount", externalAccountBinding=binding, onlyReturnExisting=None):
        stranger = new_client()
        bound = customer.eab.bind(stranger.signer.jwk, url)
        if payload["externalAccountBinding"] == binding:
            payload["externalAccountBinding"] = bound
        assert_exact(await stranger.post(url, payload, use_jwk=True), payload)
    for name in ("alg", "kid", "url", "nonce", "jwk", "crit"):
        for value in HOSTILE:
            bound = customer.eab.bind(
                client.signer.jwk, url, **{name: value} if name != "alg" else {}
            )
            assert_exact(
                await client.new_account(None, externalAccountBinding=bound), (name, value)
            )
    await client.register(customer.eab)
    for payload in hostile("ChangedAccount", status=None):
        assert_exact(await client.post(client.account_url or "", payload), payload)


async def test_orders_challenges_and_authorizations(client: AcmeClient) -> None:
    placed = await client.new_order(NAME)
    [authorization] = placed.json["authorizations"]
    challenge = await client.challenge(authorization, "http-01")
    for url, form in (
        (placed.json["finalize"], "FinalizeForm"),
        (authorization, "ChangedAuthorization"),
    ):
        for payload in hostile(form):
            if payload != EXAMPLES[form]:
                assert_exact(await client.post(url, payload), payload)
    for payload in (*HOSTILE, {"keyAuthorization": "\0"}):
        text = json.dumps(payload).encode()
        assert_exact(await client.post(challenge["url"], text), payload)


async def test_revocations(client: AcmeClient, ready_order: ReadyOrder) -> None:
    leaf = await issue(client, await ready_order())
    der = leaf.public_bytes(Encoding.DER)
    url = await client.url("revokeCert")
    for payload in hostile("RevokeForm", certificate=base64url(der)):
        if payload["reason"] not in (None, "", 1):
            assert_exact(await client.post(url, payload), payload)
    versioned = der.replace(bytes.fromhex("a003020102"), bytes.fromhex("a003020105"), 1)
    assert versioned != der
    for broken in (versioned, der[:-1], der[:100], b"\x30\x80"):
        answer = await client.post(url, {"certificate": base64url(broken)})
        assert (answer.status, answer.problem) == (400, "malformed")


async def test_key_changes(client: AcmeClient) -> None:
    url, new = await client.url("keyChange"), Signer()
    header = {"alg": new.alg, "jwk": new.jwk, "url": url}
    claim = {"account": client.account_url, "oldKey": client.signer.jwk}
    for payload in hostile("KeyChange", **claim):
        if payload != claim:
            answer = await client.post(url, jws(header, payload, new.sign))
            assert (answer.status, answer.problem) in ((400, "malformed"), (400, "badPublicKey"))
    for name in ("alg", "jwk", "url", "kid", "nonce", "crit"):
        for value in HOSTILE:
            if value not in (None, "") or name in header:
                changed = jws({**header, name: value}, claim, new.sign)
                answer = await client.post(url, changed)
                assert_exact(answer, (name, value))
                assert answer.status >= 400


async def test_protected_headers(client: AcmeClient) -> None:
    url = await client.url("newOrder")
    for name in ("alg", "jwk", "url", "kid", "nonce", "crit"):
        for value in HOSTILE:
            header = {"alg": "ES256", "kid": client.account_url, "url": url}
            header["nonce"] = await client.nonce()
            body = jws({**header, name: value}, {}, client.signer.sign)
            assert_exact(await client.send(url, body), (name, value))


@pytest.mark.parametrize("nothing", [None, ""], ids=["null", "empty"])
async def test_optional_members_without_a_value_are_as_good_as_none(
    customer: Customer,
    new_client: Callable[..., AcmeClient],
    nothing: Any,
    web: Any,
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
async def test_orders_with_what_no_database_takes_get_their_exact_problem(
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
async def test_urls(client: AcmeClient, path: str) -> None:
    url = f"{client.directory_url}/{path}"
    for answer in (
        await client.post(url),
        await client.request("GET", url),
        await client.request("HEAD", url),
    ):
        assert 400 <= answer.status < 500, answer.body


async def test_orders_below_urls_with_odd_numbers(
    client: AcmeClient, ready_order: ReadyOrder
) -> None:
    await issue(client, order := await ready_order())
    cert = order["url"].replace("/order/", "/cert/")
    for chain in ("-1", "999", "2147483648", "9" * 40, "٣", "1e3", "%00", "", "0x1"):
        answer = await client.post(f"{cert}?chain={chain}")
        assert answer.status in (200, 404), chain
    for cursor in ("%00", "x", "9" * 40, "{}", "", "00000000-0000-0000-0000-000000000000"):
        answer = await client.post(f"{client.account_url}/orders?cursor={cursor}")
        assert answer.status in (200, 400), cursor


async def test_raw_request_lines_and_headers(gateway: Any) -> None:
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
