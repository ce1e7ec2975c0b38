"""POST /products/!AutoApplyOrder etc.: read the form, authenticate, call one use case, render.

Order of checks: HTTPS, method, content type, size; then unknown and missing fields, login, values,
permission, rules.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial

from aiohttp import web

from gateway.doors.sitelock import actions, forms
from gateway.doors.sitelock.actions import SiteLockCall
from gateway.doors.sitelock.envelope import SiteLockAnswer, SiteLockEnvelope
from gateway.services import Services
from gateway.usecases.work import Work
from gateway.web.door import Door, Exchange, Route
from gateway.web.forms import MEDIA_TYPE, Parameter, names_of
from gateway.web.login import LOGIN, PasswordLogin
from gateway.web.refused_forms import about_form

_PATH = r"/products/{{name:(?:!|%21)?{}}}"
"""`!` may be percent-encoded; some pages of the vendor print the names without it."""


@dataclass(frozen=True, slots=True)
class SiteLockEndpoint:
    """An endpoint of the door. If it `only_reads`, it ignores an Idempotency-Key."""

    parameters: tuple[Parameter, ...]
    handler: Callable[[SiteLockCall], Awaitable[SiteLockAnswer]]
    always_pairs: bool = False
    only_reads: bool = False


ENDPOINTS: Mapping[str, SiteLockEndpoint] = {
    "AutoApplyOrder": SiteLockEndpoint(forms.ORDER, actions.order),
    "AutoRefund": SiteLockEndpoint(forms.REFUND, actions.refund),
    "modifyThirdPartyDetails": SiteLockEndpoint(forms.CANCEL, actions.cancel, always_pairs=True),
    "WebHostReport": SiteLockEndpoint(
        forms.REPORT, actions.report, always_pairs=True, only_reads=True
    ),
}


def open_door(services: Services) -> Door:
    """The door of the older products."""
    routes = [_route(name, endpoint) for name, endpoint in ENDPOINTS.items()]
    about = partial(about_form, actions=forms.ACTIONS)
    return Door("sitelock", routes, PasswordLogin(services), about)


def _route(name: str, endpoint: SiteLockEndpoint) -> Route:
    known = {*names_of((*LOGIN, *endpoint.parameters)), "idempotency-key"}
    envelope = SiteLockEnvelope(known, always_pairs=endpoint.always_pairs)

    async def serve(exchange: Exchange) -> web.Response:
        return envelope.answer(await _answer(exchange, endpoint), exchange.form)

    return Route(_PATH.format(name), {"POST": serve}, envelope, MEDIA_TYPE)


async def _answer(exchange: Exchange, endpoint: SiteLockEndpoint) -> SiteLockAnswer:
    form = await exchange.read_form()
    form.refuse_unknown((*LOGIN, *endpoint.parameters))
    await exchange.authenticate()
    arguments = form.arguments(endpoint.parameters)
    once = exchange.once([("endpoint", exchange.request.path), *form.canonical(LOGIN)])
    exchange.require_permission()

    async def act(work: Work) -> SiteLockAnswer:
        call = SiteLockCall(work, exchange.reseller.id, exchange.services.settings, arguments)
        with form.in_callers_spelling():
            return await endpoint.handler(call)

    async def carry_out(work: Work) -> bytes:
        return actions.packed(await act(work))

    if endpoint.only_reads:
        async with exchange.open_reading() as work:
            return await act(work)
    return actions.unpacked(await exchange.perform(carry_out, once))
