"""The settings of what is sold: subscriptions, pre-validations, refunds."""

from typing import Annotated

from msgspec import Meta

from gateway.config.section import Section


class Subscriptions(Section, frozen=True):
    """Readings of the subscription rules that an operator may choose."""

    www_free_unless_any_wildcard: bool = False
    """A12: True = any wildcard in the subscription ends the free www, not only the same base."""
    maximum_total_days: int | None = None
    """A11: cap on the days left after an extension; None = no cumulative cap."""
    minimum_days: Annotated[int, Meta(ge=0, le=365)] = 0
    """R23: a name added to a subscription pays for at least so many days; 0 = the source."""


class Prevalidations(Section, frozen=True):
    """Pre-validations of organizations."""

    days: Annotated[int, Meta(ge=1, le=3650)] = 365
    """How long an approved one is valid unless the operator sets another end (BR §4.2.1: 398)."""
    renewal_lead_days: Annotated[int, Meta(ge=1, le=180)] = 30
    """How long before its end one is renewed, for resellers with automatic renewal."""


class Refund(Section, frozen=True):
    """How names are refunded without an operator."""

    revoke_certificates: bool = False
    """Revoke what was issued for a name that is removed and refunded."""
    once_per_name_days: Annotated[int, Meta(ge=0, le=3650)] = 0
    """R22: the same name of a reseller is refunded once in so many days; 0 = the source."""
