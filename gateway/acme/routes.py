"""Dispatch of everything below the servers' directories, and the frame around every answer.

One route takes all: servers come from the database and may be added while processes run.
"""

import traceback
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import structlog

from gateway.acme import account, authorization, certificate, key_change, order, revocation
from gateway.acme.directory import directory, new_nonce
from gateway.acme.door import Door
from gateway.acme.problem import Problem, bad_nonce, from_domain_error, malformed, unavailable
from gateway.acme.refusal import refused
from gateway.acme.renewal_info import renewal_info
from gateway.acme.reply import Reply
from gateway.acme.signed_request import Call
from gateway.db.pool import is_outage
from gateway.errors import GatewayError, KeyChanged, NonceUsed
from gateway.front.answer import Answer
from gateway.front.plain_request import PlainRequest
from gateway.ids import read_id
from gateway.store import nonces
from gateway.store.servers import Server

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

_NO_REFUSALS = ("badNonce", "serverInternal")
"""The client is to try again, or the fault is ours and logged."""

_log = structlog.get_logger(__name__)
_encode = msgspec.json.Encoder().encode


class Routes:
    """The ACME servers of one process."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def answer(self, request: PlainRequest, broken: Problem | None = None) -> Answer:
        """A resource or a problem document; raises nothing. `broken` = the body did not come."""
        server: Server | None = None
        try:
            found = await self._door.servers.find(request.path)
            if found is None:
                raise malformed("There is no such resource here.", 404)
            server, rest = found
            if broken is not None:
                raise broken
            reply = await self._reply(request, server, rest)
        except Problem as problem:
            self._note(request, server, problem)
            reply = _problem_reply(problem)
        except Exception as error:
            reply = _problem_reply(_unexpected(error))
        return await self._framed(server, reply)

    async def _reply(self, request: PlainRequest, server: Server, rest: str) -> Reply:
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
            raise from_domain_error(error) from error

    async def _signed(self, request: PlainRequest, server: Server, rest: str) -> Reply:
        urls, verifier = self._door.urls(server), self._door.verifier
        pattern, arguments = _matched(rest)
        if handler := _SIGNED_BY_ACCOUNT.get(pattern):
            call = await verifier.by_account(request, server, urls)
        elif handler := _SIGNED_BY_KEY.get(pattern):
            call = verifier.by_key(request, server, urls)
            await self._burn(call)
        elif handler := _SIGNED_BY_EITHER.get(pattern):
            call = await verifier.by_either(request, server, urls)
            if call.account_id is None:
                await self._burn(call)
        elif handler := _UNSIGNED_READS.get(pattern):
            call = await verifier.by_account(request, server, urls)
        else:
            raise malformed("There is no such resource here.", 404)
        try:
            return await self._handle(call, handler, *arguments)
        except Problem as problem:
            problem.call = call
            raise

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
            raise from_domain_error(error) from error
        except GatewayError as error:
            raise from_domain_error(error) from error

    async def _burn(self, call: Call) -> None:
        call.nonce_taken = True
        if not await nonces.burn(self._door.services.pool, call.nonce.value, call.nonce.epoch):
            self._door.nonces.forget_epoch()
            raise bad_nonce()

    def _note(self, request: PlainRequest, server: Server | None, problem: Problem) -> None:
        if problem.kind not in _NO_REFUSALS:
            settings = self._door.services.settings
            self._door.services.refusals.note(refused(request, server, problem, settings))

    async def _framed(self, server: Server | None, reply: Reply) -> Answer:
        headers = [("Cache-Control", "no-store")]
        if server is not None:
            headers.append(("Link", f'<{self._door.urls(server).directory}>;rel="index"'))
            await self._add_nonce(headers)
        headers += [("Link", f'<{url}>;rel="{relation}"') for url, relation in reply.links]
        headers += reply.headers.items()
        if reply.location:
            headers.append(("Location", reply.location))
        if reply.retry_after is not None:
            headers.append(("Retry-After", str(reply.retry_after)))
        body = reply.body
        if body is None:
            return Answer(reply.status, headers, b"")
        headers.append(("Content-Type", reply.content_type))
        return Answer(reply.status, headers, body if isinstance(body, bytes) else _encode(body))

    async def _add_nonce(self, headers: list[tuple[str, str]]) -> None:
        try:
            headers.append(("Replay-Nonce", await self._door.nonces.fresh()))
        except Exception as error:  # an answer without a nonce is better than none
            _unexpected(error)


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
    name, slash, others = rest.partition("/")
    if not slash:
        return name, []
    argument: Any
    argument, slash, action = others.partition("/")
    if name != "account":
        try:
            argument = read_id(argument)
        except ValueError:
            return "unknown", []
    return f"{name}/*/{action}" if slash else f"{name}/*", [argument]


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
