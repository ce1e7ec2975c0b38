"""Which keys may sign requests (RFC 8555 §6.2; BR §6.1.1.3 and §6.1.6 for certificates' keys)."""

import secrets
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.ca.rsa_strength import CERTIFIED
from gateway.doors.acme.jwk import AccountKey, read_jwk, require_limits, require_strength
from gateway.doors.acme.problem import Problem
from tests.support.acme_client import Signer, base64url
from tests.unit.ca.test_rsa_strength import next_prime, random_prime, roca_prime, sound_modulus

PRIME = 2**255 - 19
D = -121665 * pow(121666, -1, PRIME) % PRIME
Point = tuple[int, int]
IDENTITY = (0, 1)


def rsa_key(modulus: int, exponent: int = 65537) -> AccountKey:
    size = (modulus.bit_length() + 7) // 8
    e = exponent.to_bytes((exponent.bit_length() + 7) // 8, "big")
    return read_jwk(
        {"kty": "RSA", "n": base64url(modulus.to_bytes(size, "big")), "e": base64url(e)}
    )


def refused(check: Any, *arguments: Any) -> str:
    with pytest.raises(Problem) as caught:
        check(*arguments)
    assert caught.value.kind == "badPublicKey"
    return caught.value.detail


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
def test_ordinary_rsa_keys_may_sign(bits: int) -> None:
    key = rsa_key(sound_modulus(bits))
    require_limits(key)
    require_strength(key)


@pytest.mark.parametrize("bits", [1024, 2040, 2047, 4104, 8192, 16384])
def test_rsa_keys_have_2048_to_4096_bits(bits: int) -> None:
    modulus = secrets.randbits(bits) | 1 << (bits - 1) | 1
    assert f"{bits} bits" in refused(require_limits, rsa_key(modulus))


@pytest.mark.parametrize("exponent", [3, 17, 65539, 2**32 + 1, 2**64 - 1, 2**255 + 1])
def test_the_exponent_of_rsa_keys_is_65537(exponent: int) -> None:
    assert "65537" in refused(require_limits, rsa_key(sound_modulus(), exponent))


def test_a_revocation_may_be_signed_by_any_certified_size() -> None:
    modulus = secrets.randbits(8192) | 1 << 8191 | 1
    require_limits(rsa_key(modulus), CERTIFIED)
    assert "bits" in refused(require_limits, rsa_key(modulus << 8 | 1), CERTIFIED)
    assert "65537" in refused(require_limits, rsa_key(modulus, 2**64 - 1), CERTIFIED)


def test_rsa_keys_whose_factors_can_be_found_are_refused_as_in_a_csr() -> None:
    first = random_prime(1024)
    small = 743 * (secrets.randbits(2036) | 1 << 2038 | 1)
    for modulus, said in (
        (first * next_prime(first), "close together"),
        (roca_prime() * roca_prime(), "ROCA"),
        (small, "small factor"),
    ):
        key = rsa_key(modulus)
        require_limits(key)
        assert said in refused(require_strength, key)


def add(one: Point, other: Point) -> Point:
    """On the Edwards curve of RFC 8032 §5.1."""
    (x1, y1), (x2, y2) = one, other
    product = D * x1 * x2 * y1 * y2
    return (
        (x1 * y2 + x2 * y1) * pow(1 + product, -1, PRIME) % PRIME,
        (y1 * y2 + x1 * x2) * pow(1 - product, -1, PRIME) % PRIME,
    )


def times(count: int, point: Point) -> Point:
    result = IDENTITY
    for _ in range(count):
        result = add(result, point)
    return result


def point_with(y: int) -> Point | None:
    square = (y * y - 1) * pow(D * y * y + 1, -1, PRIME) % PRIME
    x = pow(square, (PRIME + 3) // 8, PRIME)
    for root in (x, x * pow(2, (PRIME - 1) // 4, PRIME) % PRIME):
        if root * root % PRIME == square:
            return root, y
    return None


def small_order_points() -> set[Point]:
    """All eight: what is left of any point after multiplication with the order of the base."""
    order = 2**252 + 27742317777372353535851937790883648493
    generators = filter(None, (point_with(y) for y in range(2, 40)))
    found: set[Point] = set()
    for generator in generators:
        torsion, power, left = IDENTITY, generator, order
        while left:
            if left & 1:
                torsion = add(torsion, power)
            power, left = add(power, power), left >> 1
        found |= {times(count, torsion) for count in range(8)}
    assert len(found) == 8
    return found


def test_ed25519_points_of_small_order_are_refused_in_every_encoding() -> None:
    encodings = set()
    for _, y in small_order_points():
        for written in (y, y + PRIME):
            if written < 2**255:
                encodings |= {written, written | 1 << 255}
    assert len(encodings) == 14
    for encoding in encodings:
        jwk = {"kty": "OKP", "crv": "Ed25519", "x": base64url(encoding.to_bytes(32, "little"))}
        assert "small order" in refused(read_jwk, jwk)


def test_ordinary_ed25519_keys_may_sign() -> None:
    for _ in range(50):
        read_jwk(Signer(Ed25519PrivateKey.generate()).jwk)


@pytest.mark.parametrize("curve", ["secp256k1", "P-192", "P-224", "", None, ["P-256"], {}])
def test_other_curves_are_refused_with_those_that_would_do(curve: Any) -> None:
    jwk = {**Signer(ec.generate_private_key(ec.SECP256R1())).jwk, "crv": curve}
    assert "P-256, P-384, P-521" in refused(read_jwk, jwk)
