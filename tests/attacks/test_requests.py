"""Many costly requests at once: an issuance finishes all the same.

Each attack is measured in two ways: its CPU beside that of an issuance, or of a harmless request
that differs in nothing else where it is cheap already; and how many times as long an issuance
takes while some attackers send it.
"""

import json
import secrets
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.attacks.attacked_gateway import Attack, AttackedGateway, raw
from tests.support.acme_client import AcmeClient, Signer, base64url, jws
from tests.support.raw_http import get, post

_ATTACKERS = 4
_PER_SECOND = 5.0
_TIMES_ALONE = 6.0
_SHARE_OF_AN_ISSUANCE = 0.3

_LABEL = "xn--nxasmq6b"

Making = Callable[[AttackedGateway], Attack]


def _sending(request: bytes) -> Making:
    """The same bytes again and again, refused every time."""

    def make(attacked: AttackedGateway) -> Attack:
        async def attack() -> None:
            connection = idle.pop() if idle else raw(attacked)
            answer = await connection.ask(request)
            assert answer.status < 500  # the older products say no with 200
            idle.append(connection)

        idle = [raw(attacked)]
        return attack

    return make


def _form(path: str, fields: bytes) -> Making:
    return _sending(post(path, "application/x-www-form-urlencoded", fields))


def _jose(path: str, body: bytes) -> Making:
    return _sending(post(path, "application/jose+json", body))


def _signed(make: Callable[[AcmeClient], dict[str, object]]) -> Making:
    """A well-signed newOrder of the customer's account, refused every time."""

    def made(attacked: AttackedGateway) -> Attack:
        async def attack() -> None:
            url = await attacked.client.url("newOrder")
            answer = await attacked.client.post(url, make(attacked.client))
            assert 400 <= answer.status < 500, answer.body

        return attack

    return made


