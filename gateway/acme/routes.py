"""Dispatch of everything below the servers' directories, and the frame around every answer.

One route takes all: servers come from the database and may be added while processes run.
"""

import traceback
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import msgspec
import structlog
from aiohttp import web
from multidict import CIMultiDict

from gateway.acme import account, authorization, certificate, key_change, order, revocation
from gateway.acme.directory import directory, new_nonce
from gateway.acme.door import Door, open_door
from gateway.acme.problem import Problem, bad_nonce, from_domain_error, malformed, unavailable
from gateway.acme.renewal_info import renewal_info
from gateway.acme.reply import Reply
from gateway.acme.signed_request import Call
from gateway.db.pool import is_outage
from gateway.errors import GatewayError, KeyChanged, NonceUsed
from gateway.services import Services
from gateway.store import nonces
from gateway.store.servers import Server
from gateway.usecases.activity import ActivityLog
from gateway.usecases.issuance_runner import IssuanceRunner
from gateway.usecases.validation import Validator

Handler = Callable[..., Awaitable[Reply]]

_SIGNED_BY_KEY: dict[str, Handler] = {"newAccount": account.new_account}
_SIGNED_BY_EITHER: dict[str, Handler] = {"revokeCert": revocation.revoke}
_SIGNED_BY_ACCOUNT: dict[str, Handler] = {
    "newOrder": order.new_order,
    "newAuthz": authorization.new_authorization,
    "keyChange": key_change.key_change,
    "account/*": account.account,
    "account/*/orders": order.list_orders,
    "order/*": order.order,
    "order/*/finalize": order.finalize,
    "authz/*": authorization.authorization,
    "chall/*": authorization.challenge,
    "cert/*": certificate.certificate,
}

_log = structlog.get_logger(__name__)


def add_routes(
    app: web.Application,
    services: Services,
    validator: Validator,
    runner: IssuanceRunner,
    activity: ActivityLog,
) -> None:
    """Serves every path that no other route of `app` takes."""
    door = open_door(services, validator, runner, activity)
    app.router.add_route("*", "/{path:.*}", Routes(door).serve)


