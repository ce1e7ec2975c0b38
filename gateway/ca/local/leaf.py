"""Makes and signs a subscriber certificate (RFC 5280 §4, BR §7.1.2.7)."""

import ipaddress
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPublicKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from gateway.ca.local.extensions import Extensions
from gateway.ca.profiles import Profile
from gateway.rules.organization.organizations import Subject

_LONGEST_COMMON_NAME = 64
_EMPTY = x509.Name([])


class Leaf(NamedTuple):
    """The content of a subscriber certificate; `valid` are its first and last second."""

    subject: x509.Name
    public_key: CertificateIssuerPublicKeyTypes
    serial_number: int
    valid: tuple[datetime, datetime]
    names: Sequence[x509.GeneralName]
    extensions: Extensions


def sign(leaf: Leaf, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> bytes:
    """Signs a leaf; gives DER. The same leaf gives the same bytes."""
    alternative = x509.SubjectAlternativeName(leaf.names)
    # RFC 5280 §4.2.1.6: critical exactly if the subject is empty.
    extension = x509.Extension(alternative.oid, leaf.subject == _EMPTY, alternative)
    # All in one call: each method of the builder would copy it.
    return (
        x509.CertificateBuilder(
            issuer_name=issuer,
            subject_name=leaf.subject,
            public_key=leaf.public_key,
            serial_number=leaf.serial_number,
            extensions=[*leaf.extensions, extension],
        )
        .not_valid_before(leaf.valid[0])
        .not_valid_after(leaf.valid[1])
        .sign(key, SHA256(), ecdsa_deterministic=True)
        .public_bytes(Encoding.DER)
    )


def subject_of(
    profile: Profile, names: Sequence[str], organization: Subject | None = None
) -> x509.Name:
    """The subject: the organization, and the first name that fits if wanted; may be empty."""
    attributes = [] if organization is None else _organization(organization)
    if profile.common_name:
        fitting = [name for name in names if len(name) <= _LONGEST_COMMON_NAME]
        attributes += [x509.NameAttribute(NameOID.COMMON_NAME, name) for name in fitting[:1]]
    return x509.Name(attributes) if attributes else _EMPTY


def _organization(subject: Subject) -> list[x509.NameAttribute[str]]:
    """The organization's attributes in the order of BR §7.1.4.2 (BR §7.1.2.7.4)."""
    said = (
        (NameOID.COUNTRY_NAME, subject.country),
        (NameOID.STATE_OR_PROVINCE_NAME, subject.state_or_province),
        (NameOID.LOCALITY_NAME, subject.locality),
        (NameOID.ORGANIZATION_NAME, subject.organization),
    )
    return [x509.NameAttribute(oid, text) for oid, text in said if text]


def general_name(name: str) -> x509.GeneralName:
    """The GeneralName of a domain name or an IP address."""
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
