"""Refusals of pre-validations."""

from gateway.errors.reseller import ResellerRefusal


class NotApplicableForDv(ResellerRefusal):
    """E9: a pre-validation was named on a DV server."""
