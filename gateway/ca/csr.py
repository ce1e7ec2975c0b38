"""Is this certificate signing request fit for the order it is to finish? (RFC 8555 §7.4)

Only the key and the names of a CSR are looked at; what else it asks for is ignored, because the
profile decides how a certificate looks. The key must satisfy BR §6.1.5 and §6.1.6.
"""

from collections.abc import Sequence
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPublicKeyTypes
from cryptography.x509.oid import NameOID, PublicKeyAlgorithmOID

from gateway.ca.rsa_strength import unsound_because
from gateway.errors import BadCsr

_HASHES = frozenset({"sha256", "sha384", "sha512"})
_CURVES = frozenset({"secp256r1", "secp384r1"})
"""P-521 would satisfy BR §6.1.5, but browsers' root programs and browsers themselves refuse it."""

_NAMES_TOLD = 5
_LONGEST_NAME_TOLD = 64

# What cryptography raises for bytes that are no sound CSR; each accessor parses its part lazily.
_UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)


def check_csr(
    der: bytes, names: Sequence[str], account_key: Any
) -> CertificateIssuerPublicKeyTypes:
    """The key to certify for `names` (lower-case A-labels, `*.` included).

    `account_key` is the public key of the account, which must not be certified (RFC 8555 §11.1).
    Raises BadCsr, whatever the bytes are.
    """
    try:
        csr = x509.load_der_x509_csr(der)
        public_key = csr.public_key()
        key_algorithm = csr.public_key_algorithm_oid  # type: ignore[attr-defined]  # stubs lack it
        asked = _asked_names(csr)
        hash_algorithm = csr.signature_hash_algorithm
    except _UNREADABLE as error:
        raise BadCsr("The CSR cannot be read as a DER-encoded PKCS #10 request.") from error
    key = _usable(public_key, key_algorithm)
    if key == account_key:
        raise BadCsr("The key of the CSR is the account key; make another key for certificates.")
    if hash_algorithm is None or hash_algorithm.name not in _HASHES:
        raise BadCsr("The CSR must be signed with SHA-256, SHA-384 or SHA-512.")
    if not _signature_holds(csr):
        raise BadCsr("The signature of the CSR does not match its key.")
    _compare(asked, names)
    return key


def _asked_names(csr: x509.CertificateSigningRequest) -> list[str]:
    """The names of the subject alternative name and the common name: either will do."""
    asked = [
        str(attribute.value)
        for attribute in csr.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    ]
    try:
        alternative = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return asked
    for name in alternative:
        if not isinstance(name, x509.DNSName):
            raise BadCsr("The CSR may ask for DNS names only, and no other kinds of names.")
        asked.append(name.value)
    return asked


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
    raise BadCsr("Only RSA (rsaEncryption) and elliptic curve keys can be certified.")


def _signature_holds(csr: x509.CertificateSigningRequest) -> bool:
    try:
        return csr.is_signature_valid
    except _UNREADABLE:
        return False


def _compare(asked: Sequence[str], ordered: Sequence[str]) -> None:
    """The same set; a name said twice is harmless, as certificates are made from the order."""
    found, wanted = {name.lower() for name in asked}, set(ordered)
    if found == wanted:
        return
    text = "The CSR must have exactly the names of the order."
    if missing := sorted(wanted - found):
        text += f" Missing: {_listing(missing)}."
    if extra := sorted(found - wanted):
        text += f" Not ordered: {_listing(extra)}."
    raise BadCsr(text)


def _listing(names: Sequence[str]) -> str:
    told = ", ".join(name[:_LONGEST_NAME_TOLD] for name in names[:_NAMES_TOLD])
    more = len(names) - _NAMES_TOLD
    return f"{told} and {more} more" if more > 0 else told
