"""A refused request of the certificate-order API as a refusal for the operators."""

from collections.abc import Sequence

from aiohttp import web

from gateway.client_address import address_of
from gateway.errors import GatewayError
from gateway.refusal_log import Refused, reason_of
from gateway.scm import envelope
from gateway.services import Services

_LOGIN = web.RequestKey("login", str)
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
            f"{request.method} {request.path}",
            why if isinstance(why, str) else reason_of(why),
            envelope.told(response),
            why=getattr(why, "why", ""),
            login=login or getattr(why, "login", None),
            subject=request.match_info.get("cert_id"),
            proven=login is not None,
            names=request.get(_NAMES, ()),
            source=address_of(request, services.settings),
        )
    )
