"""Reads requests to the SSL certificate API: strict JSON, and query parameters."""

import re
from collections.abc import Sequence
from typing import TypeVar

import msgspec
from aiohttp import web

from gateway.errors.organization import InvalidDetail
from gateway.errors.ssl import BadMember
from gateway.rules.organization.organizations import OrganizationDetails, Subject, checked
from gateway.rules.ssl.orders import CERT_ID, LONGEST_NAME, REVOCATION_REASONS, STATUSES
from gateway.store.ssl.orders import Page
from gateway.web.body import query_of
from gateway.web.door import Exchange
from gateway.web.untrusted import NotJson, TooManyFields, decode_json

MEDIA_TYPE = "application/json"

METHODS = {"DNS": "dns-01", "FILE": "http-01"}
"""Values of domain_method, and the challenge types that they stand for."""

_SORT_KEYS = ("certExpiredTime", "certStatus", "certUpdateTime")
_LIMITS = ("10", "20", "50")
_MOST_SKIPPED = 1_000_000
_BRAND = re.compile(r"[A-Z][A-Z0-9_]{0,31}")
_COUPON = re.compile(r"[A-Za-z0-9_-]{4,64}")

T = TypeVar("T", bound=msgspec.Struct)


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    pass


class Buy(_Body):
    """Body of POST /v3/scm/certificates."""

    brand: str
    type: str
    domains: list[str]
    validity_period: int
    name: str | None = None
    coupon: str | None = None


class SslOrganization(_Body):
    """The organization in an OV_SSL_CERT."""

    name: str
    country: str
    state: str = ""
    locality: str = ""


class ApplyFor(_Body):
    """Body of POST …/apply."""

    csr: str
    domain_method: str = "DNS"
    organization: SslOrganization | None = None


class RevokeIt(_Body):
    """Body of POST …/revoke."""

    reason: str = "unspecified"


class Unsubscribe(_Body):
    """Body of DELETE …/unsubscribe."""

    acknowledged: bool


async def read_json(exchange: Exchange, kind: type[T]) -> T:
    """Reads the body as `kind`. Raises BadMember and Unserved."""
    body = await exchange.read_body()
    if not body:
        raise BadMember("The request needs a JSON body.")
    return decode(exchange, body, kind)


def decode(exchange: Exchange, body: bytes, kind: type[T]) -> T:
    """Decodes a body as `kind`. Raises BadMember and Unserved."""
    exchange.require_media_type()
    try:
        return decode_json(msgspec.json.Decoder(kind), body)
    except NotJson as error:
        raise BadMember(
            f"The JSON is not as documented: {error}", "The JSON is not as documented."
        ) from None


def cert_id_of(request: web.Request) -> str:
    """The cert_id in the path, exactly 16 characters. Raises BadMember."""
    cert_id = request.match_info["cert_id"]
    if not CERT_ID.fullmatch(cert_id):
        raise BadMember("cert_id is scs and 13 digits, 16 characters in all.")
    return cert_id


def check_buy(wanted: Buy) -> None:
    """Checks brand, name and coupon; raises BadMember. The use case checks the rest."""
    if not _BRAND.fullmatch(wanted.brand):
        raise BadMember("brand must be up to 32 capital letters, digits and '_'.")
    if wanted.name is not None:
        _check_name(wanted.name)
    if wanted.coupon is not None and not _COUPON.fullmatch(wanted.coupon):
        raise BadMember("coupon must be 4 to 64 letters, digits, '-' and '_'.")


def challenge_type(wanted: ApplyFor) -> str:
    """The challenge type of a domain_method. Raises BadMember."""
    if wanted.domain_method not in METHODS:
        raise BadMember(f"domain_method must be one of {', '.join(METHODS)}.")
    return METHODS[wanted.domain_method]


def organization_of(wanted: SslOrganization | None) -> Subject | None:
    """The organization as certificates have it. Raises BadMember."""
    if wanted is None:
        return None
    try:
        details = checked(
            OrganizationDetails(wanted.name, wanted.country, wanted.locality, wanted.state)
        )
    except InvalidDetail as error:
        raise BadMember(f"organization: {error}.") from None
    return details.subject


def reason_of(wanted: RevokeIt) -> int:
    """The CRLReason. Raises BadMember."""
    if wanted.reason not in REVOCATION_REASONS:
        raise BadMember(f"reason must be one of {', '.join(REVOCATION_REASONS)}.")
    return REVOCATION_REASONS[wanted.reason]


def page_of(request: web.Request) -> Page:
    """The list's query parameters. Raises BadMember."""
    given = _once(request, ("limit", "offset", "sort_key", "sort_dir", "status"))
    limit = given.get("limit", "10")
    if limit not in _LIMITS:
        raise BadMember("limit must be 10, 20 or 50.")
    sort_key = given.get("sort_key", "certUpdateTime")
    if sort_key not in _SORT_KEYS:
        raise BadMember(f"sort_key must be one of {', '.join(_SORT_KEYS)}.")
    direction = given.get("sort_dir", "DESC").upper()
    if direction not in ("ASC", "DESC"):
        raise BadMember("sort_dir must be ASC or DESC.")
    status = given.get("status", "ALL")
    if status != "ALL" and status not in STATUSES:
        raise BadMember(f"status must be ALL or one of {', '.join(STATUSES)}.")
    return Page(
        int(limit),
        _offset(given.get("offset", "0")),
        sort_key,
        direction == "DESC",
        None if status == "ALL" else status,
    )


def acknowledged_in(request: web.Request) -> bool | None:
    """The query's `acknowledged=true|false`; None = not sent. Raises BadMember."""
    said = _once(request, ("acknowledged",)).get("acknowledged")
    if said not in (None, "true", "false"):
        raise BadMember("acknowledged must be true or false.")
    return None if said is None else said == "true"


def nothing_in(request: web.Request) -> None:
    """Raises BadMember for any query parameter."""
    _once(request, ())


def _once(request: web.Request, known: Sequence[str]) -> dict[str, str]:
    try:
        query = query_of(request)
    except TooManyFields:
        raise BadMember("There are too many query parameters.") from None
    given: dict[str, str] = {}
    for name, value in query:
        if name not in known:
            raise BadMember(
                f"There is no query parameter {name!r}.", "There is no such query parameter."
            )
        if name in given:
            raise BadMember(f"{name} must be given once.")
        given[name] = value
    return given


def _offset(text: str) -> int:
    if not re.fullmatch("[0-9]{1,7}", text) or int(text) > _MOST_SKIPPED:
        raise BadMember(f"offset must be a number from 0 to {_MOST_SKIPPED}.")
    return int(text)


def _check_name(text: str) -> None:
    if not 0 < len(text) <= LONGEST_NAME or not text.isprintable() or text != text.strip():
        raise BadMember(f"name must be 1 to {LONGEST_NAME} printable characters.")
