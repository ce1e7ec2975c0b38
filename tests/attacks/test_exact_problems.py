"""Inputs that once caused a fault or an unclear answer: each gets its own exact problem.

What is verified once with a nonce is not verified again with it.
"""

import asyncio
import json
import secrets
import ssl
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.integration.acme.conftest import NAME, Customer
from tests.integration.acme.test_round_trips import Statements
from tests.integration.acme.test_round_trips import statements as statements
from tests.support.acme_client import AcmeClient, Answer, Signer, base64url, jws
from tests.support.raw_http import RawConnection

_DEEP = 1_200
_UNKNOWN_PATHS = 200
_BITS = (1024, 2047, 4104, 8192)
_EXPONENTS = (1, 3, 17, 65_539, 1 << 32 | 1, 1 << 63 | 1)

NewClient = Callable[..., AcmeClient]


@pytest.fixture
def raw(gateway: Any) -> RawConnection:
    trust = ssl.create_default_context(cafile=str(gateway.root_pem))
    return RawConnection(gateway.services.settings.listen.port, trust)


_NESTED = (
    b"[" * _DEEP + b"]" * _DEEP,
    b'{"a":' * _DEEP + b"1" + b"}" * _DEEP,
    b'{"a":' + b"[" * _DEEP + b"]" * _DEEP + b"}",
)


class WrongAnswers(list[tuple[object, int, bytes]]):
    """Answers that are not what they must be, each with its input."""

    def unless(self, answer: Answer, described: object, *problems: str) -> None:
        """Adds an answer that is none of `problems`."""
        kind = answer.problem if answer.status in (400, 403) else ""
        if kind not in problems:
            self.append((described, answer.status, answer.body[:200]))


async def test_a_body_nested_deeply_is_malformed(client: AcmeClient) -> None:
    wrong, url = WrongAnswers(), await client.url("newOrder")
    for text in _NESTED:
        wrong.unless(await client.send(url, text), text[:20], "malformed")
        for member in ("protected", "payload", "signature", "extra"):
            body = {**await client.signed(url, {}), member: "PLACE"}
            sent = json.dumps(body).encode().replace(b'"PLACE"', text)
            wrong.unless(await client.send(url, sent), (member, text[:20]), "malformed")
    assert not wrong


async def test_a_protected_header_nested_deeply_is_malformed(client: AcmeClient) -> None:
    wrong, url = WrongAnswers(), await client.url("newOrder")
    for text in _NESTED:
        for header in (text, b'{"alg":"ES256","jwk":' + text + b"}", b'{"x":' + text + b"}"):
            body = {"protected": base64url(header), "payload": "", "signature": ""}
            wrong.unless(await client.send(url, body), header[:40], "malformed")
    assert not wrong


async def test_a_payload_nested_deeply_is_malformed(client: AcmeClient) -> None:
    wrong = WrongAnswers()
    for text in _NESTED:
        for name in ("newOrder", "newAuthz", "revokeCert", "keyChange"):
            answer = await client.post(await client.url(name), text)
            wrong.unless(answer, (name, text[:20]), "malformed")
    assert not wrong


_ORDERS: list[tuple[dict[str, Any], str]] = [
    ({"notBefore": "0001-01-01T00:00:00+23:59"}, "malformed"),
    ({"notBefore": "0001-01-01T00:00:00+00:01"}, "malformed"),
    ({"notBefore": "0001-01-01T00:00:00Z"}, "malformed"),
    ({"notAfter": "9999-12-31T23:59:59-23:59"}, "malformed"),
    ({"notAfter": "9999-12-31T23:59:59-00:01"}, "malformed"),
    ({"notAfter": "9999-12-31T23:59:59Z"}, "malformed"),
    ({"profile": "\0"}, "invalidProfile"),
    ({"profile": "classic\0"}, "invalidProfile"),
    ({"profile": "a" * 10_000}, "invalidProfile"),
    ({"replaces": "\0"}, "malformed"),
    ({"replaces": "\0.\0"}, "malformed"),
    ({"replaces": "AA"}, "malformed"),
    ({"identifiers": [{"type": "dns", "value": "a\0b.example.com"}]}, "rejectedIdentifier"),
    ({"identifiers": [{"type": "\0", "value": NAME}]}, "unsupportedIdentifier"),
    (
        {"identifiers": [{"type": "dns", "value": ".".join(["xn--nxasmq6b"] * 3_200)}]},
        "rejectedIdentifier",
    ),
    ({"identifiers": [{"type": "dns", "value": ".".join(["a"] * 128)}]}, "rejectedIdentifier"),
]


