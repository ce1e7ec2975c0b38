"""The status codes of the action API for certificates (docs/wire.md §2.10)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CertificateStatus:
    """A code and its fixed description."""

    code: int
    description: str


VALID = CertificateStatus(6, "Valid")
REVOKED = CertificateStatus(8, "Revoked")
POST_SIGN_FAILED = CertificateStatus(5, "POST-SIGN FAILED")
PRE_SIGN_FAILED = CertificateStatus(3, "PRE-SIGN FAILED")
REJECTED = CertificateStatus(7, "Rejected")


def certificate_status(
    *, order_status: str, has_csr: bool, issued: bool, withheld: bool, revoked: bool
) -> CertificateStatus | None:
    """The status of an ACME order's certificate; None while the order is in progress.

    `Replaced` and `Issued but not yet collected` never occur: only a name's newest order is shown,
    and a certificate can be collected from the moment it exists.
    """
    if revoked:
        return REVOKED
    if withheld:
        return POST_SIGN_FAILED
    if issued:
        return VALID
    if order_status == "invalid":
        return PRE_SIGN_FAILED if has_csr else REJECTED
    return None
