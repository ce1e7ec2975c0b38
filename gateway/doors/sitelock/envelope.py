"""Renders answers with integer codes (docs/wire.md §7.2), as lines or URL-encoded pairs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from aiohttp import web

from gateway.errors.money import (
    NotEnoughCredit,
    NotRefundable,
    PricingMissing,
    Tier1CreditLimitReached,
    Tier1DebitFailed,
)
from gateway.errors.request import (
    ArgumentInvalid,
    ArgumentMissing,
    ArgumentUnrecognized,
    HttpsRequired,
    IdempotencyKeyReused,
    LoginRefused,
    PermissionDenied,
    TooManyLogins,
)
from gateway.errors.sitelock import (
    AlreadyCancelled,
    AlreadyRefunded,
    CountryUnknown,
    LicenceExists,
    LowerTier,
    OnlyAddOns,
    OnlyWithSsl,
    OutsideRenewalPeriod,
    PartnerInactive,
)
from gateway.web import unserved
from gateway.web.door import Envelope, Exchange
from gateway.web.forms import Form
from gateway.web.refused_forms import kept_name

OK = 0
_INVALID = -4
_UNKNOWN_ERROR = -14
_GET_INSTEAD_OF_POST = -17
_LONGEST_ITEM = 64


@dataclass(frozen=True, slots=True)
class SiteLockRendering:
    """How one class of refusal is rendered.

    `{}` in `text` stands for the argument's name, or for the error's text if there is no argument.

    Codes are in the body; the HTTP status is 200 whenever the request was understood.
    """

    code: int
    text: str
    status: int = 200


RENDERINGS: dict[type[Exception], SiteLockRendering] = {
    HttpsRequired: SiteLockRendering(-1, "Use of HTTPS is REQUIRED!", 403),
    ArgumentUnrecognized: SiteLockRendering(-2, "'{}' is an unrecognized argument!"),
    ArgumentMissing: SiteLockRendering(-3, "The '{}' argument is missing!"),
    ArgumentInvalid: SiteLockRendering(_INVALID, "The value of the '{}' argument is invalid!"),
    CountryUnknown: SiteLockRendering(
        -7, "The value of the '{}' argument is no country code of ISO 3166!"
    ),
    IdempotencyKeyReused: SiteLockRendering(
        _INVALID, "The Idempotency-Key was used for another request!"
    ),
    NotEnoughCredit: SiteLockRendering(-15, "Not enough credit!"),
    Tier1DebitFailed: SiteLockRendering(-15, "Not enough credit!"),
    Tier1CreditLimitReached: SiteLockRendering(-15, "Not enough credit!"),
    LoginRefused: SiteLockRendering(
        -16,
        "Incorrect login details, account is locked, password has expired, or your source IP is "
        "blocked!",
    ),
    PermissionDenied: SiteLockRendering(-16, "Permission denied!"),
    TooManyLogins: SiteLockRendering(-42, "Too many logins at once; try again in a moment."),
    PartnerInactive: SiteLockRendering(-76, "The SiteLock partner account is not activated!"),
    PricingMissing: SiteLockRendering(-115, "There is no price for this product!"),
    AlreadyRefunded: SiteLockRendering(-18, "The order has already been refunded!"),
    AlreadyCancelled: SiteLockRendering(-20, "The order has already been cancelled!"),
    OutsideRenewalPeriod: SiteLockRendering(
        -121, "Renewals are possible in the 30 days before expiry!"
    ),
    LowerTier: SiteLockRendering(-121, "A lower tier than the present one cannot be ordered!"),
    LicenceExists: SiteLockRendering(-122, "The domain or account already exists!"),
    OnlyWithSsl: SiteLockRendering(-124, "This bundle is available with an SSL order only!"),
    # Codes that came with AutoRefund v2.4; their meaning is a guess (docs/wire.md §7.2).
    NotRefundable: SiteLockRendering(-54, "The order cannot be refunded: {}"),
    OnlyAddOns: SiteLockRendering(-69, "Add-ons are not refunded by themselves!"),
}
"""A new refusal is one line here, and one in docs/sitelock-api.md."""

UNSERVED: dict[type[Exception], SiteLockRendering] = {
    unserved.BodyBroken: SiteLockRendering(_INVALID, "The request body did not arrive whole!", 400),
    unserved.MethodNotAllowed: SiteLockRendering(
        _GET_INSTEAD_OF_POST, "The request must be a POST!", 405
    ),
    unserved.BodyTooSlow: SiteLockRendering(_INVALID, "The request body came too slowly!", 408),
    unserved.BodyTooLarge: SiteLockRendering(_INVALID, "The request body is too large!", 413),
    unserved.WrongMediaType: SiteLockRendering(
        _INVALID, "Send application/x-www-form-urlencoded!", 415
    ),
    unserved.InternalFault: SiteLockRendering(_UNKNOWN_ERROR, "Unknown error.", 500),
    unserved.DatabaseAway: SiteLockRendering(
        _UNKNOWN_ERROR, "The database is away, please try again.", 503
    ),
}
"""Renderings of requests that cannot be served at all."""


@dataclass(frozen=True, slots=True)
class SiteLockAnswer:
    """An answer: a code and named values in order; the text form has values only, one a line."""

    code: int
    values: Sequence[tuple[str, str]] = ()


class SiteLockEnvelope(Envelope[SiteLockRendering]):
    """Renders answers and errors as lines or pairs.

    `always_pairs` = URL-encoded answers, whatever responseFormat says (docs/wire.md §7.4).
    """

    table: Mapping[type[Exception], SiteLockRendering] = {**RENDERINGS, **UNSERVED}

    def __init__(self, known_arguments: Collection[str], *, always_pairs: bool) -> None:
        self._known_arguments = known_arguments
        self._always_pairs = always_pairs

    def answer(self, answer: SiteLockAnswer, form: Form | None, status: int = 200) -> web.Response:
        """Renders an answer in the format that the request asks for."""
        if self._always_pairs or (form is not None and _wants_pairs(form)):
            body = urlencode([("errorCode", str(answer.code)), *answer.values])
            kind = "application/x-www-form-urlencoded"
        else:
            # The text of the message already has errorItem.
            lines = [value for name, value in answer.values if name != "errorItem"]
            body, kind = "\n".join([str(answer.code), *lines]) + "\n", "text/plain"
        return web.Response(text=body, status=status, content_type=kind, charset="utf-8")

    def refusal(
        self, line: SiteLockRendering, error: Exception, exchange: Exchange
    ) -> web.Response:
        item = _printable(str(getattr(error, "name", "")))
        values = [("errorMessage", line.text.format(item or error))]
        if item:
            values.append(("errorItem", item))
        asks = isinstance(error, unserved.MethodNotAllowed) and exchange.request.method in _ASKING
        status = 200 if asks else line.status
        return self.answer(SiteLockAnswer(line.code, values), exchange.form, status)

    def operator_text(self, line: SiteLockRendering, error: Exception) -> str:
        item = _printable(kept_name(error, self._known_arguments))
        return f"{line.code}: {line.text.format(item or error)}"


_ASKING = ("GET", "HEAD")
"""Methods refused with a code and status 200, as if understood (docs/wire.md §7.2)."""


def _wants_pairs(form: Form) -> bool:
    """Does the form say responseFormat=1, before anything is checked?"""
    return "1" in form.sent("responseformat")


def _printable(item: str) -> str:
    """What the caller sent, without line breaks and other characters that cannot be printed."""
    return "".join(letter if letter.isprintable() else "?" for letter in item[:_LONGEST_ITEM])
