"""A refused form as a refusal for the operators; of its fields only those that are no secrets.

A malformed form has anything anywhere, passwords too: what is kept has the look of what it is for.
"""

import re
from collections.abc import Collection
from functools import cache

from aiohttp import web

from gateway.doors.reseller.form import ACTION, LOGIN, Form
from gateway.doors.reseller.parameters import ACTIONS, Caller
from gateway.errors import GatewayError
from gateway.refusal_log import Refused, reason_of
from gateway.services import Services
from gateway.web.addresses import address_of

_NAMES = ("domainname", "domainnames", "fqdn")
_SUBJECTS = {
    "acmeaccountid": re.compile(r"[A-Za-z0-9_-]{22}"),
    "eabkeyid": re.compile(r"[A-Za-z0-9_-]{22}"),
    "ordernumber": re.compile(r"[0-9, ]{1,100}"),
    "ovanchorordernumber": re.compile(r"[0-9]{1,19}"),
    "organizationid": re.compile(r"[0-9A-Fa-f-]{1,36}"),
}
_NAME = re.compile(r"[\w*-]+(?:\.[\w*-]+)+\.?|\[?[0-9A-Fa-f]*:[0-9A-Fa-f:.]+\]?")
_LOGIN = re.compile(r"[\w.@-]{1,64}")
_ENDPOINT_ACTIONS = ("cancel",)
_UNKNOWN = "…"
"""Stands for what a caller wrote where nothing of the kind is known."""
_FORM = web.RequestKey("form", Form)
_CALLER = web.RequestKey("caller", Caller)


def remember_form(request: web.Request, form: Form) -> None:
    """What is asked for, should it be refused."""
    request[_FORM] = form


def remember_caller(request: web.Request, caller: Caller) -> None:
    """Who has shown who it is."""
    request[_CALLER] = caller


def told_name(error: GatewayError, known: Collection[str] = ()) -> str | None:
    """What stands in a kept text for the argument that `error` names; None = its own name.

    A stranger's field name may be a whole JSON document, or the end of a password after a `&`.
    """
    name = getattr(error, "name", None)
    if name is None or name.lower() in _names_of_arguments() or name.lower() in known:
        return None
    return _UNKNOWN


@cache
def _names_of_arguments() -> frozenset[str]:
    parameters = [*LOGIN, ACTION]
    for action in ACTIONS.values():
        parameters += action.parameters
    return frozenset(parameter.name.lower() for parameter in parameters) | {"idempotency-key"}


def note(
    services: Services, door: str, request: web.Request, why: GatewayError | str, told: str
) -> None:
    """Notes that `request` was refused; `why` is the error, or a word where there is none."""
    form, caller = request.get(_FORM), request.get(_CALLER)
    logins = [each for each in form.sent("loginname") if _LOGIN.fullmatch(each)] if form else []
    subjects = _subjects(form) if form else []
    services.refusals.note(
        Refused(
            door,
            _asked(request, form),
            why if isinstance(why, str) else reason_of(why),
            told,
            why=getattr(why, "why", ""),
            login=caller.login if caller else next(iter(logins), None),
            subject=next(iter(subjects), None),
            proven=caller is not None,
            names=_names(form) if form else (),
            source=address_of(request, services.settings),
            known=getattr(why, "known", False),
        )
    )


def _subjects(form: Form) -> list[str]:
    return [
        value
        for name, look in _SUBJECTS.items()
        for value in form.sent(name)
        if look.fullmatch(value)
    ]


def _names(form: Form) -> tuple[str, ...]:
    return tuple(value for value in form.sent(*_NAMES) if _NAME.fullmatch(value))


def _asked(request: web.Request, form: Form | None) -> str:
    endpoint = request.path.rpartition("/")[2]
    actions = form.sent("action")[:1] if form else []
    shown = [each if each in (*ACTIONS, *_ENDPOINT_ACTIONS) else _UNKNOWN for each in actions]
    return " ".join([endpoint, *shown])
