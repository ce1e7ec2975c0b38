"""What a purchase or a refund is refused with."""

from gateway.errors import DetailedError
from gateway.errors.reseller import ResellerRefusal


class PricingMissing(ResellerRefusal):
    """E12."""


class PricingBroken(ResellerRefusal):
    """E13."""


class NotEnoughCredit(ResellerRefusal):
    """E14."""


class Tier1DebitFailed(ResellerRefusal):
    """E15."""


class Tier1CreditLimitReached(ResellerRefusal):
    """E16."""


class NotRefundable(DetailedError):
    """No money back by the rules of the product; the text says why."""
