"""A refused request of the certificate-order API as a refusal for the operators."""

from collections.abc import Sequence

from aiohttp import hdrs, web

from gateway.doors.ssl import envelope
from gateway.errors import GatewayError
from gateway.refusal_log import Refused, reason_of
from gateway.rules.ssl.order import CERT_ID
from gateway.services import Services
from gateway.web.addresses import address_of

_LOGIN = web.RequestKey("login", str)
_UNKNOWN = "…"
_NAMES = web.RequestKey("names", tuple[str, ...])


def remember_login(request: web.Request, login: str) -> None:
    """Whose token it is."""
    request[_LOGIN] = login


def remember_names(request: web.Request, names: Sequence[str]) -> None:
    """What is to be bought, should it be refused."""
    request[_NAMES] = tuple(names)


def note(
    services: Services,
    door: str,
    request: web.Request,
    why: GatewayError | str,
    response: web.Response,
) -> None:
    """Notes what `response` refuses; `why` is the error, or a word where there is none."""
    login = request.get(_LOGIN)
    services.refusals.note(
        Refused(
            door,
            f"{_method(request)} {_path(request)}",
            why if isinstance(why, str) else reason_of(why),
            _told(why, response),
            why=getattr(why, "why", ""),
            login=login or getattr(why, "login", None),
            subject=_cert_id(request),
            proven=login is not None,
            names=request.get(_NAMES, ()),
            known=getattr(why, "known", False),
            source=address_of(request, services.settings),
        )
    )


def _told(why: GatewayError | str, response: web.Response) -> str:
    """Code and message, without what a malformed request repeats of itself."""
    told, kept = envelope.told(response), getattr(why, "kept", None)
    return told if kept is None else f"{told.partition(': ')[0]}: {kept}"


def _cert_id(request: web.Request) -> str | None:
    sent = request.match_info.get("cert_id", "")
    return sent if CERT_ID.fullmatch(sent) else None


def _method(request: web.Request) -> str:
    return request.method if request.method in hdrs.METH_ALL else _UNKNOWN


def _path(request: web.Request) -> str:
    """The path as far as it is one of ours: anything may stand in the rest."""
    if _cert_id(request):
        return request.path
    resource = request.match_info.route.resource
    pattern = "" if resource is None else resource.canonical
    return pattern.replace("{cert_id}", _UNKNOWN).replace("{anything}", _UNKNOWN)