class Routes:
    """The ACME servers of one process."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def serve(self, request: web.Request) -> web.Response:
        """Answers with a resource or a problem document; raises nothing."""
        server: Server | None = None
        try:
            path = request.raw_path.partition("?")[0]
            found = await self._door.servers.find(path)
            if found is None:
                raise malformed("There is no such resource here.", 404)
            server, rest = found
            reply = await self._answer(request, server, rest)
        except Problem as problem:
            reply = _problem_reply(problem)
        except Exception as error:
            reply = _problem_reply(_unexpected(error))
        return await self._render(server, reply)

    async def _answer(self, request: web.Request, server: Server, rest: str) -> Reply:
        method = request.method
        if method == "POST":
            return await self._signed(request, server, rest)
        if rest == "newNonce" and method in ("GET", "HEAD"):
            return new_nonce(method)
        if rest == "" and method in ("GET", "HEAD"):
            return directory(self._door, server)
        if rest.startswith("renewalInfo/") and method in ("GET", "HEAD"):
            return await self._renewal_info(server, rest.removeprefix("renewalInfo/"))
        problem = malformed("Resources are read with POST-as-GET (RFC 8555 §6.3).", 405)
        problem.headers = {"Allow": "POST"}
        raise problem

    async def _renewal_info(self, server: Server, certificate_id: str) -> Reply:
        try:
            return await renewal_info(self._door, server, certificate_id)
        except GatewayError as error:
            raise from_domain_error(error) from None

    async def _signed(self, request: web.Request, server: Server, rest: str) -> Reply:
        urls = self._door.urls(server)
        if handler := _SIGNED_BY_KEY.get(rest):
            call = await self._door.verifier.by_key(request, server, urls)
            await self._burn(call)
            return await self._handle(call, handler)
        if handler := _SIGNED_BY_EITHER.get(rest):
            call = await self._door.verifier.by_either(request, server, urls)
            if call.account_id is None:
                await self._burn(call)
            return await self._handle(call, handler)
        pattern, arguments = _matched(rest)
        handler = _SIGNED_BY_ACCOUNT.get(pattern) or _UNSIGNED_READS.get(pattern)
        if handler is None:
            raise malformed("There is no such resource here.", 404)
        call = await self._door.verifier.by_account(request, server, urls)
        return await self._handle(call, handler, *arguments)

    async def _handle(self, call: Call, handler: Handler, *arguments: Any) -> Reply:
        try:
            try:
                reply = await handler(self._door, call, *arguments)
                if call.account_id is not None:
                    await self._door.activity.note(call.account_id, call.client)
                return reply
            except Problem:
                if not call.nonce_taken:  # refused before the statement that would have burnt it
                    await self._burn(call)
                raise
        except NonceUsed:
            self._door.nonces.forget_epoch()
            raise bad_nonce() from None
        except KeyChanged as error:
            self._door.keys.forget(call.account_id or "")
            raise from_domain_error(error) from None
        except GatewayError as error:
            raise from_domain_error(error) from None

    async def _burn(self, call: Call) -> None:
        call.nonce_taken = True
        if not await nonces.burn(self._door.services.pool, call.nonce.value, call.nonce.epoch):
            self._door.nonces.forget_epoch()
            raise bad_nonce()

    async def _render(self, server: Server | None, reply: Reply) -> web.Response:
        headers: CIMultiDict[str] = CIMultiDict()
        headers["Cache-Control"] = "no-store"
        if server is not None:
            headers["Link"] = f'<{self._door.urls(server).directory}>;rel="index"'
            await self._add_nonce(headers)
        for url, relation in reply.links:
            headers.add("Link", f'<{url}>;rel="{relation}"')
        for name, value in reply.headers.items():
            headers[name] = value
        if reply.location:
            headers["Location"] = reply.location
        if reply.retry_after is not None:
            headers["Retry-After"] = str(reply.retry_after)
        body = reply.body
        if body is None:
            return web.Response(status=reply.status, headers=headers)
        headers["Content-Type"] = reply.content_type
        encoded = body if isinstance(body, bytes) else msgspec.json.encode(body)
        return web.Response(status=reply.status, body=encoded, headers=headers)

    async def _add_nonce(self, headers: CIMultiDict[str]) -> None:
        try:
            headers["Replay-Nonce"] = await self._door.nonces.fresh()
        except Exception as error:
            if not is_outage(error):
                raise


async def _read_directory(door: Door, call: Call) -> Reply:
    call.require_read()
    return directory(door, call.server)


async def _read_nonce(door: Door, call: Call) -> Reply:
    call.require_read()
    return new_nonce("GET")


_UNSIGNED_READS: dict[str, Handler] = {"": _read_directory, "newNonce": _read_nonce}
"""RFC 8555 §6.3: the directory and newNonce may be read with POST-as-GET too."""


def _matched(rest: str) -> tuple[str, list[Any]]:
    """The pattern a path fits, and the ids in it."""
    name, *others = rest.split("/")
    if not others:
        return name, []
    argument: Any = others[0]
    if name != "account":
        try:
            argument = UUID(argument)
        except ValueError:
            return "unknown", []
    return "/".join([name, "*", *others[1:]]), [argument]


def _problem_reply(problem: Problem) -> Reply:
    return Reply(
        problem.document(),
        problem.status,
        content_type="application/problem+json",
        headers=problem.headers,
        links=problem.links,
    )


def _unexpected(error: Exception) -> Problem:
    if is_outage(error):
        _log.warning("acme.database_away", error=type(error).__name__)
        return unavailable()
    # No message: it may repeat what the client sent.
    stack = "".join(traceback.format_tb(error.__traceback__))
    _log.error("acme.failed", error=type(error).__name__, stack=stack)
    return Problem("serverInternal", "The gateway failed; the operator has been told.", 500)
