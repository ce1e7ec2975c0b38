"""Certification requests (PKCS #10, RFC 2986): strictly DER, of whatever version they say.

The only version is 0. Many clients write 1 or 2 there, like `acme` 1.21.0, the library of certbot,
and those that use Ruby's OpenSSL. Nothing else differs in such a request, so it is read with the
version corrected; its signature is verified over the bytes that were signed.
"""

from typing import Any, NamedTuple, cast

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPublicKeyTypes

from gateway.errors.acme import BadCsr

_SEQUENCE = 0x30
_LONG_FORM, _LENGTH = 0x80, 0x7F  # of the first byte of a length (X.690 §8.1.3)
_READ_AS_0 = (1, 2)


class Request(NamedTuple):
    """A request that has the form of one; its parts are read, and may turn out bad, when used."""

    csr: x509.CertificateSigningRequest
    signed: bytes | None
    """What the signature is over, where that is not what was read."""

    def signature_holds(self) -> bool:
        """Proof that whoever asks has the key. Cost depends on the key: look at that first."""
        try:
            if self.signed is None:
                return self.csr.is_signature_valid
            _verify(self.csr, self.csr.public_key(), self.signed)
        except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
            return False
        return True


def read(der: bytes) -> Request:
    """Raises BadCsr for bytes that are no request, or more than one."""
    try:
        return Request(x509.load_der_x509_csr(der), None)
    except x509.InvalidVersion as error:
        if error.parsed_version not in _READ_AS_0:
            raise BadCsr(
                f"The CSR says that its version is {error.parsed_version}; it must be 0."
            ) from None
    except ValueError as error:
        raise BadCsr(_unreadable_because(der)) from error
    return _corrected(der)


def public_key_of(der: bytes) -> CertificateIssuerPublicKeyTypes:
    """The key of a request that was checked when it came."""
    return cast(CertificateIssuerPublicKeyTypes, read(der).csr.public_key())


def _corrected(der: bytes) -> Request:
    """Known to begin with two SEQUENCEs and a version of one byte: the library has read it."""
    info, _ = _content(der, 0)
    version, end = _content(der, info)
    value, _ = _content(der, version)
    corrected = der[:value] + b"\0" + der[value + 1 :]
    return Request(x509.load_der_x509_csr(corrected), der[info:end])


def _content(der: bytes, start: int) -> tuple[int, int]:
    """Where the content of the element that starts there begins and ends."""
    begin, length = start + 2, der[start + 1]
    if length & _LONG_FORM:
        begin += length & _LENGTH
        length = int.from_bytes(der[start + 2 : begin])
    return begin, begin + length


def _verify(csr: x509.CertificateSigningRequest, key: Any, signed: bytes) -> None:
    """Raises InvalidSignature, and what reading the algorithm raises."""
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
    if der[:1] == bytes([_SEQUENCE]) and len(der) > 1:
        _, end = _content(der, 0)
        if end < len(der):
            return f"The CSR ends after {end} bytes, and others follow it."
    return "The CSR cannot be read as a DER-encoded PKCS #10 request."
