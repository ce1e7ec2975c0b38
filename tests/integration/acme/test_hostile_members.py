"""Whatever a member, header or URL holds: an exact problem, and never a 500."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.doors.acme.payload import Payload
from tests.integration.acme.conftest import NAME, Customer, ReadyOrder
from tests.integration.acme.test_renewal_info import issue
from tests.support.acme_client import AcmeClient, Answer, Signer, base64url, jws
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
    "x" * 3000,
    "💥",
    2**31,
    -(2**63) - 1,
    10**300,
    1e308,
    True,
    [],
    {},
    ["\0"],
    {"\0": "\0"},
]
IDENTIFIERS = [{"type": kind, "value": value} for kind in HOSTILE for value in ("\0", "a.example")]


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
        "NewOrderPayload",
        "FinalizeForm",
        "NewAuthorizationPayload",
        "ChangedAuthorization",
        "ChallengeResponse",
        "RevokeForm",
        "KeyChange",
        "ProtectedHeader",
    }
    assert {form.__name__ for form in Payload.__subclasses__()} == sent


async def test_new_orders_and_authorizations(client: AcmeClient) -> None:
    for name, form in (("newOrder", "NewOrderPayload"), ("newAuthz", "NewAuthorizationPayload")):
        url = await client.url(name)
        known = {"replaces": None, "notBefore": None, "notAfter": None}
        for payload in hostile(form, **(known if form == "NewOrderPayload" else {})):
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
    for name in ("kid", "url", "nonce", "jwk", "crit"):
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
    odd: Any
    for odd in (*HOSTILE, {"keyAuthorization": "\0"}):
        text = json.dumps(odd).encode()
        assert_exact(await client.post(challenge["url"], text), odd)


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
