"""Refusals of purchases and refunds, and errors of the ledger."""

from gateway.errors import DetailedError, GatewayError
from gateway.errors.reseller import ResellerRefusal


class PricingMissing(ResellerRefusal):
    """E12: there is no price."""


class PricingBroken(ResellerRefusal):
    """E13: a price cannot be used."""


class NotEnoughCredit(ResellerRefusal):
    """E14: the reseller has too little credit."""


class Tier1DebitFailed(ResellerRefusal):
    """E15: the Tier-1 parent cannot be debited."""


class Tier1CreditLimitReached(ResellerRefusal):
    """E16: the Tier-1 parent has too little credit."""


class NotRefundable(DetailedError):
    """The rules of the product allow no refund; the text says why."""


class QuoteChanged(DetailedError):
    """What was quoted is not the price any more; nothing was bought. The text names both."""


class LedgerMismatch(GatewayError):
    """The books were changed by other means than the gateway's."""
