"""The extensions of a subscriber certificate, without its names (BR §7.1.2.7)."""

from collections.abc import Mapping, Sequence
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPublicKeyTypes
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from gateway.ca.profiles import DOMAIN_VALIDATED, ORGANIZATION_VALIDATED, PROFILES, Profile

Extensions = list[x509.Extension[x509.ExtensionType]]


class ConstantExtensions:
    """The extensions that depend only on profile, policy and kind of key, encoded once."""

    def __init__(self, issuing_key: Any, certificate_url: str, crl_urls: Sequence[str]) -> None:
        common = _common_extensions(issuing_key, certificate_url)
        self._crls = [_encoded([_distribution_point(url)])[0] for url in crl_urls]
        self._encoded: Mapping[tuple[str, bool, str], Extensions] = {
            (profile.name, is_ov, kind): _encoded([*common, _policy(is_ov), usage])
            for profile in PROFILES.values()
            for is_ov in (False, True)
            for kind, usage in _key_usages(profile).items()
        }

    def of(
        self,
        profile: Profile,
        key: CertificateIssuerPublicKeyTypes,
        serial_number: int,
        *,
        is_ov: bool = False,
    ) -> Extensions:
        """All extensions but the subject alternative name; the serial number chooses the CRL."""
        kind = "RSA" if isinstance(key, rsa.RSAPublicKey) else "EC"
        crl = self._crls[serial_number % len(self._crls)]
        return [*self._encoded[profile.name, is_ov, kind], crl]


def _common_extensions(issuing_key: Any, certificate_url: str) -> Extensions:
    """The extensions of all certificates (BR §7.1.2.7.6).

    A subject key identifier is not among them: it is not recommended there.
    """
    access = x509.AccessDescription(
        AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier(certificate_url)
    )
    return [
        _extension(x509.BasicConstraints(False, None), critical=True),
        _extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])),
        _extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuing_key)),
        _extension(x509.AuthorityInformationAccess([access])),
    ]


def _distribution_point(url: str) -> x509.Extension[x509.ExtensionType]:
    """The CRL distribution point (RFC 5280 §4.2.1.13)."""
    location = x509.UniformResourceIdentifier(url)
    return _extension(
        x509.CRLDistributionPoints([x509.DistributionPoint([location], None, None, None)])
    )


def _policy(is_ov: bool) -> x509.Extension[x509.ExtensionType]:
    policy = ORGANIZATION_VALIDATED if is_ov else DOMAIN_VALIDATED
    return _extension(
        x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier(policy), None)])
    )


def _key_usages(profile: Profile) -> dict[str, x509.Extension[x509.ExtensionType]]:
    """The key usages (BR §7.1.2.7.11) by kind of key."""
    return {
        "EC": _extension(_key_usage(key_encipherment=False), critical=True),
        "RSA": _extension(_key_usage(key_encipherment=profile.key_encipherment), critical=True),
    }


def _key_usage(*, key_encipherment: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=key_encipherment,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _extension(
    value: x509.ExtensionType, *, critical: bool = False
) -> x509.Extension[x509.ExtensionType]:
    return x509.Extension(value.oid, critical, value)


def _encoded(extensions: Extensions) -> Extensions:
    """The same extensions with encoded values, so that no certificate has to encode them."""
    return [
        _extension(
            x509.UnrecognizedExtension(extension.oid, extension.value.public_bytes()),
            critical=extension.critical,
        )
        for extension in extensions
    ]
