"""External account binding (RFC 8555 §7.3.4): the MAC key's holder vouches for the account key."""

import binascii
import hmac
import re
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from gateway.doors.acme import jws
from gateway.doors.acme.jwk import AccountKey, read_jwk
from gateway.doors.acme.jws import Jws
from gateway.doors.acme.problem import Problem
from gateway.errors.acme import EabRefused
from gateway.web.untrusted import NotJson, decode_json

_DIGESTS = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}
MEMBERS = ("protected", "payload", "signature")
"""The members of the flattened JWS, as the account object shows it."""

KID = re.compile(r"[A-Za-z0-9_-]{1,32}")
_jwk = msgspec.json.Decoder(dict[str, Any])


@dataclass(frozen=True, slots=True)
class Binding:
    """A well-formed binding of the account key, whose MAC is not checked yet."""

    kid: str
    signed: Jws


def read_binding(binding: dict[str, Any], account_key: AccountKey, url: str) -> Binding:
    """Reads a binding; raises EabRefused (malformed) or Problem, naming the unmet requirement."""
    try:
        signed = jws.parse(binding)
    except Problem as problem:
        raise EabRefused(problem.detail, malformed=True) from None
    header = signed.header
    if header.alg not in _DIGESTS:
        raise Problem(
            "badSignatureAlgorithm",
            f"[External Account Binding] {header.alg[:32]!r} is no MAC algorithm that can be used.",
            members={"algorithms": list(_DIGESTS)},
        )
    if header.jwk is not None or header.kid is None:
        raise EabRefused('The protected header must have "kid" and no "jwk".', malformed=True)
    if header.nonce is not None:
        raise EabRefused('The protected header must not have a "nonce".', malformed=True)
    if header.url != url:
        raise EabRefused(
            f'The "url" of the protected header must be the one of the request, {url}.',
            malformed=True,
        )
    _require_same_key(signed.payload, account_key)
    if not KID.fullmatch(header.kid):
        raise EabRefused(
            "The key identifier cannot be one of this gateway; it looks like the 22 letters, "
            "digits, - and _ that your reseller gave you.",
        )
    return Binding(header.kid, signed)


def check_mac(binding: Binding, mac_key: bytes) -> None:
    """Checks the MAC; raises EabRefused, with a hint if the key was decoded in a wrong way."""
    if _fits(binding.signed, mac_key):
        return
    for mistaken_key, hint in _known_mistakes(mac_key):
        if _fits(binding.signed, mistaken_key):
            raise EabRefused(f"The MAC does not verify: {hint}", known=True)
    raise EabRefused(
        f"The MAC does not verify with the key of {binding.kid}; copy the whole EAB MAC key again, "
        "and give it to the client as base64url.",
        known=True,
    )


def _require_same_key(payload: bytes, account_key: AccountKey) -> None:
    try:
        bound = read_jwk(decode_json(_jwk, payload))
    except (NotJson, Problem):
        raise EabRefused("The payload must be the account key as a JWK.", malformed=True) from None
    if bound.thumbprint != account_key.thumbprint:
        raise EabRefused(
            "The payload is another key than the one that signs the request.", malformed=True
        )


def _fits(signed: Jws, mac_key: bytes) -> bool:
    mac = hmac.digest(mac_key, signed.signed, _DIGESTS[signed.header.alg])
    return hmac.compare_digest(mac, signed.signature)


def _known_mistakes(mac_key: bytes) -> Iterator[tuple[bytes, str]]:
    text = urlsafe_b64encode(mac_key).rstrip(b"=")
    undecoded = (
        "the client used the text of the MAC key without decoding it; "
        "it must decode the text as base64url first."
    )
    yield text, undecoded
    yield text + b"=" * (-len(text) % 4), undecoded
    try:  # what a lenient base64 decoder makes of the text: it drops - and _
        lenient = b64decode(text + b"==", validate=False)
    except binascii.Error:
        return
    yield (
        lenient,
        "the client decoded the MAC key as base64; the key is base64url (with - and _).",
    )
