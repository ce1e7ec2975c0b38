"""Refusals of ACME requests."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.errors import DetailedError, GatewayError


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why no certificate is issued for `names`. `text` is a sentence a customer can act on.

    `reason` is a stable code for the audit trail. `concerns_name_only` = certificates may be
    issued, but the subscription does not cover this name. `type` is that of the identifiers (RFC
    8555 §9.7.7).
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
    """Why CAA prevents a certificate for `name`.

    `forbidden` = its records say so; otherwise they could not be looked up.
    """

    name: str
    forbidden: bool
    text: str


class CaaRefused(GatewayError):
    """The owners of these names do not allow issuance, or may not allow it (RFC 8659)."""

    def __init__(self, refusals: Sequence[CaaRefusal]) -> None:
        super().__init__(" ".join(refusal.text for refusal in refusals))
        self.refusals = list(refusals)

    @property
    def forbidden(self) -> bool:
        """Whether records forbid it, so that trying again is of no use while they stay the same."""
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


class AccountRefused(DetailedError):
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


class TermsNotAgreed(GatewayError):
    """The account must agree to the terms of service first (RFC 8555 §7.3.3)."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


class ContactInvalid(DetailedError):
    """A contact of a supported scheme that cannot be used (RFC 8555 §7.3)."""


class ContactUnsupported(DetailedError):
    """A contact of another scheme than mailto (RFC 8555 §7.3)."""


class OrderNotReady(DetailedError):
    """Finalize came too early, too late, or for another key (RFC 8555 §7.4)."""


class BadCsr(DetailedError):
    """The CSR cannot be used (RFC 8555 §7.4); the text says what to fix."""


class RevocationRefused(DetailedError):
    """Whoever asks may not revoke this certificate (RFC 8555 §7.6)."""


class AlreadyRevoked(DetailedError):
    """The certificate is revoked already (RFC 8555 §7.6)."""


class BadRevocationReason(DetailedError):
    """The reason code is not one that subscribers may give."""


class CertificateUnreadable(DetailedError):
    """The data is no certificate."""


class NotReplaceable(DetailedError):
    """An order says it replaces a certificate that it cannot replace (RFC 9773 §5)."""


class AlreadyReplaced(DetailedError):
    """Another order replaces the certificate (RFC 9773 §7.4)."""


class UnknownProfile(DetailedError):
    """The order names a certificate profile that is not offered."""


class BadValidity(DetailedError):
    """The requested notBefore/notAfter do not fit the profile."""
