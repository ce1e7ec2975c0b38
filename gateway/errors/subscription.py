"""Refusals of actions on accounts and names."""

from gateway.errors.reseller import ResellerRefusal


class NotDeactivatable(ResellerRefusal):
    """E7: the account was deactivated before."""


class DomainNotRemovable(ResellerRefusal):
    """E8: the name is not in the subscription, or after grace."""


class NotExtendable(ResellerRefusal):
    """E11: expired, outside the extension window, or no subscription."""


class SubscriptionInGrace(NotExtendable):
    """A15: in grace, nothing can be added until the subscription is extended or over (A16, A29)."""


class DomainAlreadyPresent(ResellerRefusal):
    """E18a: the name is in the subscription already."""
