"""Reasons for which a customer asks for a refund (docs/wire.md §7.3), and the words for each."""

from collections.abc import Mapping

REFUND_REASONS: Mapping[int, str] = {
    1: "Unable to validate.",
    2: "The domain or the organization is inactive.",
    3: "Another type of certificate is wanted.",
    4: "Brand validation failed.",
    5: "It was rejected.",
    6: "Revoked because of malware.",
    7: "Revoked because of phishing.",
    8: "Revoked because of Google Safe Browsing.",
    9: "Moving to another CA.",
    10: "A better price elsewhere.",
    11: "Another reason.",
}
"""By code, as AutoRefund takes it."""
