"""A refused form as a refusal for the operators; of its fields only those that are no secrets."""

from aiohttp import web

from gateway.client_address import address_of
from gateway.errors import GatewayError
from gateway.refusal_log import Refused, reason_of
from gateway.reseller.form import Form
from gateway.reseller.parameters import Caller
from gateway.services import Services

_NAMES = ("domainname", "domainnames", "fqdn")
_SUBJECTS = ("acmeaccountid", "eabkeyid", "ordernumber", "ovanchorordernumber", "organizationid")
_FORM = web.RequestKey("form", Form)
_CALLER = web.RequestKey("caller", Caller)


def remember_form(request: web.Request, form: Form) -> None:
    """What is asked for, should it be refused."""
    request[_FORM] = form


def remember_caller(request: web.Request, caller: Caller) -> None:
    """Who has shown who it is."""
    request[_CALLER] = caller


def note(
    services: Services, door: str, request: web.Request, why: GatewayError | str, told: str
) -> None:
    """Notes that `request` was refused; `why` is the error, or a word where there is none."""
    form, caller = request.get(_FORM), request.get(_CALLER)
    logins = form.sent("loginname") if form else []
    subjects = form.sent(*_SUBJECTS) if form else []
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
            names=tuple(form.sent(*_NAMES)) if form else (),
            source=address_of(request, services.settings),
        )
    )


def _asked(request: web.Request, form: Form | None) -> str:
    endpoint = request.path.rpartition("/")[2]
    return " ".join([endpoint, *(form.sent("action")[:1] if form else ())])
