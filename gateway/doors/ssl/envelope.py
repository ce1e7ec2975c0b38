"""How answers and errors of the certificate-order API look on the wire: the one place.

An error is {"error_code": "SCM.XXXX", "error_msg": "…"} (docs/wire.md §8).
"""

from dataclasses import dataclass
from typing import Any

import msgspec
from aiohttp import web

from gateway import errors
from gateway.errors import GatewayError

_RETRY_AFTER_SECONDS = 5
_LONGEST_MESSAGE = 1024
_json = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True, slots=True)
class Rendering:
    """How one class of refusal is told; `text` None = the error's own words."""

    status: int
    code: str
    text: str | None = None


RENDERINGS: dict[type[GatewayError], Rendering] = {
    errors.BadMember: Rendering(400, "SCM.0001"),
    errors.BadCsr: Rendering(400, "SCM.0002"),
    errors.TokenRefused: Rendering(401, "SCM.0011", "The X-Auth-Token is missing or refused."),
    errors.PermissionDenied: Rendering(403, "SCM.0021", "The account is suspended."),
    errors.HttpsRequired: Rendering(403, "SCM.0022", "HTTPS is required."),
    errors.PricingMissing: Rendering(
        403, "SCM.0023", "This brand and type are not on offer for such domains."
    ),
    errors.PricingBroken: Rendering(403, "SCM.0024", "The price configuration is invalid."),
    errors.NotEnoughCredit: Rendering(403, "SCM.0025", "Not enough credit."),
    errors.Tier1DebitFailed: Rendering(403, "SCM.0026", "The Tier 1 account could not be debited."),
    errors.Tier1CreditLimitReached: Rendering(
        403, "SCM.0027", "The credit limit of the Tier 1 account is reached."
    ),
    errors.CouponRefused: Rendering(403, "SCM.0028"),
    errors.NotRefundable: Rendering(403, "SCM.0029"),
    errors.NotAcknowledged: Rendering(
        403,
        "SCM.0030",
        "Acknowledge that the certificate will be deleted and cannot be restored.",
    ),
    errors.NotFound: Rendering(404, "SCM.0041", "There is no such certificate."),
    errors.StatusForbids: Rendering(409, "SCM.0051"),
    errors.UnsubscriptionWaits: Rendering(409, "SCM.0052"),
    errors.IdempotencyKeyReused: Rendering(
        409, "SCM.0053", "The Idempotency-Key was already used with another request."
    ),
}
"""A new refusal is one line here, and one in docs/ssl-api.md."""

NO_SUCH_RESOURCE = Rendering(404, "SCM.0042", "There is no such resource.")
METHOD_NOT_ALLOWED = Rendering(405, "SCM.0043", "This resource has no such method.")
BODY_TOO_SLOW = Rendering(408, "SCM.0044", "The request body did not arrive in time.")
BODY_TOO_LARGE = Rendering(413, "SCM.0045", "The request body is too large.")
WRONG_CONTENT_TYPE = Rendering(415, "SCM.0046", "The content type must be application/json.")
BODY_BROKEN = Rendering(400, "SCM.0003", "The request body could not be read.")
INTERNAL = Rendering(500, "SCM.0090", "An internal error occurred.")
DATABASE_AWAY = Rendering(
    503, "SCM.0091", "The service is temporarily unavailable, please try again."
)


class Unserved(Exception):
    """The HTTP request itself cannot be served."""

    def __init__(self, rendering: Rendering) -> None:
        super().__init__(rendering.code)
        self.rendering = rendering


def encode(document: dict[str, Any]) -> bytes:
    """The JSON of an answer; a Decimal becomes a number with its own decimals."""
    return _json.encode(document)


def answer(body: bytes) -> web.Response:
    """200 with an encoded answer."""
    return _response(200, body)


def refusal(error: GatewayError) -> web.Response:
    """The documented error for `error`; an undocumented one is an internal error."""
    rendering = RENDERINGS.get(type(error))
    if rendering is None:
        return render(INTERNAL)
    return render(rendering, str(error))


def told(response: web.Response) -> str:
    """Code and message of an error."""
    assert isinstance(response.body, bytes)
    error = msgspec.json.decode(response.body)
    return f"{error['error_code']}: {error['error_msg']}"


def render(rendering: Rendering, text: str = "") -> web.Response:
    """An error with its two documented members."""
    # The text may repeat what the caller sent, and hold what UTF-8 cannot say.
    message = (rendering.text or text).encode(errors="replace").decode()[:_LONGEST_MESSAGE]
    body = _json.encode({"error_code": rendering.code, "error_msg": message})
    response = _response(rendering.status, body)
    if rendering.status == 503:
        response.headers["Retry-After"] = str(_RETRY_AFTER_SECONDS)
    return response


def _response(status: int, body: bytes) -> web.Response:
    return web.Response(
        status=status,
        body=body,
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )
