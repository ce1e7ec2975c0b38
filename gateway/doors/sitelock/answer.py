"""Answers with integer codes (§7.2), as lines of text or URL-encoded pairs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from aiohttp import web

from gateway import errors
from gateway.doors.sitelock.forms import CountryUnknown
from gateway.rules.sitelock import licences
from gateway.usecases.sitelock import refunds as sitelock_refunds

OK = 0
GET_INSTEAD_OF_POST = -17
UNKNOWN_ERROR = -14

_CODES: Mapping[type[Exception], tuple[int, str]] = {
    errors.HttpsRequired: (-1, "Use of HTTPS is REQUIRED!"),
    errors.ArgumentUnrecognized: (-2, "'{}' is an unrecognized argument!"),
    errors.ArgumentMissing: (-3, "The '{}' argument is missing!"),
    errors.ArgumentInvalid: (-4, "The value of the '{}' argument is invalid!"),
    CountryUnknown: (-7, "The value of the '{}' argument is no country code of ISO 3166!"),
    errors.IdempotencyKeyReused: (-4, "The Idempotency-Key was used for another request!"),
    errors.NotEnoughCredit: (-15, "Not enough credit!"),
    errors.Tier1DebitFailed: (-15, "Not enough credit!"),
    errors.Tier1CreditLimitReached: (-15, "Not enough credit!"),
    errors.LoginRefused: (
        -16,
        "Incorrect login details, account is locked, password has expired, or your source IP is "
        "blocked!",
    ),
    errors.PermissionDenied: (-16, "Permission denied!"),
    errors.TooManyLogins: (-42, "Too many logins at once; try again in a moment."),
    licences.PartnerInactive: (-76, "The SiteLock partner account is not activated!"),
    errors.PricingMissing: (-115, "There is no price for this product!"),
    sitelock_refunds.AlreadyRefunded: (-18, "The order has already been refunded!"),
    sitelock_refunds.AlreadyCancelled: (-20, "The order has already been cancelled!"),
    licences.OutsideRenewalPeriod: (-121, "Renewals are possible in the 30 days before expiry!"),
    licences.LowerTier: (-121, "A lower tier than the present one cannot be ordered!"),
    licences.LicenceExists: (-122, "The domain or account already exists!"),
    licences.OnlyWithSsl: (-124, "This bundle is available with an SSL order only!"),
    # Codes that came with AutoRefund v2.4; their meaning is a guess (§7.2).
    errors.NotRefundable: (-54, "The order cannot be refunded: {}"),
    sitelock_refunds.OnlyAddOns: (-69, "Add-ons are not refunded by themselves!"),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """Named values in their order; the text form has them as lines, without the names."""

    code: int
    values: Sequence[tuple[str, str]] = ()

    def rendered(self, url_encoded: bool, status: int = 200) -> web.Response:
        """Codes are in the body; the HTTP status is 200 whenever the request was understood."""
        if url_encoded:
            body = urlencode([("errorCode", str(self.code)), *self.values])
            kind = "application/x-www-form-urlencoded"
        else:
            # errorItem is in the text of the message already.
            lines = [value for name, value in self.values if name != "errorItem"]
            body, kind = "\n".join([str(self.code), *lines]) + "\n", "text/plain"
        return web.Response(
            text=body,
            status=status,
            content_type=kind,
            charset="utf-8",
            headers={"Cache-Control": "no-store"},
        )


def refusal(error: errors.GatewayError, name: str | None = None) -> Answer | None:
    """None = no product has this refusal; `name` stands for the argument's own name."""
    found = next((_CODES[kind] for kind in type(error).__mro__ if kind in _CODES), None)
    if found is None:
        return None
    code, text = found
    item = _printable(str(getattr(error, "name", "")) if name is None else name)
    message = text.format(item or error)
    return failed(code, message, item)


def told(answer: Answer) -> str:
    """Code and message of an error."""
    return f"{answer.code}: {dict(answer.values)['errorMessage']}"


def _printable(item: str) -> str:
    """The caller's own word: it must not make lines of its own, nor be no Unicode."""
    return "".join(letter if letter.isprintable() else "?" for letter in item[:64])


def failed(code: int, message: str, item: str = "") -> Answer:
    """An error; `item` is the argument that is to blame, if there is one."""
    values = [("errorMessage", message)]
    if item:
        values.append(("errorItem", item))
    return Answer(code, values)
