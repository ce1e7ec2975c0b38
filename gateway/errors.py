"""Errors of the domain. They know nothing of HTTP; each door renders them in one place."""

from collections.abc import Sequence
from dataclasses import dataclass


class GatewayError(Exception):
    """Base of everything a use case may refuse with."""


class ConfigurationError(GatewayError):
    """The operator's configuration cannot work; the text says what to change."""


class OperatorMistake(GatewayError):
    """A command cannot be carried out as given; the text tells the operator what to change."""


class NoticeMistake(OperatorMistake):
    """Notices cannot be set up like that. `part` is what is wrong: address, kind, destination, …"""

    def __init__(self, part: str, text: str) -> None:
        super().__init__(text)
        self.part = part


# --- what a reseller may be refused with -----------------------------------------------------


class ResellerRefusal(GatewayError):
    """An action of the reseller API was refused; nothing was changed."""


class ArgumentMissing(ResellerRefusal):
    """E2. `name` is the argument as the caller spelled it, or as documented."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class ArgumentInvalid(ResellerRefusal):
    """E3. `hint` is told after the text of it, where that alone does not say what to do."""

    def __init__(self, name: str, hint: str = "") -> None:
        super().__init__(name)
        self.name = name
        self.hint = hint


class ArgumentUnrecognized(ResellerRefusal):
    """E1."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class NotBase64url(ResellerRefusal):
    """E4."""


class LoginRefused(ResellerRefusal):
    """E5: wrong login or password, locked, or blocked address; never says which.

    `why` does, and `known` says that the login exists: for operators only.
    """

    def __init__(self, why: str = "", *, known: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.known = known


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


class SubscriptionInGrace(NotExtendable):
    """A15: nothing can be added until it is extended, or over (A16, A29)."""


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


class TooManyLogins(ResellerRefusal):
    """More passwords wait to be checked than this process can check soon."""


# --- what an ACME client may be refused with -------------------------------------------------


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why no certificate is issued for `names`. `text` is a sentence a customer can act on.

    `reason` is a stable word for the audit trail. `concerns_name_only` = the right to issue is
    fine, just this name is not covered by it. `type` is that of the identifiers (RFC 8555 §9.7.7).
    """

    reason: str
    names: tuple[str, ...]
    text: str
    concerns_name_only: bool = False
    type: str = "dns"


class IssuanceRefused(GatewayError):
    """The gate is closed; holds one Refusal per reason, or per name where names differ."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        super().__init__("; ".join(refusal.text for refusal in refusals))
        self.refusals = list(refusals)


@dataclass(frozen=True, slots=True)
class CaaRefusal:
    """Why CAA stands in the way of a certificate for `name`.

    `forbidden` = its records say so; otherwise they could not be looked up.
    """

    name: str
    forbidden: bool
    text: str


class CaaRefused(GatewayError):
    """RFC 8659: not allowed, or not known to be allowed, by the owners of these names."""

    def __init__(self, refusals: Sequence[CaaRefusal]) -> None:
        super().__init__(" ".join(refusal.text for refusal in refusals))
        self.refusals = list(refusals)

    @property
    def forbidden(self) -> bool:
        """Trying again is of no use while the records are what they are."""
        return any(refusal.forbidden for refusal in self.refusals)


class CaaUnchecked(GatewayError):
    """CAA could not be looked up for a reason on our side; the same request may succeed later."""


class EabRefused(GatewayError):
    """External account binding failed; `malformed` = the client built it wrongly.

    `known` = the key identifier exists.
    """

    def __init__(self, detail: str, *, malformed: bool = False, known: bool = False) -> None:
        super().__init__(detail)
        self.detail = detail
        self.known = known
        self.malformed = malformed


class _Detailed(GatewayError):
    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class AccountRefused(_Detailed):
    """The ACME account may do nothing (any more): suspended, deactivated, or its EAB is."""


class NonceUsed(GatewayError):
    """The nonce of a signed request was burnt before, or belongs to an older epoch."""


class KeyChanged(GatewayError):
    """The account's key was replaced after this process had cached it."""


class KeyInUse(GatewayError):
    """Another account of this server has the key (RFC 8555 §7.3.5)."""

    def __init__(self, account_id: str) -> None:
        super().__init__(account_id)
        self.account_id = account_id


class NotFound(GatewayError):
    """There is no such thing, or it belongs to somebody else."""


class TermsNotAgreed(GatewayError):
    """The account must agree to the terms of service first (RFC 8555 §7.3.3)."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


class ContactInvalid(_Detailed):
    """A contact of a supported scheme that cannot be used (RFC 8555 §7.3)."""


class ContactUnsupported(_Detailed):
    """A contact of another scheme than mailto (RFC 8555 §7.3)."""


class OrderNotReady(_Detailed):
    """RFC 8555 §7.4: finalize came too early, too late, or for another key."""


class BadCsr(_Detailed):
    """RFC 8555 §7.4; the text says what to fix."""


class RevocationRefused(_Detailed):
    """Whoever asks may not revoke this certificate (RFC 8555 §7.6)."""


class AlreadyRevoked(_Detailed):
    """RFC 8555 §7.6."""


class BadRevocationReason(_Detailed):
    """The reason code is not one that subscribers may give."""


class CertificateUnreadable(_Detailed):
    """What should be a certificate is none."""


class NotReplaceable(_Detailed):
    """An order says it replaces a certificate that it cannot replace (RFC 9773 §5)."""


class AlreadyReplaced(_Detailed):
    """Another order replaces the certificate (RFC 9773 §7.4)."""


class UnknownProfile(_Detailed):
    """The order names a certificate profile that is not offered."""


class BadValidity(_Detailed):
    """The requested notBefore/notAfter do not fit the profile."""


# --- what a customer of the certificate-order API may be refused with -------------------------


class TokenRefused(GatewayError):
    """No token, an unknown or revoked one, or from an address that may not log in.

    `why` says which, and `login` whose it is, for operators only.
    """

    def __init__(self, why: str = "", login: str | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.login = login
        self.known = login is not None


class BadMember(_Detailed):
    """A member of the JSON or a query parameter is missing, unknown or of no use.

    `kept` is the text without the caller's own words, where `detail` repeats them.
    """

    def __init__(self, detail: str, kept: str | None = None) -> None:
        super().__init__(detail)
        self.kept = kept


class StatusForbids(_Detailed):
    """The operation does not fit the status of the certificate."""


class UnsubscriptionWaits(_Detailed):
    """An operator is to decide on an earlier unsubscription first (§8 G3)."""


class NotAcknowledged(GatewayError):
    """The customer did not acknowledge that the certificate cannot be restored."""


class NotRefundable(_Detailed):
    """No money back by the rules of the product; the text says why."""


class CouponRefused(_Detailed):
    """The coupon is unknown, used or past its time."""
