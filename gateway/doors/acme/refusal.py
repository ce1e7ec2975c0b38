"""Turns a problem into a refusal for operators: who asked, for which names, and why it failed."""

import re
from base64 import urlsafe_b64decode
from typing import Any
from uuid import UUID

import msgspec

from gateway.config import Settings
from gateway.doors.acme.eab import KID
from gateway.doors.acme.problem import Problem
from gateway.doors.acme.resources import RESOURCES
from gateway.errors import GatewayError
from gateway.errors.acme import CaaRefused, IssuanceRefused
from gateway.ids import read_id
from gateway.refusal_log import Refused, reason_of
from gateway.store.acme.servers import Server
from gateway.web.addresses import client_address
from gateway.web.front.plain_request import PlainRequest
from gateway.web.untrusted import NotJson, decode_json

_FIRST_PARTS = frozenset(pattern.partition("/")[0] for pattern in RESOURCES)
_UNKNOWN = "…"
_REPEATED = re.compile(r"'.*'|(?<=unknown field )`.*`|(?<=has no method )[^,]+")
"""Parts of an error text that repeat the request: a stranger's request may hold a secret."""
_WITH_ID = ("order", "authz", "chall")


class _Binding(msgspec.Struct):
    protected: str = ""


class _Protected(msgspec.Struct):
    kid: str | None = None


class _About(msgspec.Struct, rename="camel"):
    """The names of newOrder and newAuthz, and the EAB credential of newAccount."""

    identifiers: list[dict[str, Any]] = []
    identifier: dict[str, Any] = {}
    external_account_binding: _Binding | None = None


_asked_for = msgspec.json.Decoder(_About)
_header = msgspec.json.Decoder(_Protected)


def refused(request: PlainRequest, server: Server, problem: Problem, settings: Settings) -> Refused:
    """The record of a request that was answered with a problem."""
    call, error = problem.call, problem.__cause__
    rest = request.path.removeprefix(server.path).strip("/")
    asked, _, argument = rest.partition("/")
    signer = None if call is None else call.account_id
    wanted = _About() if call is None else _asked(call.payload)
    forwarded_for = request.headers.get("x-forwarded-for")
    lines = [forwarded_for] if forwarded_for else []
    return Refused(
        "acme",
        asked if asked in _FIRST_PARTS else _UNKNOWN,
        reason_of(error) if isinstance(error, GatewayError) else problem.kind,
        problem.detail if signer else _REPEATED.sub(_UNKNOWN, problem.detail),
        why=_why(error),
        subject=signer or _kid_in(wanted.external_account_binding),
        proven=signer is not None,
        names=_names(wanted, error) if signer else (),
        known=getattr(error, "known", False),
        source=client_address(request.peer, lines, settings),
        resource=_id_in(argument) if asked in _WITH_ID and signer else None,
    )


def _why(error: BaseException | None) -> str:
    """The gate's reasons for a refusal; empty = it was not the gate that refused."""
    if not isinstance(error, IssuanceRefused):
        return ""
    return ", ".join(sorted({refusal.reason for refusal in error.refusals}))


def _names(wanted: _About, error: BaseException | None) -> tuple[str, ...]:
    if isinstance(error, IssuanceRefused):
        return tuple(name for refusal in error.refusals for name in refusal.names)
    if isinstance(error, CaaRefused):
        return tuple(refusal.name for refusal in error.refusals)
    values = [each.get("value") for each in (*wanted.identifiers, wanted.identifier)]
    return tuple(value for value in values if isinstance(value, str))


def _asked(payload: bytes) -> _About:
    try:
        return decode_json(_asked_for, payload)
    except NotJson:
        return _About()


def _kid_in(binding: _Binding | None) -> str | None:
    """The EAB key identifier that the client sent, not verified; None = none of the right form."""
    protected = "" if binding is None else binding.protected
    try:
        padded = protected + "=" * (-len(protected) % 4)
        kid = decode_json(_header, urlsafe_b64decode(padded)).kid
        return kid if kid and KID.fullmatch(kid) else None
    except ValueError:
        return None


def _id_in(argument: str) -> UUID | None:
    try:
        return read_id(argument.partition("/")[0])
    except ValueError:
        return None
