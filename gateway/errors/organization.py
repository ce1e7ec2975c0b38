"""Refusals of organizations and pre-validations."""

from gateway.errors import GatewayError
from gateway.errors.request import RequestRefusal


class NotApplicableForDv(RequestRefusal):
    """E9: a pre-validation was named on a DV server."""


class InvalidDetail(GatewayError):
    """A detail of an organization is invalid; the text says what is wrong with `field`."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


class DocumentKept(GatewayError):
    """A document cannot be removed: a pre-validation was decided on it; the text names that."""
