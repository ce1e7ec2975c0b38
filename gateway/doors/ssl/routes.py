"""/v3/scm/certificates: authenticate, call one use case, render.

Order of checks: HTTPS, token, suspension, then parameters and body, then the rules.
"""

import re
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from aiohttp import web

from gateway.db.pool import Connection, is_outage
from gateway.doors.ssl import answers, envelope, refusal, requests
from gateway.doors.ssl.envelope import Rendering, Unserved
from gateway.errors import (
    BadMember,
    GatewayError,
    HttpsRequired,
    NotAcknowledged,
    PermissionDenied,
    TokenRefused,
)
from gateway.origin import Origin
from gateway.services import Services
from gateway.usecases.actions import Once, perform, request_hash
from gateway.usecases.reseller import api_tokens
from gateway.usecases.ssl import details as ssl_details
from gateway.usecases.ssl import orders as ssl_orders
from gateway.usecases.ssl import unsubscription
from gateway.usecases.ssl.orders import Apply, Revoke
from gateway.usecases.ssl.purchases import Purchase, purchase
from gateway.usecases.work import Work, open_work
from gateway.web.addresses import address_of, came_by_https

PREFIX = "/v3/scm"
_CERTIFICATES = f"{PREFIX}/certificates"
_CERTIFICATE = f"{_CERTIFICATES}/{{cert_id}}"
_ANYTHING = f"{PREFIX}/{{anything:(?s:.*)}}"
_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]([\x20-\x7e]{0,253}[\x21-\x7e])?")

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated request."""

    request: web.Request
    now: datetime
    origin: Origin
    reseller_id: UUID


Handler = Callable[[Call], Awaitable[bytes]]


def add_routes(app: web.Application, services: Services) -> None:
    """Serves the certificate-order API."""
    door = Door(services)
    routes: dict[str, dict[str, Handler]] = {
        _CERTIFICATES: {"GET": door.list_all, "POST": door.buy},
        _CERTIFICATE: {"GET": door.show},
        f"{_CERTIFICATE}/apply": {"POST": door.apply},
        f"{_CERTIFICATE}/cancel-apply": {"POST": door.withdraw},
        f"{_CERTIFICATE}/revoke": {"POST": door.revoke},
        f"{_CERTIFICATE}/unsubscribe": {"DELETE": door.unsubscribe},
    }
    for path, handlers in routes.items():
        app.router.add_route("*", path, _by_method(door, handlers))
    app.router.add_route("*", _ANYTHING, door.nowhere)


def add_refusals(app: web.Application, services: Services) -> None:
    """For plain HTTP: HTTPS is needed."""

    async def refuse(request: web.Request) -> web.Response:
        answer = envelope.refusal(HttpsRequired())
        refusal.note(services, "plain", request, HttpsRequired(), answer)
        return answer

    app.router.add_route("*", _ANYTHING, refuse)


class Door:
    """The API of one process."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._settings = services.settings

    async def serve(self, request: web.Request, handler: Handler) -> web.Response:
        """Answers in the API's own envelope; raises nothing."""
        try:
            return envelope.answer(await handler(await self._admit(request)))
        except Unserved as unserved:
            return self.unserved(request, unserved.rendering)
        except GatewayError as error:
            if type(error) not in envelope.RENDERINGS:
                _log.error("scm.unknown_refusal", error=type(error).__name__)
            answer = envelope.refusal(error)
            refusal.note(self._services, "certificates", request, error, answer)
            return answer
        except Exception as error:
            if is_outage(error):
                _log.warning("scm.database_away", error=type(error).__name__)
                return envelope.render(envelope.DATABASE_AWAY)
            # No message: it may repeat what the caller sent.
            stack = "".join(traceback.format_tb(error.__traceback__))
            _log.error("scm.failed", error=type(error).__name__, stack=stack)
            return envelope.render(envelope.INTERNAL)

    def unserved(self, request: web.Request, rendering: Rendering) -> web.Response:
        """The HTTP request itself cannot be served."""
        answer = envelope.render(rendering)
        refusal.note(self._services, "certificates", request, f"http_{answer.status}", answer)
        return answer

    async def nowhere(self, request: web.Request) -> web.Response:
        """No resource has that path."""
        return self.unserved(request, envelope.NO_SUCH_RESOURCE)

    async def _admit(self, request: web.Request) -> Call:
        if not came_by_https(request, self._settings):
            raise HttpsRequired
        tokens = request.headers.getall("X-Auth-Token", [])
        if len(tokens) != 1 or not tokens[0].isascii():
            raise TokenRefused("There is none, or several.")
        address = address_of(request, self._settings)
        async with self._services.pool.acquire() as connection:
            token = await api_tokens.log_in(connection, tokens[0], address)
        refusal.remember_login(request, token.login)
        if token.reseller_status != "active":
            raise PermissionDenied
        now = await self._services.clock.now()
        return Call(request, now, Origin(f"reseller:{token.login}", address), token.reseller_id)

    async def list_all(self, call: Call) -> bytes:
        page = requests.page_of(call.request)
        async with self._services.pool.acquire() as connection:
            orders, total = await ssl_details.list_page(
                connection, call.now, call.reseller_id, page
            )
        rows = [answers.listed(order) for order in orders]
        return envelope.encode({"certificates": rows, "total_count": total})

    async def show(self, call: Call) -> bytes:
        requests.nothing_in(call.request)
        cert_id = requests.cert_id_of(call.request)
        async with self._services.pool.acquire() as connection:
            return envelope.encode(answers.shown(await self._details(connection, call, cert_id)))

    async def buy(self, call: Call) -> bytes:
        requests.nothing_in(call.request)
        wanted = await requests.read_json(call.request, requests.Buy)
        refusal.remember_names(call.request, wanted.domains)
        requests.check_buy(wanted)
        asked = Purchase(
            call.reseller_id,
            wanted.brand,
            wanted.type,
            wanted.domains,
            wanted.validity_period,
            wanted.name,
            wanted.coupon,
            self._settings.ssl_public_only(),
        )

        async def carry_out(work: Work) -> bytes:
            bought = await purchase(work, asked)
            return envelope.encode(answers.purchased(bought))

        once = _once(call, wanted)
        services = self._services
        return await perform(services.pool, services.vault, call.now, call.origin, carry_out, once)

    async def apply(self, call: Call) -> bytes:
        requests.nothing_in(call.request)
        cert_id = requests.cert_id_of(call.request)
        wanted = await requests.read_json(call.request, requests.ApplyFor)
        asked = Apply(
            call.reseller_id,
            cert_id,
            requests.der_of(wanted.csr),
            requests.challenge_type(wanted),
            requests.organization_of(wanted.organization),
        )
        async with open_work(self._services.pool, call.now, call.origin) as work:
            await ssl_orders.apply(work, self._settings, asked)
            applied = await self._details(work.connection, call, cert_id)
        return envelope.encode(answers.applied(applied))

    async def withdraw(self, call: Call) -> bytes:
        requests.nothing_in(call.request)
        cert_id = requests.cert_id_of(call.request)
        async with open_work(self._services.pool, call.now, call.origin) as work:
            order = await ssl_orders.withdraw(work, call.reseller_id, cert_id)
        return envelope.encode(answers.moved(order))

    async def revoke(self, call: Call) -> bytes:
        requests.nothing_in(call.request)
        cert_id = requests.cert_id_of(call.request)
        body = await requests.read_bytes(call.request)
        wanted = (
            requests.decode(call.request, body, requests.RevokeIt) if body else requests.RevokeIt()
        )
        asked = Revoke(call.reseller_id, cert_id, requests.reason_of(wanted), wanted.reason)
        async with open_work(self._services.pool, call.now, call.origin) as work:
            order = await ssl_orders.revoke(work, asked)
        return envelope.encode(answers.moved(order))

    async def unsubscribe(self, call: Call) -> bytes:
        cert_id = requests.cert_id_of(call.request)
        how = await _acknowledgement(call.request)
        async with open_work(self._services.pool, call.now, call.origin) as work:
            number = await unsubscription.request(work, call.reseller_id, cert_id, acknowledged=how)
        return envelope.encode(
            {"unsubscribe_results": f"Unsubscription {number} waits for review."}
        )

    async def _details(
        self, connection: Connection, call: Call, cert_id: str
    ) -> ssl_details.Details:
        return await ssl_details.details(connection, call.now, call.reseller_id, cert_id)


