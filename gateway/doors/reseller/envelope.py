"""How answers and errors look on the wire: the one place (docs/wire.md §3)."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from aiohttp import web

from gateway import errors
from gateway.errors import GatewayError

_URN = "urn:sectigo:params:acme:error:"
_RETRY_AFTER_SECONDS = 5
_json = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True, slots=True)
class Rendering:
    """How one class of refusal is told. `{name}` in `detail` is the argument's name."""

    status: int
    kind: str
    detail: str


RENDERINGS: dict[type[GatewayError], Rendering] = {
    errors.ArgumentUnrecognized: Rendering(
        400, "malformed", "'{name}' is an unrecognized argument!"
    ),
    errors.ArgumentMissing: Rendering(400, "malformed", "The '{name}' argument is missing!"),
    errors.ArgumentInvalid: Rendering(
        400, "malformed", "The value of the '{name}' argument is invalid!"
    ),
    errors.NotBase64url: Rendering(400, "malformed", "Base64url-encoding failed!"),
    errors.LoginRefused: Rendering(
        401,
        "unauthorized",
        "Incorrect login details, account is locked, password has expired,"
        " or your source IP is blocked!",
    ),
    errors.HttpsRequired: Rendering(403, "unauthorized", "Use of HTTPS is REQUIRED!"),
    errors.NotDeactivatable: Rendering(403, "unauthorized", "Account could not be deactivated!"),
    errors.DomainNotRemovable: Rendering(403, "unauthorized", "Domain could not be removed!"),
    errors.NotApplicableForDv: Rendering(403, "unauthorized", "Not applicable for DV!"),
    errors.PermissionDenied: Rendering(403, "unauthorized", "Permission denied!"),
    errors.NotExtendable: Rendering(
        403,
        "unauthorized",
        "Subscription has expired, is outside the extension window, or does not exist!",
    ),
    errors.SubscriptionInGrace: Rendering(
        403,
        "unauthorized",
        "Subscription has expired, renew the subscription before adding a domain!",
    ),
    errors.PricingMissing: Rendering(403, "unauthorized", "Pricing is not configured!"),
    errors.PricingBroken: Rendering(403, "unauthorized", "Invalid price configuration!"),
    errors.NotEnoughCredit: Rendering(403, "unauthorized", "Not enough credit!"),
    errors.Tier1DebitFailed: Rendering(
        403, "unauthorized", "The Tier 1 account could not be debited!"
    ),
    errors.Tier1CreditLimitReached: Rendering(
        403, "unauthorized", "The credit limit of the Tier 1 account is reached!"
    ),
    errors.DomainAlreadyPresent: Rendering(
        403, "unauthorized", "The domain name is already present in the subscription."
    ),
    errors.IdempotencyKeyReused: Rendering(
        409, "malformed", "The Idempotency-Key was already used with another request!"
    ),
    errors.TooManyLogins: Rendering(
        429, "rateLimited", "Too many requests, please try again in a few seconds!"
    ),
}
"""The error table of §3. A new refusal is one line here."""

METHOD_NOT_ALLOWED = Rendering(405, "malformed", "Use the POST method!")
BODY_TOO_SLOW = Rendering(408, "malformed", "The request body did not arrive in time!")
BODY_TOO_LARGE = Rendering(413, "malformed", "The request body is too large!")
BODY_BROKEN = Rendering(400, "malformed", "The request body could not be read!")
WRONG_CONTENT_TYPE = Rendering(
    415, "malformed", "The content type must be application/x-www-form-urlencoded!"
)
DATABASE_AWAY = Rendering(
    503, "serverInternal", "The service is temporarily unavailable, please try again!"
)
INTERNAL = Rendering(500, "serverInternal", "An internal error occurred!")

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


class Unserved(Exception):
    """The HTTP request itself cannot be served."""

    def __init__(self, rendering: Rendering) -> None:
        super().__init__(rendering.detail)
        self.rendering = rendering


def timestamp(moment: datetime) -> str:
    """`YYYY-MM-DDTHH:MM:SSZ`, fractions cut off (§1)."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def encode(answer: dict[str, Any]) -> bytes:
    """The JSON of an answer; a Decimal becomes a number with its own decimals."""
    return _json.encode(answer)


def answer(body: bytes) -> web.Response:
    """200 with an encoded answer."""
    return _response(200, body)


def refusal(error: GatewayError) -> web.Response:
    """The documented error for `error`; an undocumented one is an internal error."""
    for kind in type(error).__mro__:
        rendering = RENDERINGS.get(kind)
        if rendering is not None:
            return render(
                rendering, name=getattr(error, "name", ""), hint=getattr(error, "hint", "")
            )
    return render(INTERNAL)


def told(response: web.Response) -> str:
    """The `detail` of an error."""
    assert isinstance(response.body, bytes)
    return str(msgspec.json.decode(response.body)["detail"])


def told_of(error: GatewayError, name: str) -> str:
    """The `detail` of an error, with `name` in place of the argument's name."""
    found = (RENDERINGS[kind] for kind in type(error).__mro__ if kind in RENDERINGS)
    return _detail(next(found, INTERNAL), name, getattr(error, "hint", ""))


def render(rendering: Rendering, *, name: str = "", hint: str = "") -> web.Response:
    """An error with its two documented members, `type` and `detail`.

    `errorMessage` says the same: a public client shows that or nothing, and takes a name that is
    present already for a success by it (docs/wire.md §9, C:ts).
    """
    # The name is the caller's own: it may hold what UTF-8 cannot say.
    printable = name.encode(errors="replace").decode()
    detail = _detail(rendering, printable, hint)
    told = {"type": _URN + rendering.kind, "detail": detail, "errorMessage": detail}
    body = _json.encode(told)
    response = _response(rendering.status, body)
    if rendering.status in (429, 503):
        response.headers["Retry-After"] = str(_RETRY_AFTER_SECONDS)
    if rendering.status == 405:
        response.headers["Allow"] = "POST"
    return response


def _detail(rendering: Rendering, name: str, hint: str) -> str:
    detail = rendering.detail.replace("{name}", name)
    return f"{detail} {hint}" if hint else detail


def _response(status: int, body: bytes) -> web.Response:
    # Answers hold MAC keys: nothing on the way may keep them.
    return web.Response(
        status=status,
        body=body,
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )
