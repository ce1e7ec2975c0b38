"""Refusals of purchases and refunds, and errors of the ledger."""

from gateway.errors import DetailedError, GatewayError
from gateway.errors.request import RequestRefusal


class PricingMissing(RequestRefusal):
    """E12: there is no price."""


class PricingBroken(RequestRefusal):
    """E13: a price cannot be used."""


class NotEnoughCredit(RequestRefusal):
    """E14: the reseller has too little credit."""


class Tier1DebitFailed(RequestRefusal):
    """E15: the Tier-1 parent cannot be debited."""


class Tier1CreditLimitReached(RequestRefusal):
    """E16: the Tier-1 parent has too little credit."""


class NotRefundable(DetailedError):
    """The rules of the product allow no refund; the text says why."""


class QuoteChanged(DetailedError):
    """What was quoted is not the price any more; nothing was bought. The text names both."""


class LedgerMismatch(GatewayError):
    """The books were changed by other means than the gateway's."""
