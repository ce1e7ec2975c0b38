"""POST /products/!ACMEAdmin: read the form, authenticate, dispatch to an action, render.

Order of checks: HTTPS, method, content type, size; then docs/wire.md §1 "Order of checks".
"""

import re
import traceback

import structlog
from aiohttp import web

from gateway.db.pool import is_outage
from gateway.doors.reseller import (
    accounts,
    domains,
    envelope,
    notices,
    openapi,
    organizations,
    refusal,
    reports,
)
from gateway.doors.reseller.authentication import Authenticator, require_permission
from gateway.doors.reseller.envelope import Unserved
from gateway.doors.reseller.form import IDEMPOTENCY_KEY, Form
from gateway.doors.reseller.parameters import Call, Caller
from gateway.errors import (
    ArgumentInvalid,
    ArgumentMissing,
    ArgumentUnrecognized,
    HttpsRequired,
    ResellerRefusal,
)
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

ROUTE = r"/products/{name:(?:!|%21)ACMEAdmin}"
"""The router compares the path as sent, where `!` may be percent-encoded."""

_MODULES_OF_ACTIONS = (accounts, domains, notices, organizations, reports)
"""Imported so that they register their actions."""

_log = structlog.get_logger(__name__)


def add_routes(app: web.Application, services: Services) -> None:
    """Serves the action API and its OpenAPI description."""
    app.router.add_route("*", ROUTE, Endpoint(services).serve)
    openapi.add_routes(app, services)


class Endpoint:
    """The action endpoint of one process."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._settings = services.settings
        self.authenticator = Authenticator(services)

    async def serve(self, request: web.Request) -> web.Response:
        """Answers every request in the JSON envelope; raises nothing."""
        try:
            fields = await self._read(request)
            return envelope.answer(await self._act(request, Form(fields)))
        except Unserved as unserved:
            told = unserved.rendering
            refusal.note(self._services, "actions", request, f"http_{told.status}", told.detail)
            return envelope.render(told)
        except ResellerRefusal as error:
            answer = envelope.refusal(error)
            name = refusal.told_name(error)
            told_text = envelope.told(answer) if name is None else envelope.told_of(error, name)
            refusal.note(self._services, "actions", request, error, told_text)
            return answer
        except Exception as error:
            if is_outage(error):
                _log.warning("reseller.database_away", error=type(error).__name__)
                return envelope.render(envelope.DATABASE_AWAY)
            # No message and no fields: both may repeat what the caller sent.
            stack = "".join(traceback.format_tb(error.__traceback__))
            _log.error("reseller.failed", error=type(error).__name__, stack=stack)
            return envelope.render(envelope.INTERNAL)

    async def _read(self, request: web.Request) -> list[Field]:
        if not came_by_https(request, self._settings):
            raise HttpsRequired
        if request.method != "POST":
            raise Unserved(envelope.METHOD_NOT_ALLOWED)
        if media_type_of(request) != "application/x-www-form-urlencoded":
            raise Unserved(envelope.WRONG_CONTENT_TYPE)
        name = first_in_query(request)
        if name is not None:  # addresses end up in logs: no argument may come in one
            raise ArgumentUnrecognized(name)
        return await _read_form(request)

    async def _act(self, request: web.Request, form: Form) -> bytes:
        refusal.remember_form(request, form)
        form.refuse_unknown()
        login, password = form.credentials()
        now = await self._services.clock.now()
        address = address_of(request, self._settings)
        caller = await self.authenticator.authenticate(
            now, login=login, password=password, address=address
        )
        refusal.remember_caller(request, caller)
        action = form.requested_action()
        arguments = form.arguments(action.parameters)
        key = _idempotency_key(request)
        require_permission(caller)
        origin = Origin(f"reseller:{caller.login}", address)
        services = self._services

        async def carry_out(work: Work) -> bytes:
            call = Call(work, caller, self._settings, self._services, arguments)
            try:
                return envelope.encode(await action.handler(call))
            except (ArgumentInvalid, ArgumentMissing) as error:
                error.name = form.spelling(error.name)
                raise

        if not action.changes_state(arguments):
            async with open_reading(services.pool, now, origin) as work:
                return await carry_out(work)
        once = _once(caller, key, form)
        return await perform(services.pool, services.vault, now, origin, carry_out, once)


def _once(caller: Caller, key: str | None, form: Form) -> Once | None:
    if key is None:
        return None
    return Once(caller.id, key, request_hash(form.canonical()))


def _idempotency_key(request: web.Request) -> str | None:
    """The Idempotency-Key header: 1 to 255 printable ASCII characters, sent once (else E3)."""
    keys = request.headers.getall("Idempotency-Key", [])
    if not keys:
        return None
    if len(keys) > 1 or not re.fullmatch(IDEMPOTENCY_KEY, keys[0]):
        raise ArgumentInvalid("Idempotency-Key")
    return keys[0]


async def _read_form(request: web.Request) -> list[Field]:
    try:
        return await read_form(request)
    except BodyTooLarge:
        raise Unserved(envelope.BODY_TOO_LARGE) from None
    except BodyTooSlow:
        raise Unserved(envelope.BODY_TOO_SLOW) from None
    except BodyBroken:
        raise Unserved(envelope.BODY_BROKEN) from None
