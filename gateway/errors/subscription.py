"""Refusals of actions on accounts and names."""

from gateway.errors.request import RequestRefusal


class NotDeactivatable(RequestRefusal):
    """E7: the account was deactivated before."""


class DomainNotRemovable(RequestRefusal):
    """E8: the name is not in the subscription, or after grace."""


class NotExtendable(RequestRefusal):
    """E11: expired, outside the extension window, or no subscription."""


class SubscriptionInGrace(NotExtendable):
    """A15: in grace, nothing can be added until the subscription is extended or over (A16, A29)."""


class DomainAlreadyPresent(RequestRefusal):
    """E18a: the name is in the subscription already."""
