"""JWS and JWK, held against josepy (RFC 7515, RFC 7638, RFC 8555 §6.2)."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st
from josepy.jwk import JWK
from josepy.jws import JWS

from gateway.doors.acme import jws
from gateway.doors.acme.jwk import read_jwk, require_limits
from gateway.doors.acme.problem import Problem
from tests.support.acme_client import Signer, base64url
from tests.support.acme_client import jws as make_jws

KEYS = {
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "ES384": ec.generate_private_key(ec.SECP384R1()),
    "ES512": ec.generate_private_key(ec.SECP521R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
    "RS256": rsa.generate_private_key(65537, 2048),
}


@pytest.mark.parametrize("alg", KEYS)
def test_a_signature_verifies_with_its_key_and_no_other(alg: str) -> None:
    signer = Signer(KEYS[alg])
    parsed = jws.parse(make_jws({"alg": alg, "jwk": signer.jwk}, {"a": 1}, signer.sign))
    assert jws.verify(parsed, read_jwk(signer.jwk))
    keys: dict[str, Any] = {
        "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "ES384": lambda: ec.generate_private_key(ec.SECP384R1()),
        "ES512": lambda: ec.generate_private_key(ec.SECP521R1()),
        "EdDSA": ed25519.Ed25519PrivateKey.generate,
        "RS256": lambda: rsa.generate_private_key(65537, 2048),
    }
    other = type(signer)(keys[alg]())
    assert not jws.verify(parsed, read_jwk(other.jwk))


@pytest.mark.parametrize("alg", ["ES256", "ES384", "ES512", "RS256"])
def test_thumbprints_are_josepys(alg: str) -> None:
    signer = Signer(KEYS[alg])
    theirs: Any = JWK.from_json(signer.jwk)
    expected = base64url(theirs.thumbprint())
    assert read_jwk(signer.jwk).thumbprint == expected == signer.thumbprint


def test_the_thumbprint_does_not_depend_on_how_the_key_is_written() -> None:
    signer = Signer(KEYS["RS256"])
    padded = {**signer.jwk, "n": base64url(b"\0" + _bytes(signer.jwk["n"])), "use": "sig"}
    assert read_jwk(padded).thumbprint == signer.thumbprint


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        {"kty": "oct", "k": "AAAA"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "EC", "crv": "P-999", "x": "AA", "y": "AA"},
        {"kty": "EC", "crv": "P-256"},
        {"kty": "RSA", "n": "AA", "e": "AQAB"},
        {"kty": "RSA", "n": 5, "e": None},
        {"kty": "OKP", "crv": "X25519", "x": "A" * 43},
        {"kty": "OKP", "crv": "Ed25519", "x": "AA"},
        {"kty": "OKP", "crv": "Ed25519"},
        {"kty": ["EC"]},
    ],
)
def test_what_is_no_usable_key_is_a_bad_public_key(jwk: Any) -> None:
    with pytest.raises(Problem) as caught:
        read_jwk(jwk)
    assert caught.value.kind == "badPublicKey"


def test_rsa_with_an_even_or_tiny_exponent_is_refused() -> None:
    jwk = Signer(KEYS["RS256"]).jwk
    for exponent in (b"\x01", b"\x02", b"\x01\x00\x00"):
        with pytest.raises(Problem):
            require_limits(read_jwk({**jwk, "e": base64url(exponent)}))


@given(st.binary(max_size=200))
def test_no_bytes_break_the_parser(body: bytes) -> None:
    _parse_or_problem(body)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "protected": json_values
            | st.dictionaries(
                st.sampled_from(["alg", "nonce", "url", "kid", "jwk", "crit"]), json_values
            ).map(lambda header: base64url(json.dumps(header).encode())),
            "payload": json_values | st.binary(max_size=20).map(base64url),
            "signature": json_values | st.binary(max_size=70).map(base64url),
            "signatures": json_values,
            "header": json_values,
        },
    )
)
def test_no_json_breaks_parser_or_verification(body: dict[str, Any]) -> None:
    parsed = _parse_or_problem(json.dumps(body).encode())
    if parsed is None:
        return
    try:
        assert not jws.verify(parsed, read_jwk(Signer(KEYS["ES256"]).jwk))
        if parsed.header.jwk is not None:
            read_jwk(parsed.header.jwk)
    except Problem:
        pass


def _parse_or_problem(body: bytes) -> jws.Jws | None:
    try:
        return jws.parse(body)
    except Problem as problem:
        assert problem.kind == "malformed"
        return None


def _bytes(text: str) -> bytes:
    return jws.decode_base64url(text, "it")


def _josepy_verifies(body: dict[str, Any], jwk: dict[str, Any]) -> bool:
    try:
        return bool(JWS.from_json(body).verify(JWK.from_json(jwk)))
    except Exception:  # josepy lets many kinds through for odd input
        return False


@given(
    st.sampled_from(["ES256", "ES384", "ES512", "RS256"]),
    st.binary(max_size=60),
    st.sampled_from(["protected", "payload", "signature"]),
    st.integers(0, 400),
    st.sampled_from(["", "A", "_"]),
)
def test_valid_and_damaged_signatures_are_judged_as_josepy_judges_them(
    alg: str, payload: bytes, member: str, position: int, character: str
) -> None:
    signer = Signer(KEYS[alg])
    body = make_jws({"alg": alg, "jwk": signer.jwk}, payload, signer.sign)
    assert jws.verify(jws.parse(body), read_jwk(signer.jwk))
    assert _josepy_verifies(body, signer.jwk)
    text = body[member]
    place = position % (len(text) + 1)
    damaged = {**body, member: text[:place] + character + text[place + 1 :]}
    if damaged == body:
        return
    try:
        accepted = jws.verify(jws.parse(damaged), read_jwk(signer.jwk))
    except Problem:
        accepted = False
    # Stricter is fine: josepy takes some base64url that RFC 7515 does not allow.
    assert not accepted or _josepy_verifies(damaged, signer.jwk)
