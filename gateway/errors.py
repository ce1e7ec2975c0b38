"""Errors of the domain. They know nothing of HTTP; each door renders them in one place."""


class GatewayError(Exception):
    """Base of everything a use case may refuse with."""


class ConfigurationError(GatewayError):
    """The operator's configuration cannot work; the text says what to change."""


# --- what a reseller may be refused with -----------------------------------------------------


class ResellerRefusal(GatewayError):
    """An action of the reseller API was refused; nothing was changed."""


class ArgumentMissing(ResellerRefusal):
    """E2. `name` is the argument as the caller spelled it, or as documented."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class ArgumentInvalid(ResellerRefusal):
    """E3."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class ArgumentUnrecognized(ResellerRefusal):
    """E1."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class NotBase64url(ResellerRefusal):
    """E4."""


class LoginRefused(ResellerRefusal):
    """E5: wrong login or password, locked, or blocked address; never says which."""


class HttpsRequired(ResellerRefusal):
    """E6."""


class NotDeactivatable(ResellerRefusal):
    """E7."""


class DomainNotRemovable(ResellerRefusal):
    """E8."""


class NotApplicableForDv(ResellerRefusal):
    """E9."""


class PermissionDenied(ResellerRefusal):
    """E10."""


class NotExtendable(ResellerRefusal):
    """E11: expired, outside the extension window, or no subscription."""


class PricingMissing(ResellerRefusal):
    """E12."""


class PricingBroken(ResellerRefusal):
    """E13."""


class NotEnoughCredit(ResellerRefusal):
    """E14."""


class Tier1DebitFailed(ResellerRefusal):
    """E15."""


class Tier1CreditLimitReached(ResellerRefusal):
    """E16."""


class DomainAlreadyPresent(ResellerRefusal):
    """E18a."""


class IdempotencyKeyReused(ResellerRefusal):
    """The same Idempotency-Key came with another request."""
