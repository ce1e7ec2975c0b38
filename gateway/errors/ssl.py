"""Refusals of the SSL certificate API."""

from gateway.errors import DetailedError, GatewayError


class BadMember(DetailedError):
    """A member of the JSON or a query parameter is missing, unknown or unusable.

    `kept` is the text without quotations of the caller's input, where `detail` repeats it.
    """

    def __init__(self, detail: str, kept: str | None = None) -> None:
        super().__init__(detail)
        self.kept = kept


class StatusForbids(DetailedError):
    """The operation does not fit the status of the certificate."""


class UnsubscriptionWaits(DetailedError):
    """An operator is to decide on an earlier unsubscription first (G3)."""


class NotAcknowledged(GatewayError):
    """The customer did not acknowledge that the certificate cannot be restored."""


class CouponRefused(DetailedError):
    """The coupon is unknown, used or expired."""