async def test_an_order_that_cannot_be_gets_its_exact_problem(client: AcmeClient) -> None:
    wrong, url = WrongAnswers(), await client.url("newOrder")
    for members, problem in _ORDERS:
        identifiers = [{"type": "dns", "value": NAME}]
        answer = await client.post(url, {"identifiers": identifiers, **members})
        wrong.unless(answer, ascii(members)[:80], problem)
    assert not wrong


async def test_an_order_may_replace_a_certificate_with_the_shortest_identifier_or_is_malformed(
    client: AcmeClient,
) -> None:
    answer = await client.new_order(NAME, replaces="AA.AA")
    assert answer.status == 201 or answer.problem == "malformed", answer.body


async def test_an_expectation_that_nobody_can_meet_is_the_clients_fault(
    gateway: Any, raw: RawConnection
) -> None:
    request = b"POST %b HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: %b\r\n\r\n{}"
    wrong = []
    for value in (b"\x80", b"100-continue\xff", b"\xc3\xbc", b"200-ok", b"100-continue, x"):
        for path in (b"/v2/DV/newOrder", b"/products/!ACMEAdmin", b"/v3/scm/certificates"):
            answer = await raw.ask(request % (path, value))
            if not 400 <= answer.status < 500 or not answer.body:
                wrong.append((path, value, answer.status, answer.body[:80]))
    assert not wrong


async def test_an_unusual_rsa_account_key_is_a_bad_public_key(
    client: AcmeClient, new_client: NewClient
) -> None:
    usual = rsa.generate_private_key(65_537, 2048).public_key().public_numbers().n
    keys = [(secrets.randbits(bits) | 1 << (bits - 1) | 1, 65_537) for bits in _BITS]
    keys += [(usual, exponent) for exponent in _EXPONENTS]
    wrong, stranger = WrongAnswers(), new_client()
    url = await stranger.url("newAccount")
    for modulus, exponent in keys:
        key = {"kty": "RSA", "n": _number(modulus), "e": _number(exponent)}
        header = {"alg": "RS256", "nonce": await stranger.nonce(), "url": url, "jwk": key}
        answer = await stranger.send(url, jws(header, {}, lambda _: b"\1" * 256))
        wrong.unless(answer, (modulus.bit_length(), exponent), "badPublicKey")
    assert not wrong


def _number(value: int) -> str:
    return base64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))


async def test_a_nonce_whose_signature_was_wrong_is_not_verified_with_again(
    client: AcmeClient,
) -> None:
    url = await client.url("newOrder")
    nonce = await client.nonce()
    body = await client.signed(url, {}, nonce=nonce)
    spoilt = {**body, "signature": base64url(bytes(64))}
    first = await client.send(url, spoilt)
    assert (first.status, first.problem) == (400, "malformed")
    for again in (spoilt, body):
        answer = await client.send(url, again)
        assert (answer.status, answer.problem) == (400, "badNonce")
        assert answer.headers["Replay-Nonce"] != nonce


async def test_a_nonce_whose_own_key_signed_wrongly_is_not_verified_with_again(
    customer: Customer, new_client: NewClient
) -> None:
    client = new_client(Signer(ec.generate_private_key(ec.SECP384R1())))
    url = await client.url("newAccount")
    body = await client.signed(url, {}, use_jwk=True)
    spoilt = {**body, "signature": base64url(b"\1" * 96)}
    assert (await client.send(url, spoilt)).problem == "malformed"
    assert (await client.send(url, spoilt)).problem == "badNonce"
    assert (await client.send(url, body)).problem == "badNonce"


async def test_however_many_unknown_paths_there_are_the_database_is_not_asked_for_each(
    client: AcmeClient, statements: Statements, gateway: Any
) -> None:
    """A process may look for servers that an operator has just added, but once for many paths."""

    async def ask(number: int) -> Answer:
        return await client.request("GET", f"{gateway.url}/v2/X{number}/newNonce")

    await ask(0)
    statements._asked.clear()
    answers = await asyncio.gather(*(ask(number) for number in range(_UNKNOWN_PATHS)))
    assert {answer.status for answer in answers} == {404}
    readings = [text for text in statements._asked if "FROM acme.server" in text]
    assert len(readings) < _UNKNOWN_PATHS / 8
