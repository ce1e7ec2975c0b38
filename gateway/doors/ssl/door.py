"""/v3/scm/certificates: authenticate, call one use case, render.

Order of checks: HTTPS, resource and method, token, suspension, then parameters and body, then the
rules.
"""

import re

from aiohttp import hdrs, web

from gateway.ca.csr import der_of
from gateway.doors.ssl import answers, requests
from gateway.doors.ssl.envelope import SslEnvelope, answer, encode, encoded
from gateway.errors.request import TokenRefused
from gateway.errors.ssl import NotAcknowledged
from gateway.rules.ssl.orders import CERT_ID
from gateway.services import Services
from gateway.usecases.reseller import api_tokens
from gateway.usecases.ssl import details as ssl_details
from gateway.usecases.ssl import orders as ssl_orders
from gateway.usecases.ssl import unsubscription
from gateway.usecases.ssl.orders import Apply, RevokeOrder
from gateway.usecases.ssl.purchases import Purchase, purchase
from gateway.usecases.work import Work
from gateway.web.door import About, Caller, Door, Exchange, Handler, Route

_PREFIX = "/v3/scm"
_CERTIFICATES = f"{_PREFIX}/certificates"
_CERTIFICATE = f"{_CERTIFICATES}/{{cert_id}}"
_ANYTHING = f"{_PREFIX}/{{anything:(?s:.*)}}"
_IN_BRACES = re.compile(r"\{[^}]*\}")
_UNKNOWN = "…"


def open_door(_: Services) -> Door:
    """The SSL certificate API."""
    handlers: dict[str, dict[str, Handler]] = {
        _CERTIFICATES: {"GET": _list, "POST": _buy},
        _CERTIFICATE: {"GET": _show},
        f"{_CERTIFICATE}/apply": {"POST": _apply},
        f"{_CERTIFICATE}/cancel-apply": {"POST": _withdraw},
        f"{_CERTIFICATE}/revoke": {"POST": _revoke},
        f"{_CERTIFICATE}/unsubscribe": {"DELETE": _unsubscribe},
        _ANYTHING: {},
    }
    envelope = SslEnvelope()
    routes = [
        Route(
            path,
            {method: _admitted(handler) for method, handler in by_method.items()},
            envelope,
            requests.MEDIA_TYPE,
        )
        for path, by_method in handlers.items()
    ]
    return Door("ssl", routes, _by_token, _about)


def _admitted(handler: Handler) -> Handler:
    async def admit(exchange: Exchange) -> web.StreamResponse:
        await exchange.authenticate()
        exchange.require_permission()
        return await handler(exchange)

    return admit


async def _by_token(exchange: Exchange) -> Caller:
    tokens = exchange.request.headers.getall("X-Auth-Token", [])
    if len(tokens) != 1 or not tokens[0].isascii():
        raise TokenRefused("There is none, or several.")
    async with exchange.services.pool.acquire() as connection:
        token = await api_tokens.log_in(connection, tokens[0], exchange.address)
    return Caller(token.reseller_id, token.login, token.reseller_status)


def _about(exchange: Exchange) -> About:
    """What a request was about: the parts of its path that are known, the rest masked."""
    request = exchange.request
    sent = request.match_info.get("cert_id", "")
    known = CERT_ID.fullmatch(sent) is not None
    path = request.path if known else _IN_BRACES.sub(_UNKNOWN, exchange.route.path)
    method = request.method if request.method in hdrs.METH_ALL else _UNKNOWN
    return About(f"{method} {path}", subject=sent if known else None, names=tuple(exchange.names))


async def _list(exchange: Exchange) -> web.Response:
    page = requests.page_of(exchange.request)
    async with exchange.open_reading() as work:
        orders, total = await ssl_details.list_page(work, exchange.reseller.id, page)
    rows = [answers.listed(order) for order in orders]
    return answer({"certificates": rows, "total_count": total})


async def _show(exchange: Exchange) -> web.Response:
    requests.nothing_in(exchange.request)
    cert_id = requests.cert_id_of(exchange.request)
    async with exchange.open_reading() as work:
        return answer(answers.shown(await _details(work, exchange, cert_id)))


async def _buy(exchange: Exchange) -> web.Response:
    requests.nothing_in(exchange.request)
    wanted = await requests.read_json(exchange, requests.Buy)
    exchange.names = wanted.domains
    requests.check_buy(wanted)
    asked = Purchase(
        exchange.reseller.id,
        wanted.brand,
        wanted.type,
        wanted.domains,
        wanted.validity_period,
        wanted.name,
        wanted.coupon,
        exchange.services.settings.ssl_public_only(),
    )

    async def carry_out(work: Work) -> bytes:
        bought = await purchase(work, asked)
        return encode(answers.purchased(bought))

    once = exchange.once([("POST", _CERTIFICATES), ("body", repr(wanted))])
    return encoded(await exchange.perform(carry_out, once))


async def _apply(exchange: Exchange) -> web.Response:
    requests.nothing_in(exchange.request)
    cert_id = requests.cert_id_of(exchange.request)
    wanted = await requests.read_json(exchange, requests.ApplyFor)
    asked = Apply(
        exchange.reseller.id,
        cert_id,
        der_of(wanted.csr),
        requests.challenge_type(wanted),
        requests.organization_of(wanted.organization),
    )
    async with exchange.open_work() as work:
        await ssl_orders.apply(work, exchange.services.settings, asked)
        return answer(answers.applied(await _details(work, exchange, cert_id)))


async def _withdraw(exchange: Exchange) -> web.Response:
    requests.nothing_in(exchange.request)
    cert_id = requests.cert_id_of(exchange.request)
    async with exchange.open_work() as work:
        order = await ssl_orders.withdraw(work, exchange.reseller.id, cert_id)
    return answer(answers.moved(order))


async def _revoke(exchange: Exchange) -> web.Response:
    requests.nothing_in(exchange.request)
    cert_id = requests.cert_id_of(exchange.request)
    body = await exchange.read_body()
    wanted = requests.decode(exchange, body, requests.RevokeIt) if body else requests.RevokeIt()
    asked = RevokeOrder(exchange.reseller.id, cert_id, requests.reason_of(wanted), wanted.reason)
    async with exchange.open_work() as work:
        order = await ssl_orders.revoke(work, asked)
    return answer(answers.moved(order))


async def _unsubscribe(exchange: Exchange) -> web.Response:
    cert_id = requests.cert_id_of(exchange.request)
    how = await _acknowledgement(exchange)
    async with exchange.open_work() as work:
        number = await unsubscription.request(work, exchange.reseller.id, cert_id, acknowledged=how)
    return answer({"unsubscribe_results": f"Unsubscription {number} waits for review."})


async def _details(work: Work, exchange: Exchange, cert_id: str) -> ssl_details.CertificateDetails:
    return await ssl_details.details(work, exchange.reseller.id, cert_id)


async def _acknowledgement(exchange: Exchange) -> str:
    """How the customer acknowledged: by the flag, or by the vendor's call without body or query.

    Raises NotAcknowledged when the flag says no, BadMember when a body lacks it.
    """
    said = [requests.acknowledged_in(exchange.request)]
    if body := await exchange.read_body():
        said.append(requests.decode(exchange, body, requests.Unsubscribe).acknowledged)
    if False in said:
        raise NotAcknowledged
    return "flag" if True in said else "call"
