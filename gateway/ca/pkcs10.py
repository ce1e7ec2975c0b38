"""Reads certification requests (PKCS #10, RFC 2986), of which key, names and signature are used.

Clients write odd ones: of version 1 or 2 (`acme` 1.21.0, the library of certbot, and Ruby's
OpenSSL), without the attributes that may be empty but not missing, with a NULL where ECDSA has no
parameters (RFC 5758 §3.2), with subjects in characters that their type does not have. None of that
matters here. So a request is taken apart, and the library is given a request that has the same key,
algorithm and signature and nothing else. The signature is verified over the bytes that were signed.
"""

from typing import Any, NamedTuple, cast

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPublicKeyTypes

from gateway.ca.der import INTEGER, NULL, SEQUENCE, Part, element, extent, parts
from gateway.errors.acme import BadCsr

_ATTRIBUTES = 0xA0
_VERSIONS = (0, 1, 2)
_LONGEST_VERSION = 8  # bytes; longer ones are not written out
_PKCS_1 = bytes.fromhex("2a864886f70d0101")
"""1.2.840.113549.1.1, whose algorithms have a NULL (RFC 4055 §5)."""


class Request(NamedTuple):
    """A request of the right form; its parts are read only when used, and may be bad then."""

    csr: x509.CertificateSigningRequest
    """A request with the same key, algorithm and signature, without subject and attributes."""
    signed: bytes
    subject: bytes
    """Content of the distinguished name."""
    attributes: bytes
    """Content of the set of attributes."""

    def signature_holds(self) -> bool:
        """Does the signature prove that the client has the key?

        The cost depends on the key: check the key first.
        """
        try:
            _verify(self.csr, self.csr.public_key(), self.signed)
        except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
            return False
        return True


def read(der: bytes) -> Request:
    """Takes a request apart; raises BadCsr for bytes that are not exactly one request."""
    try:
        [whole] = parts(der)
        info, algorithm, signature = _sequence(whole)
        version, subject, key, *attributes = _sequence(info)
        if version.tag != INTEGER or len(version.content) > _LONGEST_VERSION:
            raise ValueError(version)
        for each in (subject, key, algorithm):
            _sequence(each)
        if [each.tag for each in attributes] not in ([], [_ATTRIBUTES]):
            raise ValueError(attributes)
    except ValueError as error:
        raise BadCsr(_unreadable_because(der)) from error
    number = int.from_bytes(version.content, signed=True)
    if number not in _VERSIONS:
        raise BadCsr(f"The CSR says that its version is {number}; it must be 0.")
    return Request(
        _bare(key, algorithm, signature),
        info.encoded,
        subject.content,
        b"".join(each.content for each in attributes),
    )


def public_key_of(der: bytes) -> CertificateIssuerPublicKeyTypes:
    """The key of a request that was checked when it was received."""
    return cast(CertificateIssuerPublicKeyTypes, read(der).csr.public_key())


def _bare(key: Part, algorithm: Part, signature: Part) -> x509.CertificateSigningRequest:
    version, subject = element(INTEGER, b"\0"), element(SEQUENCE, b"")
    info = element(SEQUENCE, version + subject + key.encoded + element(_ATTRIBUTES, b""))
    try:
        der = element(SEQUENCE, info + _without_null(algorithm) + signature.encoded)
        return x509.load_der_x509_csr(der)
    except ValueError as error:
        raise BadCsr(
            "The key, the signature algorithm or the signature of the CSR cannot be read."
        ) from error


def _without_null(algorithm: Part) -> bytes:
    identifier, *parameters = algorithm.parts
    is_odd = [each.tag for each in parameters] == [NULL] and identifier.content[:-1] != _PKCS_1
    return element(SEQUENCE, identifier.encoded) if is_odd else algorithm.encoded


def _sequence(whole: Part) -> list[Part]:
    if whole.tag != SEQUENCE:
        raise ValueError(whole.tag)
    return whole.parts


def _verify(csr: x509.CertificateSigningRequest, key: Any, signed: bytes) -> None:
    """Verifies a signature; raises InvalidSignature, and what reading the algorithm raises."""
    algorithm = csr.signature_algorithm_parameters
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(
            csr.signature, signed, cast(Any, algorithm), cast(Any, csr.signature_hash_algorithm)
        )
    elif isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(csr.signature, signed, cast(ec.EllipticCurveSignatureAlgorithm, algorithm))
    else:
        raise InvalidSignature


def _unreadable_because(der: bytes) -> str:
    if der.lstrip().startswith(b"-----BEGIN"):
        return "The CSR is PEM; send its DER, base64url-encoded."
    try:
        _, end = extent(der)
    except ValueError:
        end = len(der)
    if der[:1] == bytes([SEQUENCE]) and end < len(der):
        return f"The CSR ends after {end} bytes, and others follow it."
    return "The CSR cannot be read as a DER-encoded PKCS #10 request."
