"""Certificate signing requests, good and bad, and requests to issuers with them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from gateway import ids
from gateway.ca.issuer import CertificateRequest
from gateway.ca.profiles import PROFILES

NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)


@cache
def key(kind: str) -> Any:
    """A private key, made once a run: RSA-<bits> or P-<bits>."""
    algorithm, size = kind.split("-")
    if algorithm == "RSA":
        return rsa.generate_private_key(65537, int(size))
    curves = {"224": ec.SECP224R1(), "256": ec.SECP256R1(), "384": ec.SECP384R1()}
    return ec.generate_private_key({**curves, "521": ec.SECP521R1()}[size])


def csr(
    names: Sequence[str | x509.GeneralName] = ("example.com",),
    *,
    signer: Any = None,
    common_name: str | None = None,
    hash_algorithm: Any = SHA256(),  # noqa: B008  stateless
    **options: Any,
) -> bytes:
    """DER of a CSR; `options` go to its signing."""
    subject = []
    if common_name is not None:
        subject = [x509.NameAttribute(NameOID.COMMON_NAME, common_name, _validate=False)]
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(subject))
    if names:
        general = [x509.DNSName(name) if isinstance(name, str) else name for name in names]
        builder = builder.add_extension(x509.SubjectAlternativeName(general), critical=False)
    signed = builder.sign(signer or key("P-256"), hash_algorithm, **options)
    return signed.public_bytes(Encoding.DER)


@asn1.sequence
class _Request:
    info: asn1.TLV
    algorithm: asn1.TLV
    signature: asn1.BitString


def changed(der: bytes, old: bytes, new: bytes, *, signer: Any = None, pss: Any = None) -> bytes:
    """The CSR with the first `old` in it replaced, of the same length, and signed anew for that."""
    assert len(old) == len(new)
    assert old in der
    request = asn1.decode_der(_Request, der.replace(old, new, 1))
    signed = x509.load_der_x509_csr(der).tbs_certrequest_bytes.replace(old, new, 1)
    signer = signer or key("P-256")
    if isinstance(signer, rsa.RSAPrivateKey):
        signature = signer.sign(signed, pss or padding.PKCS1v15(), SHA256())
    else:
        signature = signer.sign(signed, ec.ECDSA(SHA256()))
    bits = asn1.BitString(signature, 0)
    return asn1.encode_der(_Request(info=request.info, algorithm=request.algorithm, signature=bits))


def of_version(version: int, der: bytes, **options: Any) -> bytes:
    """The CSR as clients write it that take the version for that of a certificate."""
    return changed(der, b"\x02\x01\x00", b"\x02\x01" + bytes([version]), **options)


def certificate_request(
    names: Sequence[str] = ("example.com",),
    *,
    profile: str = "classic",
    kind: str = "P-256",
    now: datetime = NOW,
    serial_number: int | None = None,
) -> CertificateRequest:
    """The request that finalize would make to an issuer."""
    longest = PROFILES[profile].longest
    return CertificateRequest(
        ids.new_id(),
        serial_number or ids.new_serial_number(),
        csr(names, signer=key(kind)),
        key(kind).public_key(),
        list(names),
        profile,
        now,
        now + longest - timedelta(seconds=1),
    )
