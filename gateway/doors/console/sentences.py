"""The one table from errors of the domain to what a person reads, and to the field it is about."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.errors import DetailedError, NotFound, OperatorMistake
from gateway.errors.acme import BadCsr
from gateway.errors.money import (
    NotEnoughCredit,
    NotRefundable,
    PricingBroken,
    PricingMissing,
    QuoteChanged,
    Tier1CreditLimitReached,
    Tier1DebitFailed,
)
from gateway.errors.notice import NoticeMistake
from gateway.errors.operation import (
    FactorNeeded,
    FactorNotAdded,
    FactorNotShown,
    FactorRefused,
    FormForged,
    RoleForbids,
    SelectionChanged,
    SelectionMistake,
    SessionNeeded,
)
from gateway.errors.organization import DocumentKept, InvalidDetail, NotApplicableForDv
from gateway.errors.request import (
    ArgumentInvalid,
    ArgumentMissing,
    ArgumentUnrecognized,
    HttpsRequired,
    IdempotencyKeyInvalid,
    IdempotencyKeyReused,
    LoginRefused,
    NotBase64url,
    PermissionDenied,
    TooManyLogins,
)
from gateway.errors.sitelock import (
    AlreadyCancelled,
    AlreadyRefunded,
    LicenceExists,
    LowerTier,
    OnlyAddOns,
    OnlyWithSsl,
    OutsideRenewalPeriod,
    PartnerInactive,
)
from gateway.errors.ssl import CouponRefused, NotAcknowledged
from gateway.errors.subscription import (
    DomainAlreadyPresent,
    DomainNotRemovable,
    NotDeactivatable,
    NotExtendable,
    SubscriptionInGrace,
)
from gateway.web import unserved


@dataclass(frozen=True, slots=True)
class Sentence:
    """What is shown of one class of errors; `text` None = the error's own text.

    `field` is the form's field it is about, unless the error itself names one; "" = the whole form.
    """

    status: int
    text: str | None = None
    field: str = ""


SENTENCES: Mapping[type[Exception], Sentence] = {
    # People and their forms.
    SessionNeeded: Sentence(401, "Please sign in."),
    LoginRefused: Sentence(
        403,
        "The login or the password is not right, or the login is locked for some minutes,"
        " or may not be used from your address.",
    ),
    TooManyLogins: Sentence(429, "Too many people are signing in. Try again in a few seconds."),
    FactorRefused: Sentence(
        403,
        "The code or the passkey is not right or was used before, or the login is locked for some"
        " minutes.",
        "one_time_code",
    ),
    FactorNotShown: Sentence(403, "Show your second factor first: it was not shown just now."),
    FactorNeeded: Sentence(403, "Set up a second factor first."),
    FactorNotAdded: Sentence(422),
    FormForged: Sentence(
        403, "This form did not come from a page of your session. Open the page, and send it again."
    ),
    RoleForbids: Sentence(403, "Your role does not allow this. An admin can do it."),
    PermissionDenied: Sentence(403, "Your account is suspended. Ask support to reinstate it."),
    IdempotencyKeyInvalid: Sentence(
        400, "The key of this form cannot be used. Open its page anew."
    ),
    IdempotencyKeyReused: Sentence(
        409,
        "This form was already sent, with other values. See what came of it before you send this.",
    ),
    ArgumentMissing: Sentence(422, "Enter a value here."),
    ArgumentInvalid: Sentence(422, "This value cannot be used."),
    ArgumentUnrecognized: Sentence(400, "The request has a field that this page does not know."),
    NotBase64url: Sentence(422, "This is not base64url."),
    HttpsRequired: Sentence(403, "The console needs HTTPS."),
    NotFound: Sentence(404, "There is no such thing, or it is not yours."),
    OperatorMistake: Sentence(422),
    DetailedError: Sentence(422),
    SelectionMistake: Sentence(422),
    SelectionChanged: Sentence(409),
    # Money.
    QuoteChanged: Sentence(409),
    PricingMissing: Sentence(422, "There is no price for this yet. Ask support for one."),
    PricingBroken: Sentence(422, "The price of this cannot be used. Ask support to mend it."),
    NotEnoughCredit: Sentence(422, "The balance does not suffice. Pay in, and try again."),
    Tier1DebitFailed: Sentence(422, "The account above yours could not be debited."),
    Tier1CreditLimitReached: Sentence(422, "The account above yours has too little credit."),
    NotRefundable: Sentence(422),
    # Subscriptions and organizations.
    NotDeactivatable: Sentence(422, "The account was deactivated before."),
    DomainNotRemovable: Sentence(422, "The name is not in the subscription any more."),
    NotExtendable: Sentence(
        422, "There is no subscription that can be extended now: none, expired, or too early."
    ),
    SubscriptionInGrace: Sentence(
        422, "The subscription has expired. Extend it, then names can be added again."
    ),
    DomainAlreadyPresent: Sentence(422, "The name is in the subscription already.", "domainName"),
    NotApplicableForDv: Sentence(422, "A DV server takes no pre-validation."),
    InvalidDetail: Sentence(422),
    DocumentKept: Sentence(422),
    # SSL certificates and SiteLock.
    NotAcknowledged: Sentence(
        422, "Tick the box: the certificate cannot be restored.", "acknowledged"
    ),
    BadCsr: Sentence(422, None, "csr"),
    CouponRefused: Sentence(422, None, "coupon"),
    AlreadyRefunded: Sentence(409, "The order was refunded before."),
    AlreadyCancelled: Sentence(409, "The licence was cancelled before."),
    OnlyAddOns: Sentence(422, "Only add-ons can be refunded like this."),
    OutsideRenewalPeriod: Sentence(422, "The licence can be renewed in its last 30 days only."),
    LowerTier: Sentence(422, "An upgrade is to a higher product only."),
    LicenceExists: Sentence(422, "There is a licence for this domain already."),
    PartnerInactive: Sentence(422, "This partner is not active."),
    OnlyWithSsl: Sentence(422, "This product is sold with an SSL certificate only."),
}
"""A new refusal that a page can meet is one line here."""

UNSERVED: Mapping[type[Exception], Sentence] = {
    unserved.BodyBroken: Sentence(400, "The form did not arrive complete. Send it again."),
    unserved.NoSuchResource: Sentence(404, "There is no such page."),
    unserved.MethodNotAllowed: Sentence(405, "This page cannot be asked for like that."),
    unserved.BodyTooSlow: Sentence(408, "The form did not arrive in time. Send it again."),
    unserved.BodyTooLarge: Sentence(413, "That is more than this page takes. Send less."),
    unserved.WrongMediaType: Sentence(415, "This page takes forms only."),
    unserved.InternalFault: Sentence(500, "Something went wrong on our side. It was noted."),
    unserved.DatabaseAway: Sentence(503, "The database does not answer now."),
}
"""Requests that cannot be served at all."""

TITLES = {
    400: "Bad request",
    401: "Sign in",
    403: "Not allowed",
    404: "Not found",
    405: "Not allowed",
    408: "Too slow",
    409: "Already done",
    413: "Too large",
    415: "Not a form",
    422: "Not possible",
    429: "Too many at once",
    500: "Our fault",
    503: "Not available now",
}
"""Headings of pages that only tell of an error."""


def text_of(line: Sentence, error: Exception) -> str:
    """What a person reads of an error."""
    text = line.text or str(error)
    hint = getattr(error, "hint", "")
    return f"{text} {hint}" if hint else text


def field_of(line: Sentence, error: Exception) -> str:
    """The field that an error is about; "" = the whole form."""
    if isinstance(error, ArgumentMissing | ArgumentInvalid):
        return error.name
    if isinstance(error, InvalidDetail):
        return error.field
    if isinstance(error, NoticeMistake | SelectionMistake):
        return error.part
    return line.field
