"""Refusals of orders and refunds of SiteLock licences."""

from gateway.errors import GatewayError
from gateway.errors.request import ArgumentInvalid


class OutsideRenewalPeriod(GatewayError):
    """A renewal that is not within the 30 days before expiry."""


class LowerTier(GatewayError):
    """The order would replace a product by a lower one."""


class LicenceExists(GatewayError):
    """The domain has a licence, of this reseller or another."""


class PartnerInactive(GatewayError):
    """The reseller's SiteLock partner account is not activated."""


class OnlyWithSsl(GatewayError):
    """The SSL PLUS bundle comes with an SSL order only."""


class AlreadyRefunded(GatewayError):
    """The order was paid back before."""


class AlreadyCancelled(GatewayError):
    """The licence was cancelled before, or has expired: there is nothing to cancel."""


class OnlyAddOns(GatewayError):
    """The order bought only add-ons, which are not refunded by themselves."""


class CountryUnknown(ArgumentInvalid):
    """No country of ISO 3166-1 has this code."""
