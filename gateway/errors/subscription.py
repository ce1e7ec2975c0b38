"""What an action on the names of a subscription is refused with."""

from gateway.errors.reseller import ResellerRefusal


class NotDeactivatable(ResellerRefusal):
    """E7."""


class DomainNotRemovable(ResellerRefusal):
    """E8."""


class NotExtendable(ResellerRefusal):
    """E11: expired, outside the extension window, or no subscription."""


class SubscriptionInGrace(NotExtendable):
    """A15: nothing can be added until it is extended, or over (A16, A29)."""


class DomainAlreadyPresent(ResellerRefusal):
    """E18a."""
