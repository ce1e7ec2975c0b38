"""Account keys: reading a JWK, and what may be signed with it."""

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

from gateway.acme.problem import Problem

ALGORITHMS = ("ES256", "ES384", "EdDSA", "RS256")
_CURVES = {"secp256r1": ("P-256", "ES256"), "secp384r1": ("P-384", "ES384")}
_PRIVATE_MEMBERS = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
_RSA_BITS = range(2048, 8193)

PublicKey = EllipticCurvePublicKey | RSAPublicKey | Ed25519PublicKey


@dataclass(frozen=True, slots=True)
class AccountKey:
    """A usable account key. `jwk` holds only the members RFC 7638 counts, canonically encoded."""

    public_key: PublicKey
    algorithms: tuple[str, ...]
    jwk: dict[str, str]

    @property
    def thumbprint(self) -> str:
        """RFC 7638, SHA-256, base64url."""
        canonical = json.dumps(self.jwk, separators=(",", ":"), sort_keys=True).encode()
        return _base64url(sha256(canonical).digest())

    @property
    def spki(self) -> bytes:
        """DER SubjectPublicKeyInfo, to compare with the key of a CSR."""
        return self.public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def read_jwk(jwk: dict[str, Any]) -> AccountKey:
    """Raises Problem (badPublicKey, RFC 8555 §6.2) saying what is wrong with the key."""
    if not _PRIVATE_MEMBERS.isdisjoint(jwk):
        raise _bad_key("The JWK contains private key material; that key must not be used again.")
    try:
        public_key = _public_key(jwk)
    except Problem:
        raise
    except Exception as error:  # josepy lets many kinds through for odd input
        raise _bad_key("The JWK cannot be read as an RSA, EC or Ed25519 public key.") from error
    match public_key:
        case RSAPublicKey():
            return _rsa(public_key)
        case EllipticCurvePublicKey():
            return _elliptic(public_key)
        case _:
            x = _base64url(public_key.public_bytes(Encoding.Raw, PublicFormat.Raw))
            return AccountKey(public_key, ("EdDSA",), {"crv": "Ed25519", "kty": "OKP", "x": x})


def _public_key(jwk: dict[str, Any]) -> PublicKey:
    if jwk.get("kty") == "OKP":  # josepy knows no OKP
        if jwk.get("crv") != "Ed25519":
            raise _bad_key("Of the OKP keys only Ed25519 can be used.")
        return Ed25519PublicKey.from_public_bytes(decode_b64jose(jwk["x"]))
    public: Any = JWK.from_json({name: jwk[name] for name in jwk if name in _PUBLIC_MEMBERS})
    public_key = public.key.public_numbers().public_key()
    if not isinstance(public_key, RSAPublicKey | EllipticCurvePublicKey):
        raise _bad_key("Only RSA, EC and Ed25519 public keys can be account keys.")
    return public_key


_PUBLIC_MEMBERS = {"kty", "n", "e", "crv", "x", "y"}


def _rsa(key: RSAPublicKey) -> AccountKey:
    if key.key_size not in _RSA_BITS:
        raise _bad_key(f"An RSA account key needs 2048 to 8192 bits, this one has {key.key_size}.")
    numbers = key.public_numbers()
    if numbers.e < 3 or numbers.e % 2 == 0 or numbers.e.bit_length() > 64 or numbers.n % 2 == 0:
        raise _bad_key("The RSA modulus or exponent is unsound.")
    jwk = {"e": _base64url(_minimal(numbers.e)), "kty": "RSA", "n": _base64url(_minimal(numbers.n))}
    return AccountKey(key, ("RS256",), jwk)


def _elliptic(key: EllipticCurvePublicKey) -> AccountKey:
    if key.curve.name not in _CURVES:
        raise _bad_key(f"The curve {key.curve.name} is not supported; use P-256 or P-384.")
    curve, algorithm = _CURVES[key.curve.name]
    numbers, size = key.public_numbers(), (key.key_size + 7) // 8
    jwk = {
        "crv": curve,
        "kty": "EC",
        "x": _base64url(numbers.x.to_bytes(size, "big")),
        "y": _base64url(numbers.y.to_bytes(size, "big")),
    }
    return AccountKey(key, (algorithm,), jwk)


def _bad_key(detail: str) -> Problem:
    return Problem("badPublicKey", detail)


def _minimal(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
