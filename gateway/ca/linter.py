"""Lints certificates with pkilint. Run as a program: a line of base64 in, a line of JSON out.

pkilint takes a second and 60 MB to load, which no serving process should spend.
"""

import json
import sys
from base64 import b64decode
from functools import cache
from typing import Any

from cryptography import x509

from gateway.ca.profiles import ORGANIZATION_VALIDATED


def lint(der: bytes, kind: Any = None) -> list[str]:
    """The certificate's errors by the CA/B Forum Baseline Requirements; empty = none.

    `kind` is pkilint's CertificateType; None = a subscriber's, as its policy says.
    """
    from pkilint import finding_filter, loader
    from pkilint.cabf.serverauth.serverauth_constants import CertificateType
    from pkilint.validation import ValidationFindingSeverity

    if kind is None:
        subscriber = CertificateType.DV_FINAL_CERTIFICATE, CertificateType.OV_FINAL_CERTIFICATE
        kind = subscriber[_is_ov(der)]
    validator, filters = _checks(kind)
    document = loader.load_der_certificate(der, "certificate")
    results, _ = finding_filter.filter_results(filters, validator.validate(document.root))
    return [
        f"{result.node.path}: {described}"
        for result in results
        for described in result.finding_descriptions
        if described.finding.severity <= ValidationFindingSeverity.ERROR
    ]


@cache
def _checks(kind: Any) -> tuple[Any, Any]:
    """pkilint's validators and filters of a kind, kept because making them takes 0.1 s."""
    from pkilint.cabf import serverauth
    from pkilint.pkix import certificate

    validator = certificate.create_pkix_certificate_validator_container(
        serverauth.create_decoding_validators(), serverauth.create_validators(kind)
    )
    return validator, serverauth.create_serverauth_finding_filters(kind)


def _is_ov(der: bytes) -> bool:
    extensions = x509.load_der_x509_certificate(der).extensions
    policies = extensions.get_extension_for_class(x509.CertificatePolicies).value
    return ORGANIZATION_VALIDATED in [policy.policy_identifier.dotted_string for policy in policies]


def main() -> None:
    """Lints each line of the input until its end."""
    for line in sys.stdin:
        try:
            findings = lint(b64decode(line))
        except Exception as error:  # a certificate that cannot even be read is a finding
            findings = [f"{type(error).__name__}: {error}"]
        sys.stdout.write(json.dumps(findings) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
