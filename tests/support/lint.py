"""Does what we sign satisfy the CA/B Forum Baseline Requirements, as pkilint reads them?"""

from typing import Any

from cryptography import x509
from pkilint import finding_filter, loader, pkix
from pkilint.cabf import cabf_crl, serverauth
from pkilint.cabf.serverauth.serverauth_constants import CertificateType
from pkilint.pkix import certificate, crl, extension, name
from pkilint.pkix.crl import CertificateRevocationListType
from pkilint.validation import ValidationFindingSeverity

_ORGANIZATION_VALIDATED = "2.23.140.1.2.2"


def assert_lints_clean(encoded: bytes, kind: CertificateType | None = None) -> None:
    """No error in a certificate, PEM (the first one) or DER; of `kind`, or what its policy says."""
    if encoded.startswith(b"-----"):
        document = loader.load_pem_certificate(encoded.decode(), "certificate")
    else:
        document = loader.load_der_certificate(encoded, "certificate")
    kind = kind or _kind_of(encoded)
    validator = certificate.create_pkix_certificate_validator_container(
        serverauth.create_decoding_validators(), serverauth.create_validators(kind)
    )
    results, _ = finding_filter.filter_results(
        serverauth.create_serverauth_finding_filters(kind), validator.validate(document.root)
    )
    _require_clean(results)


def assert_crl_lints_clean(der: bytes) -> None:
    """No error in a CRL for subscriber certificates."""
    kind = CertificateRevocationListType.CRL
    validity = cabf_crl.create_validity_period_validator(kind)
    validator = crl.create_pkix_crl_validator_container(
        [
            pkix.create_attribute_decoder(name.ATTRIBUTE_TYPE_MAPPINGS),
            pkix.create_extension_decoder(extension.EXTENSION_MAPPINGS),
        ],
        [
            crl.create_issuer_validator_container([]),
            crl.create_validity_validator_container([validity]),
            crl.create_extensions_validator_container([]),
            cabf_crl.CabfCrlReasonCodeAllowlistValidator(kind),
        ],
    )
    _require_clean(validator.validate(loader.load_der_crl(der, "CRL").root))


def _kind_of(encoded: bytes) -> CertificateType:
    pem = encoded.startswith(b"-----")
    leaf = (
        x509.load_pem_x509_certificate(encoded) if pem else x509.load_der_x509_certificate(encoded)
    )
    policies = leaf.extensions.get_extension_for_class(x509.CertificatePolicies).value
    if any(each.policy_identifier.dotted_string == _ORGANIZATION_VALIDATED for each in policies):
        return CertificateType.OV_FINAL_CERTIFICATE
    return CertificateType.DV_FINAL_CERTIFICATE


def _require_clean(results: Any) -> None:
    errors = [
        f"{result.node.path}: {described}"
        for result in results
        for described in result.finding_descriptions
        if described.finding.severity <= ValidationFindingSeverity.ERROR
    ]
    if errors:
        raise AssertionError("\n".join(errors))
