"""The one place that renders answers and errors of the action API (docs/wire.md §3)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from aiohttp import web

from gateway.errors.money import (
    NotEnoughCredit,
    PricingBroken,
    PricingMissing,
    Tier1CreditLimitReached,
    Tier1DebitFailed,
)
from gateway.errors.organization import NotApplicableForDv
from gateway.errors.request import (
    ArgumentInvalid,
    ArgumentMissing,
    ArgumentUnrecognized,
    HttpsRequired,
    IdempotencyKeyReused,
    LoginRefused,
    NotBase64url,
    PermissionDenied,
    TooManyLogins,
)
from gateway.errors.subscription import (
    DomainAlreadyPresent,
    DomainNotRemovable,
    NotDeactivatable,
    NotExtendable,
    SubscriptionInGrace,
)
from gateway.web import unserved
from gateway.web.door import Envelope, Exchange
from gateway.web.refused_forms import kept_name

_URN = "urn:sectigo:params:acme:error:"
_json = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True, slots=True)
class ActionRendering:
    """How one class of refusal is rendered; `{name}` in `detail` is the argument's name."""

    status: int
    kind: str
    detail: str


RENDERINGS: dict[type[Exception], ActionRendering] = {
    ArgumentUnrecognized: ActionRendering(
        400, "malformed", "'{name}' is an unrecognized argument!"
    ),
    ArgumentMissing: ActionRendering(400, "malformed", "The '{name}' argument is missing!"),
    ArgumentInvalid: ActionRendering(
        400, "malformed", "The value of the '{name}' argument is invalid!"
    ),
    NotBase64url: ActionRendering(400, "malformed", "Base64url-encoding failed!"),
    LoginRefused: ActionRendering(
        401,
        "unauthorized",
        "Incorrect login details, account is locked, password has expired,"
        " or your source IP is blocked!",
    ),
    HttpsRequired: ActionRendering(403, "unauthorized", "Use of HTTPS is REQUIRED!"),
    NotDeactivatable: ActionRendering(403, "unauthorized", "Account could not be deactivated!"),
    DomainNotRemovable: ActionRendering(403, "unauthorized", "Domain could not be removed!"),
    NotApplicableForDv: ActionRendering(403, "unauthorized", "Not applicable for DV!"),
    PermissionDenied: ActionRendering(403, "unauthorized", "Permission denied!"),
    NotExtendable: ActionRendering(
        403,
        "unauthorized",
        "Subscription has expired, is outside the extension window, or does not exist!",
    ),
    SubscriptionInGrace: ActionRendering(
        403,
        "unauthorized",
        "Subscription has expired, renew the subscription before adding a domain!",
    ),
    PricingMissing: ActionRendering(403, "unauthorized", "Pricing is not configured!"),
    PricingBroken: ActionRendering(403, "unauthorized", "Invalid price configuration!"),
    NotEnoughCredit: ActionRendering(403, "unauthorized", "Not enough credit!"),
    Tier1DebitFailed: ActionRendering(
        403, "unauthorized", "The Tier 1 account could not be debited!"
    ),
    Tier1CreditLimitReached: ActionRendering(
        403, "unauthorized", "The credit limit of the Tier 1 account is reached!"
    ),
    DomainAlreadyPresent: ActionRendering(
        403, "unauthorized", "The domain name is already present in the subscription."
    ),
    IdempotencyKeyReused: ActionRendering(
        409, "malformed", "The Idempotency-Key was already used with another request!"
    ),
    TooManyLogins: ActionRendering(
        429, "rateLimited", "Too many requests, please try again in a few seconds!"
    ),
}
"""The error table of docs/wire.md §3. A new refusal is one line here."""

UNSERVED: dict[type[Exception], ActionRendering] = {
    unserved.BodyBroken: ActionRendering(400, "malformed", "The request body could not be read!"),
    unserved.MethodNotAllowed: ActionRendering(405, "malformed", "Use the POST method!"),
    unserved.BodyTooSlow: ActionRendering(
        408, "malformed", "The request body did not arrive in time!"
    ),
    unserved.BodyTooLarge: ActionRendering(413, "malformed", "The request body is too large!"),
    unserved.WrongMediaType: ActionRendering(
        415, "malformed", "The content type must be application/x-www-form-urlencoded!"
    ),
    unserved.InternalFault: ActionRendering(500, "serverInternal", "An internal error occurred!"),
    unserved.DatabaseAway: ActionRendering(
        503, "serverInternal", "The service is temporarily unavailable, please try again!"
    ),
}
"""Renderings of requests that cannot be served at all."""

ERROR_STATUSES = {
    400: "The request is not as documented.",
    401: "The login is refused.",
    403: "Refused: HTTPS, permission, a rule of subscriptions, or money.",
    405: "Only POST is served.",
    408: "The body came too slowly.",
    409: "The Idempotency-Key stands for another request.",
    413: "The body is larger than 64 KiB, or has more than 256 fields.",
    415: "The body is not a form.",
    429: "Too many logins at once; try again after Retry-After seconds.",
    500: "A fault of the gateway; nothing was changed.",
    503: "The gateway cannot work right now; try again after Retry-After seconds.",
}
"""What each status means, for the API description."""


def timestamp(moment: datetime) -> str:
    """`YYYY-MM-DDTHH:MM:SSZ`, fractions cut off (docs/wire.md §1)."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def encode(answer: dict[str, Any]) -> bytes:
    """The JSON of an answer; a Decimal becomes a number with its own decimals."""
    return _json.encode(answer)


def answer(body: bytes) -> web.Response:
    """200 with an encoded answer."""
    return web.Response(body=body, content_type="application/json")


class ActionEnvelope(Envelope[ActionRendering]):
    """Renders errors with two documented members, `type` and `detail`, and `errorMessage`.

    `errorMessage` repeats the detail: a public client shows only that member, and recognizes by it
    that a name is already present, which it counts as a success (docs/wire.md §9).
    `known_arguments` are in lower case.
    """

    table: Mapping[type[Exception], ActionRendering] = {**RENDERINGS, **UNSERVED}

    def __init__(self, known_arguments: Collection[str] = ()) -> None:
        self._known_arguments = known_arguments

    def refusal(
        self, line: ActionRendering, error: Exception, exchange: Exchange | None = None
    ) -> web.Response:
        # The caller chose the name: it may hold characters that UTF-8 cannot encode.
        name = str(getattr(error, "name", "")).encode(errors="replace").decode()
        detail = _detail(line, name, error)
        body = encode({"type": _URN + line.kind, "detail": detail, "errorMessage": detail})
        return web.Response(status=line.status, body=body, content_type="application/json")

    def operator_text(self, line: ActionRendering, error: Exception) -> str:
        return _detail(line, kept_name(error, self._known_arguments), error)


def _detail(line: ActionRendering, name: str, error: Exception) -> str:
    detail, hint = line.detail.replace("{name}", name), getattr(error, "hint", "")
    return f"{detail} {hint}" if hint else detail
