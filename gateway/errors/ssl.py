"""What a customer of the SSL certificate API is refused with."""

from gateway.errors import DetailedError, GatewayError


class BadMember(DetailedError):
    """A member of the JSON or a query parameter is missing, unknown or of no use.

    `kept` is the text without the caller's own words, where `detail` repeats them.
    """

    def __init__(self, detail: str, kept: str | None = None) -> None:
        super().__init__(detail)
        self.kept = kept


class StatusForbids(DetailedError):
    """The operation does not fit the status of the certificate."""


class UnsubscriptionWaits(DetailedError):
    """An operator is to decide on an earlier unsubscription first (§8 G3)."""


class NotAcknowledged(GatewayError):
    """The customer did not acknowledge that the certificate cannot be restored."""


class CouponRefused(DetailedError):
    """The coupon is unknown, used or past its time."""
