"""Checks with pkilint that what we sign satisfies the CA/B Forum Baseline Requirements."""

from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pkilint import loader, pkix
from pkilint.cabf import cabf_crl
from pkilint.cabf.serverauth.serverauth_constants import CertificateType
from pkilint.pkix import crl, extension, name
from pkilint.pkix.crl import CertificateRevocationListType
from pkilint.validation import ValidationFindingSeverity

from gateway.ca.linter import lint


def assert_lints_clean(encoded: bytes, kind: CertificateType | None = None) -> None:
    """Asserts that a certificate (DER, or the first of a PEM) has no errors.

    `kind` None = the kind that its policy says.
    """
    if encoded.startswith(b"-----"):
        encoded = x509.load_pem_x509_certificate(encoded).public_bytes(Encoding.DER)
    findings = lint(encoded, kind)
    assert not findings, "\n".join(findings)


def assert_crl_lints_clean(der: bytes) -> None:
    """Asserts that a CRL for subscriber certificates has no errors."""
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


def _require_clean(results: Any) -> None:
    errors = [
        f"{result.node.path}: {described}"
        for result in results
        for described in result.finding_descriptions
        if described.finding.severity <= ValidationFindingSeverity.ERROR
    ]
    if errors:
        raise AssertionError("\n".join(errors))