def _rsa_key(bits: int, exponent: int) -> Making:
    """newAccount with an RSA key that no account may have, and no right signature."""
    modulus = secrets.randbits(bits) | 1 << (bits - 1) | 1
    key = {
        "kty": "RSA",
        "n": base64url(modulus.to_bytes(bits // 8, "big")),
        "e": base64url(exponent.to_bytes(8, "big").lstrip(b"\0")),
    }

    def make(attacked: AttackedGateway) -> Attack:
        client = attacked.another_client()

        async def attack() -> None:
            url = await client.url("newAccount")
            header = {"alg": "RS256", "nonce": await client.nonce(), "url": url, "jwk": key}
            signature = (modulus - 2).to_bytes(bits // 8, "big")
            answer = await client.send(url, jws(header, {}, lambda _: signature))
            assert answer.problem == "badPublicKey"

        return attack

    return make


def _badly_signed(key: Any, *, fresh: bool, nonce: str | None = None) -> Making:
    """newAccount with a good key and a bad signature, with one nonce again and again or `fresh`."""
    signer = Signer(key)

    def make(attacked: AttackedGateway) -> Attack:
        client, bodies = attacked.another_client(), list[Any]()

        async def attack() -> None:
            url = await client.url("newAccount")
            if fresh or not bodies:
                chosen = nonce or await client.nonce()
                header = {"alg": signer.alg, "nonce": chosen, "url": url, "jwk": signer.jwk}
                # Of the right length, so that it is verified.
                signature = signer.sign(b"something else")
                bodies[:] = [jws(header, {}, lambda _: signature)]
            assert (await client.send(url, bodies[0])).status == 400

        return attack

    return make


_ATTACKS: dict[str, Making] = {
    "a form of 20 000 fields to the action API": _form(
        "/products/!ACMEAdmin", b"&".join([b"a=1"] * 16_000)
    ),
    "a form of 30 000 empty fields to the action API": _form(
        "/products/!ACMEAdmin", b"&".join([b"a"] * 32_000)
    ),
    "a form of 20 000 fields to the older products": _form(
        "/products/!AutoApplyOrder", b"&".join([b"a=1"] * 16_000)
    ),
    "a form of 30 000 fields with the same known name": _form(
        "/products/!WebHostReport", b"&".join([b"fqdn"] * 13_000)
    ),
    "a form of one field of 64 KB of escapes": _form(
        "/products/!ACMEAdmin", b"action=" + b"%41" * 21_000
    ),
    "a body nested 30 000 deep": _jose("/v2/DV/newOrder", b"[" * 60_000),
    "a JWS of 64 KB that is no base64url": _jose(
        "/v2/DV/newOrder",
        json.dumps({"protected": "!" * 60_000, "payload": "", "signature": ""}).encode(),
    ),
    "a JSON body of 20 000 members": _jose(
        "/v2/DV/newOrder", b"{" + b",".join([b'"a":1'] * 10_000) + b"}"
    ),
    "an identifier of 3 200 labels that begin with xn--": _signed(
        lambda _: {"identifiers": [{"type": "dns", "value": ".".join([_LABEL] * 3_200)}]}
    ),
    "a hundred identifiers of 63 characters and more": _signed(
        lambda _: {
            "identifiers": [
                {"type": "dns", "value": f"xn--{'a-' * 100}{number}.example.com"}
                for number in range(100)
            ]
        }
    ),
    "a thousand identifiers": _signed(
        lambda _: {"identifiers": [{"type": "dns", "value": "xn--a"}] * 1_000}
    ),
}


_P521 = ec.generate_private_key(ec.SECP521R1())
_RSA_4096 = rsa.generate_private_key(65_537, 4096)
_ONE_PART = _sending(get("/v2/DV/" + "a" * 7_800))

_PAIRS: dict[str, tuple[Making, Making, float]] = {
    "a path of slashes": (_sending(get("/" * 8_000)), _ONE_PART, 2.0),
    "a path of short parts": (_sending(get("/v2/DV" + "/a" * 3_900)), _ONE_PART, 2.0),
    "an RSA key of 8192 bits with an exponent of 64": (
        _rsa_key(8192, 1 << 63 | 1),
        _rsa_key(1024, 65_537),
        1.5,
    ),
    "bad signatures of P-521 with the same nonce": (
        _badly_signed(_P521, fresh=False),
        _badly_signed(_P521, fresh=False, nonce="AAAA"),
        1.5,
    ),
}
"""An attack, the harmless request beside it, and the most that it may cost of that."""

_WORK: dict[str, Making] = {
    "an unknown path": _sending(get("/v2/XX/directory")),
    "bad signatures of P-521 with fresh nonces": _badly_signed(_P521, fresh=True),
    "bad signatures of RSA-4096 with fresh nonces": _badly_signed(_RSA_4096, fresh=True),
    "bad signatures of RSA-4096 with the same nonce": _badly_signed(_RSA_4096, fresh=False),
}
"""What is cheap, and has to be done: verifying with a fresh nonce, and saying 404.

That the latter asks no database is counted in tests/integration/web/test_doors.py.
"""

_ALL = {**_ATTACKS, **_WORK, **{name: attack for name, (attack, _, _) in _PAIRS.items()}}


@pytest.mark.parametrize(("making", "harmless", "most"), _PAIRS.values(), ids=_PAIRS)
async def test_an_attack_costs_little_more_than_a_harmless_request_of_its_kind(
    attacked: AttackedGateway, making: Making, harmless: Making, most: float
) -> None:
    assert await attacked.cost_beside(making(attacked), harmless(attacked)) < most


@pytest.mark.parametrize("making", _ATTACKS.values(), ids=_ATTACKS)
async def test_a_refused_request_costs_little_beside_an_issuance(
    attacked: AttackedGateway, making: Making
) -> None:
    assert await attacked.cost_of(making(attacked)) < _SHARE_OF_AN_ISSUANCE


@pytest.mark.parametrize("making", _ALL.values(), ids=_ALL)
async def test_an_issuance_finishes_within_six_times_its_time_alone_meanwhile(
    attacked: AttackedGateway, making: Making
) -> None:
    slowdown = await attacked.slowdown(making(attacked), _ATTACKERS, _PER_SECOND, _TIMES_ALONE)
    assert slowdown < _TIMES_ALONE