async def _acknowledgement(request: web.Request) -> str:
    """How the customer acknowledged; the bare call of the vendor's API counts as that.

    Raises NotAcknowledged when the flag says no, BadMember when a body lacks it.
    """
    said = [requests.acknowledged_in(request)]
    if body := await requests.read_bytes(request):
        said.append(requests.decode(request, body, requests.Unsubscribe).acknowledged)
    if False in said:
        raise NotAcknowledged
    return "flag" if True in said else "call"


def _once(call: Call, wanted: requests.Buy) -> Once | None:
    keys = call.request.headers.getall("Idempotency-Key", [])
    if not keys:
        return None
    if len(keys) > 1 or not _IDEMPOTENCY_KEY.fullmatch(keys[0]):
        raise BadMember("Idempotency-Key must be 1 to 255 printable ASCII characters, sent once.")
    fields = [("POST", _CERTIFICATES), ("body", repr(wanted))]
    return Once(call.reseller_id, keys[0], request_hash(fields))


def _by_method(
    door: Door, handlers: dict[str, Handler]
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def serve(request: web.Request) -> web.Response:
        handler = handlers.get(request.method)
        if handler is None:
            response = door.unserved(request, envelope.METHOD_NOT_ALLOWED)
            response.headers["Allow"] = ", ".join(handlers)
            return response
        return await door.serve(request, handler)

    return serve
