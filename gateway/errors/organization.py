"""What a pre-validation is refused with."""

from gateway.errors.reseller import ResellerRefusal


class NotApplicableForDv(ResellerRefusal):
    """E9."""
