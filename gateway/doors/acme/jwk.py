"""Reads account keys from JWKs, and checks which may sign."""

import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from josepy.json_util import decode_b64jose
from josepy.jwk import JWK

from gateway.ca import rsa_strength
from gateway.ca.rsa_strength import SIGNING_REQUESTS, Limits
from gateway.doors.acme.problem import Problem

ALGORITHMS = ("ES256", "ES384", "ES512", "EdDSA", "RS256")
_CURVES = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}
_PRIVATE_MEMBERS = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
_ED25519_PRIME = 2**255 - 19
_ED25519_SIGN = 1 << 255
_ORDER_8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
"""The y of two of the four points of order 8; the other two have its negative."""

_SMALL_ORDER = {0, 1, _ED25519_PRIME - 1, _ORDER_8, _ED25519_PRIME - _ORDER_8}
"""The y of the points of orders 4, 1, 2 and 8, for which anybody can make signatures."""

PublicKey = EllipticCurvePublicKey | RSAPublicKey | Ed25519PublicKey


@dataclass(frozen=True, slots=True)
class AccountKey:
    """A usable account key. `jwk` holds only the members RFC 7638 counts, canonically encoded."""

    public_key: PublicKey
    algorithms: tuple[str, ...]
    jwk: dict[str, str]

    @property
    def thumbprint(self) -> str:
        """The key's thumbprint: RFC 7638, SHA-256, base64url."""
        canonical = json.dumps(self.jwk, separators=(",", ":"), sort_keys=True).encode()
        return _base64url(sha256(canonical).digest())

    @property
    def spki(self) -> bytes:
        """DER SubjectPublicKeyInfo, to compare with the key of a CSR."""
        return self.public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def require_limits(key: AccountKey, limits: Limits = SIGNING_REQUESTS) -> None:
    """Checks that a key is cheap to use; to be called before a signature is verified.

    Raises Problem (badPublicKey). Stored keys were checked when they were registered.
    """
    if isinstance(key.public_key, RSAPublicKey):
        numbers = key.public_key.public_numbers()
        if reason := rsa_strength.outside_limits_because(numbers.n, numbers.e, limits):
            raise _bad_key(reason)


def require_strength(key: AccountKey) -> None:
    """Checks that a key is not weak (BR §6.1.1.3); to be called after the signature is verified.

    It takes longer than verifying.

    Raises Problem (badPublicKey).
    """
    if not isinstance(key.public_key, RSAPublicKey):
        return
    if reason := rsa_strength.factorable_because(key.public_key.public_numbers().n):
        raise _bad_key(reason)


def read_jwk(jwk: dict[str, Any]) -> AccountKey:
    """Reads a JWK; raises Problem (badPublicKey, RFC 8555 §6.2), which says what is wrong."""
    if not _PRIVATE_MEMBERS.isdisjoint(jwk):
        raise _bad_key("The JWK contains private key material; that key must not be used again.")
    try:
        public_key = _public_key(jwk)
    except Problem:
        raise
    except Exception as error:  # josepy raises many kinds of exceptions for odd input
        raise _bad_key("The JWK cannot be read as an RSA, EC or Ed25519 public key.") from error
    match public_key:
        case RSAPublicKey():
            return _rsa(public_key)
        case EllipticCurvePublicKey():
            return _elliptic(public_key)
        case _:
            return _edwards(public_key)


def _public_key(jwk: dict[str, Any]) -> PublicKey:
    if jwk.get("kty") == "OKP":  # josepy knows no OKP
        if jwk.get("crv") != "Ed25519":
            raise _bad_key("Of the OKP keys only Ed25519 can be used.")
        return Ed25519PublicKey.from_public_bytes(decode_b64jose(jwk["x"]))
    if jwk.get("kty") == "EC" and jwk.get("crv") not in tuple(_CURVES):
        raise _bad_key(f"Of the elliptic curves only {', '.join(_CURVES)} can be used.")
    public: Any = JWK.from_json({name: jwk[name] for name in jwk if name in _PUBLIC_MEMBERS})
    public_key = public.key.public_numbers().public_key()
    if not isinstance(public_key, RSAPublicKey | EllipticCurvePublicKey):
        raise _bad_key("Only RSA, EC and Ed25519 public keys can be account keys.")
    return public_key


_PUBLIC_MEMBERS = {"kty", "n", "e", "crv", "x", "y"}


def _rsa(key: RSAPublicKey) -> AccountKey:
    numbers = key.public_numbers()
    jwk = {"e": _base64url(_minimal(numbers.e)), "kty": "RSA", "n": _base64url(_minimal(numbers.n))}
    return AccountKey(key, ("RS256",), jwk)


def _elliptic(key: EllipticCurvePublicKey) -> AccountKey:
    curve = f"P-{key.key_size}"
    numbers, size = key.public_numbers(), (key.key_size + 7) // 8
    jwk = {
        "crv": curve,
        "kty": "EC",
        "x": _base64url(numbers.x.to_bytes(size, "big")),
        "y": _base64url(numbers.y.to_bytes(size, "big")),
    }
    return AccountKey(key, (_CURVES[curve],), jwk)


def _edwards(key: Ed25519PublicKey) -> AccountKey:
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    y = int.from_bytes(raw, "little") & ~_ED25519_SIGN
    if y >= _ED25519_PRIME or y in _SMALL_ORDER:
        raise _bad_key("The Ed25519 key is a point of small order or not canonical.")
    return AccountKey(key, ("EdDSA",), {"crv": "Ed25519", "kty": "OKP", "x": _base64url(raw)})


def _bad_key(detail: str) -> Problem:
    return Problem("badPublicKey", detail)


def _minimal(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
