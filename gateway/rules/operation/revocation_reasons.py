"""The reasons for which operators revoke certificates."""

from collections.abc import Mapping

from gateway.errors.acme import BadRevocationReason

REASONS: Mapping[int, str] = {
    0: "unspecified",
    1: "keyCompromise",
    3: "affiliationChanged",
    4: "superseded",
    5: "cessationOfOperation",
    9: "privilegeWithdrawn",
}
"""CRLReasons of certificates of servers (RFC 5280 §5.3.1, BR §7.2.2)."""


def require_reason(reason: int) -> None:
    """Raises BadRevocationReason for a reason that certificates of servers cannot have."""
    if reason not in REASONS:
        raise BadRevocationReason(f"The reason must be one of {', '.join(map(str, REASONS))}.")
