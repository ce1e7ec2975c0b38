"""Flattened JWS as ACME uses it (RFC 8555 §6.2): parsing and signature checks, no state."""

import binascii
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from msgspec import Struct

from gateway.doors.acme import payload
from gateway.doors.acme.jwk import AccountKey
from gateway.doors.acme.payload import Payload
from gateway.doors.acme.problem import Problem, malformed
from gateway.web.untrusted import NotJson, convert_json, decode_json

# Characters that a2b_base64 accepts but base64url lacks are turned into one that it refuses.
_TO_STANDARD = bytes.maketrans(b"-_+/=", b"+/!!!")
_PADDING = (b"", b"!", b"==", b"=")


class _Flattened(msgspec.Struct):
    protected: str
    payload: str
    signature: str
    header: Any = msgspec.UNSET
    signatures: Any = msgspec.UNSET


class ProtectedHeader(Payload):
    """The members ACME knows; others are ignored unless `crit` names them (RFC 7515 §4.1.11)."""

    judged = frozenset({"alg"})

    alg: str
    nonce: str | None = None
    url: str | None = None
    kid: str | None = None
    jwk: dict[str, Any] | None = None
    crit: Any = msgspec.UNSET


class Jws(Struct, frozen=True):
    """A parsed, not yet verified JWS."""

    header: ProtectedHeader
    payload: bytes
    signed: bytes
    signature: bytes


_flattened = msgspec.json.Decoder(_Flattened)


def decode_base64url(text: str, what: str) -> bytes:
    """Decodes base64url without padding and line breaks (RFC 7515 §2).

    Raises Problem (malformed), which names `what`.
    """
    standard = text.encode(errors="replace").translate(_TO_STANDARD)
    try:
        return binascii.a2b_base64(standard + _PADDING[len(text) % 4], strict_mode=True)
    except binascii.Error:
        raise malformed(f"{what} is not base64url without padding.") from None


def parse(body: bytes | str | dict[str, Any]) -> Jws:
    """Parses a flattened JWS from its JSON text, or from an already decoded JSON object."""
    try:
        if isinstance(body, dict):
            flattened = convert_json(body, _Flattened)
        else:
            flattened = decode_json(_flattened, body)
    except NotJson as error:
        raise malformed(f"The request body is not a flattened JSON JWS: {error}") from error
    if flattened.signatures is not msgspec.UNSET:
        raise malformed("The JWS must have one signature in flattened serialization.")
    if flattened.header is not msgspec.UNSET:
        raise malformed("The JWS must not have an unprotected header.")
    header_bytes = decode_base64url(flattened.protected, "The JWS protected header")
    if not header_bytes:
        raise malformed("The JWS Protected Header MUST be present.")
    header = payload.read(ProtectedHeader, header_bytes, "The JWS protected header")
    if header.crit is not msgspec.UNSET:
        raise malformed("The JWS protected header marks extensions as critical; none is known.")
    return Jws(
        header,
        decode_base64url(flattened.payload, "The JWS payload"),
        f"{flattened.protected}.{flattened.payload}".encode(),
        decode_base64url(flattened.signature, "The JWS signature"),
    )


def verify(jws: Jws, key: AccountKey) -> bool:
    """Did `key` make the signature? Raises Problem when `alg` does not fit the key."""
    if jws.header.alg not in key.algorithms:
        raise bad_algorithm(jws.header.alg, key.algorithms)
    try:
        _VERIFIERS[jws.header.alg](key.public_key, jws)
    except InvalidSignature:
        return False
    return True


def bad_algorithm(alg: str, allowed: tuple[str, ...]) -> Problem:
    """The problem badSignatureAlgorithm, which lists the accepted algorithms (RFC 8555 §6.2)."""
    return Problem(
        "badSignatureAlgorithm",
        f"The signature algorithm {alg!r} cannot be used here.",
        members={"algorithms": list(allowed)},
    )


def _verify_ecdsa(size: int, algorithm: ECDSA, public_key: Any, jws: Jws) -> None:
    """Verifies a signature of two numbers of `size` bytes (RFC 7518 §3.4)."""
    if len(jws.signature) != 2 * size:
        raise InvalidSignature
    signature = encode_dss_signature(
        int.from_bytes(jws.signature[:size], "big"), int.from_bytes(jws.signature[size:], "big")
    )
    public_key.verify(signature, jws.signed, algorithm)


def _verify_rsa(public_key: Any, jws: Jws) -> None:
    public_key.verify(jws.signature, jws.signed, PKCS1v15(), SHA256())


def _verify_ed25519(public_key: Any, jws: Jws) -> None:
    public_key.verify(jws.signature, jws.signed)


_VERIFIERS: dict[str, Callable[[Any, Jws], None]] = {
    "ES256": partial(_verify_ecdsa, 32, ECDSA(SHA256())),
    "ES384": partial(_verify_ecdsa, 48, ECDSA(SHA384())),
    "ES512": partial(_verify_ecdsa, 66, ECDSA(SHA512())),
    "RS256": _verify_rsa,
    "EdDSA": _verify_ed25519,
}
