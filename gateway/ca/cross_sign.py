"""Cross-signs an issuing CA with a second root, so that a sandbox has two chains to choose from."""

from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from gateway import ids
from gateway.ca.local.key_store import ca_certificate, name_of


@dataclass(frozen=True, slots=True)
class CrossSigned:
    """PEM of the second root, and of the issuing certificate as that root has signed it."""

    root: bytes
    issuing: bytes


def cross_sign(issuing_pem: bytes, label: str) -> CrossSigned:
    """Makes a root named `label`, valid as long as the issuing CA; the root's key is discarded."""
    issuing = x509.load_pem_x509_certificate(issuing_pem)
    key = ec.generate_private_key(ec.SECP256R1())
    root_name = name_of(label)
    valid = issuing.not_valid_before_utc, issuing.not_valid_after_utc
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    authority = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
    root = (
        ca_certificate(root_name, key.public_key(), valid)
        .serial_number(ids.new_serial_number())
        .issuer_name(root_name)
        .add_extension(x509.BasicConstraints(True, None), critical=True)
        .add_extension(authority, critical=False)
        .sign(key, SHA256())
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(issuing.subject)
        .issuer_name(root_name)
        .public_key(issuing.public_key())
        .serial_number(ids.new_serial_number())
        .not_valid_before(valid[0])
        .not_valid_after(valid[1])
    )
    for extension in issuing.extensions:
        if extension.oid != authority.oid:
            builder = builder.add_extension(extension.value, extension.critical)
    crossed = builder.add_extension(authority, critical=False).sign(key, SHA256())
    return CrossSigned(root.public_bytes(Encoding.PEM), crossed.public_bytes(Encoding.PEM))
