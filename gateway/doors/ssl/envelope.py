"""The one place that renders answers and errors of the SSL certificate API.

An error is {"error_code": "SCM.XXXX", "error_msg": "…"} (docs/wire.md §8).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from aiohttp import web

from gateway.errors import NotFound
from gateway.errors.acme import BadCsr
from gateway.errors.money import (
    NotEnoughCredit,
    NotRefundable,
    PricingBroken,
    PricingMissing,
    Tier1CreditLimitReached,
    Tier1DebitFailed,
)
from gateway.errors.request import (
    HttpsRequired,
    IdempotencyKeyInvalid,
    IdempotencyKeyReused,
    PermissionDenied,
    TokenRefused,
)
from gateway.errors.ssl import (
    BadMember,
    CouponRefused,
    NotAcknowledged,
    StatusForbids,
    UnsubscriptionWaits,
)
from gateway.web import unserved
from gateway.web.door import Envelope, Exchange

_LONGEST_MESSAGE = 1024
_json = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True, slots=True)
class SslRendering:
    """How one class of refusal is rendered; `text` None = by the error's own text."""

    status: int
    code: str
    text: str | None = None


RENDERINGS: dict[type[Exception], SslRendering] = {
    BadMember: SslRendering(400, "SCM.0001"),
    IdempotencyKeyInvalid: SslRendering(
        400,
        "SCM.0001",
        "Idempotency-Key must be 1 to 255 printable ASCII characters, sent once.",
    ),
    BadCsr: SslRendering(400, "SCM.0002"),
    TokenRefused: SslRendering(401, "SCM.0011", "The X-Auth-Token is missing or refused."),
    PermissionDenied: SslRendering(403, "SCM.0021", "The account is suspended."),
    HttpsRequired: SslRendering(403, "SCM.0022", "HTTPS is required."),
    PricingMissing: SslRendering(
        403, "SCM.0023", "This brand and type are not on offer for such domains."
    ),
    PricingBroken: SslRendering(403, "SCM.0024", "The price configuration is invalid."),
    NotEnoughCredit: SslRendering(403, "SCM.0025", "Not enough credit."),
    Tier1DebitFailed: SslRendering(403, "SCM.0026", "The Tier 1 account could not be debited."),
    Tier1CreditLimitReached: SslRendering(
        403, "SCM.0027", "The credit limit of the Tier 1 account is reached."
    ),
    CouponRefused: SslRendering(403, "SCM.0028"),
    NotRefundable: SslRendering(403, "SCM.0029"),
    NotAcknowledged: SslRendering(
        403,
        "SCM.0030",
        "Acknowledge that the certificate will be deleted and cannot be restored.",
    ),
    NotFound: SslRendering(404, "SCM.0041", "There is no such certificate."),
    StatusForbids: SslRendering(409, "SCM.0051"),
    UnsubscriptionWaits: SslRendering(409, "SCM.0052"),
    IdempotencyKeyReused: SslRendering(
        409, "SCM.0053", "The Idempotency-Key was already used with another request."
    ),
}
"""A new refusal is one line here, and one in docs/ssl-api.md."""

UNSERVED: dict[type[Exception], SslRendering] = {
    unserved.BodyBroken: SslRendering(400, "SCM.0003", "The request body could not be read."),
    unserved.NoSuchResource: SslRendering(404, "SCM.0042", "There is no such resource."),
    unserved.MethodNotAllowed: SslRendering(405, "SCM.0043", "This resource has no such method."),
    unserved.BodyTooSlow: SslRendering(408, "SCM.0044", "The request body did not arrive in time."),
    unserved.BodyTooLarge: SslRendering(413, "SCM.0045", "The request body is too large."),
    unserved.WrongMediaType: SslRendering(
        415, "SCM.0046", "The content type must be application/json."
    ),
    unserved.InternalFault: SslRendering(500, "SCM.0090", "An internal error occurred."),
    unserved.DatabaseAway: SslRendering(
        503, "SCM.0091", "The service is temporarily unavailable, please try again."
    ),
}
"""Renderings of requests that cannot be served at all."""


def encode(document: dict[str, Any]) -> bytes:
    """The JSON of an answer; a Decimal becomes a number with its own decimals."""
    return _json.encode(document)


def answer(document: dict[str, Any]) -> web.Response:
    """200 with a document."""
    return encoded(encode(document))


def encoded(body: bytes) -> web.Response:
    """200 with an encoded document."""
    return web.Response(body=body, content_type="application/json")


class SslEnvelope(Envelope[SslRendering]):
    """Renders errors with two documented members, `error_code` and `error_msg`."""

    table: Mapping[type[Exception], SslRendering] = {**RENDERINGS, **UNSERVED}

    def refusal(
        self, line: SslRendering, error: Exception, exchange: Exchange | None = None
    ) -> web.Response:
        body = encode({"error_code": line.code, "error_msg": _message(line, error)})
        return web.Response(status=line.status, body=body, content_type="application/json")

    def operator_text(self, line: SslRendering, error: Exception) -> str:
        kept = getattr(error, "kept", None)
        return f"{line.code}: {_message(line, error) if kept is None else kept}"


def _message(line: SslRendering, error: Exception) -> str:
    # The text may repeat what the caller sent, with characters that UTF-8 cannot encode.
    return (line.text or str(error)).encode(errors="replace").decode()[:_LONGEST_MESSAGE]
