"""POST /products/!AutoApplyOrder and its kin: read the form, authenticate, one use case, render.

Order of checks: HTTPS, method, size; then unknown, missing, login, values, permission, rules.
"""

import re
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from aiohttp import web

from gateway.db.pool import is_outage
from gateway.doors.reseller import refusal
from gateway.doors.reseller.authentication import Authenticator, require_permission
from gateway.doors.reseller.form import IDEMPOTENCY_KEY
from gateway.doors.reseller.parameters import Caller, Parameter
from gateway.doors.sitelock import actions, answer, forms
from gateway.doors.sitelock.answer import Answer
from gateway.doors.sitelock.forms import ProductForm
from gateway.errors import ArgumentInvalid, GatewayError, HttpsRequired
from gateway.origin import Origin
from gateway.services import Services
from gateway.usecases.actions import Once, perform, request_hash
from gateway.usecases.work import Work, open_reading
from gateway.web.addresses import address_of, came_by_https
from gateway.web.body import (
    BodyBroken,
    BodyTooLarge,
    BodyTooSlow,
    first_in_query,
    media_type_of,
    read_form,
)
from gateway.web.untrusted import Field

_ROUTE = r"/products/{{name:(?:!|%21)?{}}}"
"""`!` may be percent-encoded; some pages of the vendor print the names without it."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`always_pairs` = URL-encoded answers whatever responseFormat says (§7.4).

    One that `only_reads` runs in no transaction, and an Idempotency-Key means nothing to it.
    """

    parameters: tuple[Parameter, ...]
    handler: Callable[[actions.Call], Awaitable[Answer]]
    always_pairs: bool = False
    only_reads: bool = False


_ENDPOINTS: Mapping[str, Endpoint] = {
    "AutoApplyOrder": Endpoint(forms.ORDER, actions.order),
    "AutoRefund": Endpoint(forms.REFUND, actions.refund),
    "modifyThirdPartyDetails": Endpoint(forms.CANCEL, actions.cancel, always_pairs=True),
    "WebHostReport": Endpoint(forms.REPORT, actions.report, always_pairs=True, only_reads=True),
}


class _NotServed(Exception):
    """The request is none for these endpoints; `status` is that of HTTP."""

    def __init__(self, status: int, answer: Answer) -> None:
        super().__init__(status)
        self.status = status
        self.answer = answer


def add_routes(app: web.Application, services: Services) -> None:
    """Serves the endpoints of the older products."""
    door = Door(services)
    for name, endpoint in _ENDPOINTS.items():
        app.router.add_route("*", _ROUTE.format(name), door.serving(endpoint))


def add_refusals(app: web.Application, services: Services) -> None:
    """For plain HTTP: code -1, in the endpoints' own words."""
    for name, endpoint in _ENDPOINTS.items():
        app.router.add_route("*", _ROUTE.format(name), _refusing(endpoint, services))


