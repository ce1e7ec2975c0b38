"""Checks a certificate signing request against the order it is to finish (RFC 8555 §7.4).

Only the key and the names of a CSR are looked at; what else it asks for is ignored, because the
profile decides how a certificate looks. The key must satisfy BR §6.1.5 and §6.1.6.
"""

import re
from base64 import b64decode
from collections.abc import Sequence
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPublicKeyTypes
from cryptography.x509.oid import PublicKeyAlgorithmOID

from gateway.ca import pkcs10
from gateway.ca.requested_names import requested_names
from gateway.ca.rsa_strength import unsound_because
from gateway.errors.acme import BadCsr
from gateway.rules.names import InvalidName, stored_form

_HASHES = frozenset({"sha256", "sha384", "sha512"})
_CURVES = frozenset({"secp256r1", "secp384r1"})
"""P-521 would satisfy BR §6.1.5, but browsers' root programs and browsers themselves refuse it."""

_PEM = re.compile(
    r"\s*-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----\s+([A-Za-z0-9+/=\s]+?)\s*"
    r"-----END (?:NEW )?CERTIFICATE REQUEST-----\s*"
)
_MOST_NAMES = 200
"""The most names of a CSR, with repetitions: an order has at most 100, each may occur twice."""
_BYTES_BESIDE_NAMES = 8192
"""Bytes allowed for key, signature and whatever else clients put in."""
_BYTES_AROUND_NAME = 8

_NAMES_SHOWN = 5
_LONGEST_NAME_SHOWN = 64

_WRONG_KEY = "Only RSA (rsaEncryption) and elliptic curve keys can be certified."
_WRONG_HASH = "The CSR must be signed with SHA-256, SHA-384 or SHA-512."


def der_of(pem: str) -> bytes:
    """The DER in a PEM-encoded CSR, not checked further. Raises BadCsr."""
    found = _PEM.fullmatch(pem)
    try:
        return b64decode("".join(found[1].split()), validate=True) if found else _no_csr()
    except ValueError:
        return _no_csr()


def check_csr(
    der: bytes, names: Sequence[str], account_key: Any
) -> CertificateIssuerPublicKeyTypes:
    """Checks a CSR; gives the key to certify for `names` (lower-case A-labels, `*.` included).

    `account_key` is the public key of the account, which must not be certified (RFC 8555 §11.1).
    Raises BadCsr, and nothing else, for any bytes. Cheap checks bound the cost of later ones.
    """
    most = _BYTES_BESIDE_NAMES + 3 * sum(len(name) + _BYTES_AROUND_NAME for name in names)
    if len(der) > most:
        raise BadCsr(f"The CSR has {len(der)} bytes; {most} must do for the names of the order.")
    request = pkcs10.read(der)
    key = _usable_key(request.csr)
    if key == account_key:
        raise BadCsr("The key of the CSR is the account key; make another key for certificates.")
    _check_hash(request.csr)
    asked = requested_names(request)
    if len(asked) > _MOST_NAMES:
        raise BadCsr(f"The CSR asks for {len(asked)} names; {_MOST_NAMES} are the most.")
    if not request.signature_holds():
        raise BadCsr("The signature of the CSR does not match its key.")
    _compare(asked, names)
    return key


def _usable_key(csr: x509.CertificateSigningRequest) -> CertificateIssuerPublicKeyTypes:
    try:
        key = csr.public_key()
    except UnsupportedAlgorithm as error:
        raise BadCsr(_WRONG_KEY) from error
    except (ValueError, TypeError) as error:
        raise BadCsr("The key of the CSR cannot be read; use RSA, P-256 or P-384.") from error
    return _usable(key, csr.public_key_algorithm_oid)  # type: ignore[attr-defined]  # stubs lack it


def _check_hash(csr: x509.CertificateSigningRequest) -> None:
    try:
        algorithm = csr.signature_hash_algorithm
    except UnsupportedAlgorithm as error:
        oid = csr.signature_algorithm_oid.dotted_string
        raise BadCsr(f"The signature algorithm {oid} is unknown. {_WRONG_HASH}") from error
    except (ValueError, TypeError) as error:
        raise BadCsr("The signature algorithm of the CSR cannot be read.") from error
    if algorithm is None or algorithm.name not in _HASHES:
        raise BadCsr(_WRONG_HASH)


def _usable(key: Any, algorithm: x509.ObjectIdentifier) -> CertificateIssuerPublicKeyTypes:
    if algorithm == PublicKeyAlgorithmOID.RSAES_PKCS1_v1_5 and isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        if reason := unsound_because(numbers.n, numbers.e):
            raise BadCsr(reason)
        return key
    if isinstance(key, ec.EllipticCurvePublicKey):
        if key.curve.name not in _CURVES:
            raise BadCsr(f"The curve {key.curve.name} is not accepted; use P-256 or P-384.")
        return key
    raise BadCsr(_WRONG_KEY)


def _compare(asked: Sequence[str], ordered: Sequence[str]) -> None:
    """Raises BadCsr unless both are the same set of names.

    A repeated name is harmless, because certificates are made from the order.
    """
    wanted = set(ordered)
    found = {name if name in wanted else _as_ordered(name) for name in asked}
    if found == wanted:
        return
    text = "The CSR must have exactly the names of the order."
    if missing := sorted(wanted - found):
        text += f" Missing: {_listing(missing)}."
    if extra := sorted(found - wanted):
        text += f" Not ordered: {_listing(extra)}."
    raise BadCsr(text)


def _as_ordered(name: str) -> str:
    """A name in the form of newOrder; text that is no valid name stays, and was not ordered."""
    try:
        return stored_form(name)
    except InvalidName:
        return name.lower()


def _listing(names: Sequence[str]) -> str:
    shown = ", ".join(name[:_LONGEST_NAME_SHOWN] for name in names[:_NAMES_SHOWN])
    more = len(names) - _NAMES_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def _no_csr() -> bytes:
    raise BadCsr("csr must be a PEM-encoded PKCS #10 request.")