def _refusing(
    endpoint: Endpoint, services: Services
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def refuse(request: web.Request) -> web.Response:
        refused = answer.refusal(HttpsRequired())
        assert refused is not None
        refusal.note(services, "plain", request, HttpsRequired(), answer.told(refused))
        return refused.rendered(endpoint.always_pairs, 403)

    return refuse


class Door:
    """The endpoints of one process."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._settings = services.settings
        self._authenticator = Authenticator(services)

    def serving(self, endpoint: Endpoint) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def serve(request: web.Request) -> web.Response:
            return await self._serve(request, endpoint)

        return serve

    async def _serve(self, request: web.Request, endpoint: Endpoint) -> web.Response:
        """Answers every request with a code; raises nothing."""
        pairs = endpoint.always_pairs
        try:
            form = await self._read(request, endpoint)
            pairs = pairs or form.wants_pairs()
            return (await self._act(request, endpoint, form)).rendered(pairs)
        except _NotServed as refused:
            word, told = f"http_{refused.status}", answer.told(refused.answer)
            refusal.note(self._services, "products", request, word, told)
            response = refused.answer.rendered(pairs, refused.status)
            if refused.status == 405:
                response.headers["Allow"] = "POST"
            return response
        except GatewayError as error:
            found = answer.refusal(error)
            if found is not None:
                known = {parameter.name.lower() for parameter in endpoint.parameters}
                kept = answer.refusal(error, refusal.told_name(error, known)) or found
                refusal.note(self._services, "products", request, error, answer.told(kept))
                return found.rendered(pairs)
            return self._failed(error, pairs)
        except Exception as error:
            return self._failed(error, pairs)

    async def _read(self, request: web.Request, endpoint: Endpoint) -> ProductForm:
        if not came_by_https(request, self._settings):
            raise HttpsRequired
        if request.method != "POST":
            refused = answer.failed(answer.GET_INSTEAD_OF_POST, "The request must be a POST!")
            raise _NotServed(200 if request.method in ("GET", "HEAD") else 405, refused)
        name = first_in_query(request)
        if name is not None:  # addresses end up in logs: no argument may come in one
            raise ArgumentInvalid(name)
        if media_type_of(request) != "application/x-www-form-urlencoded":
            raise _NotServed(415, answer.failed(-4, "Send application/x-www-form-urlencoded!"))
        return ProductForm(await _read_form(request), endpoint.parameters)

    async def _act(self, request: web.Request, endpoint: Endpoint, form: ProductForm) -> Answer:
        refusal.remember_form(request, form.form)
        form.refuse_unknown()
        login, password = form.credentials()
        now = await self._services.clock.now()
        address = address_of(request, self._settings)
        caller = await self._authenticator.authenticate(
            now, login=login, password=password, address=address
        )
        refusal.remember_caller(request, caller)
        arguments = form.arguments()
        once = _once(request, caller, form)
        require_permission(caller)
        origin = Origin(f"reseller:{caller.login}", address)
        return await self._perform(endpoint, now, origin, caller, arguments, once)

    async def _perform(
        self,
        endpoint: Endpoint,
        now: datetime,
        origin: Origin,
        caller: Caller,
        arguments: dict[str, Any],
        once: Once | None,
    ) -> Answer:
        async def handle(work: Work) -> Answer:
            call = actions.Call(work, caller.id, self._settings, arguments)
            return await endpoint.handler(call)

        async def carry_out(work: Work) -> bytes:
            return actions.packed(await handle(work))

        services = self._services
        if endpoint.only_reads:
            async with open_reading(services.pool, now, origin) as work:
                return await handle(work)
        done = await perform(services.pool, services.vault, now, origin, carry_out, once)
        return actions.unpacked(done)

    def _failed(self, error: Exception, pairs: bool) -> web.Response:
        if is_outage(error):
            _log.warning("products.database_away", error=type(error).__name__)
            text = "The database is away, please try again."
            return answer.failed(answer.UNKNOWN_ERROR, text).rendered(pairs, 503)
        # No message and no fields: both may repeat what the caller sent.
        stack = "".join(traceback.format_tb(error.__traceback__))
        _log.error("products.failed", error=type(error).__name__, stack=stack)
        return answer.failed(answer.UNKNOWN_ERROR, "Unknown error.").rendered(pairs, 500)


def _once(request: web.Request, caller: Caller, form: ProductForm) -> Once | None:
    keys = request.headers.getall("Idempotency-Key", [])
    if not keys:
        return None
    if len(keys) > 1 or not re.fullmatch(IDEMPOTENCY_KEY, keys[0]):
        raise ArgumentInvalid("Idempotency-Key")
    canonical = [("endpoint", request.path), *form.form.canonical()]
    return Once(caller.id, keys[0], request_hash(canonical))


async def _read_form(request: web.Request) -> list[Field]:
    try:
        return await read_form(request)
    except BodyTooLarge:
        raise _NotServed(413, answer.failed(-4, "The request body is too large!")) from None
    except BodyTooSlow:
        raise _NotServed(408, answer.failed(-4, "The request body came too slowly!")) from None
    except BodyBroken:
        raise _NotServed(400, answer.failed(-4, "The request body did not arrive whole!")) from None
