"""Dispatches requests below the servers' directories, and completes every answer.

One route takes them all: servers come from the database and may be added while processes run.
"""

from typing import Any

import msgspec

from gateway.doors.acme import resources
from gateway.doors.acme.door import AcmeDoor
from gateway.doors.acme.problem import Problem, bad_nonce, from_domain_error, malformed, unavailable
from gateway.doors.acme.refusal import refused
from gateway.doors.acme.reply import Reply
from gateway.doors.acme.resources import Handler, Signer
from gateway.doors.acme.signed_request import AcmeCall
from gateway.doors.acme.urls import Urls
from gateway.errors import GatewayError
from gateway.errors.acme import KeyChanged, NonceUsed
from gateway.logging import log_fault
from gateway.store.acme import nonces
from gateway.store.acme.servers import Server
from gateway.web.front.answer import PlainAnswer
from gateway.web.front.plain_request import PlainRequest

_FOR_BROWSERS = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Expose-Headers", "Replay-Nonce, Location, Link, Retry-After"),
)
"""RFC 8555 §6.1: CORS lets pages of any origin use the server, and read these headers."""

_NO_REFUSALS = ("badNonce", "serverInternal")
"""Problems that are not recorded as refusals: the client tries again, or the fault is logged."""

_encode = msgspec.json.Encoder().encode


class Routes:
    """Answers requests to the ACME servers of one process."""

    def __init__(self, door: AcmeDoor) -> None:
        self._door = door

    async def answer(self, request: PlainRequest, broken: Problem | None = None) -> PlainAnswer:
        """Answers a request with a resource or a problem document; raises nothing.

        `broken` is the problem with a body that did not arrive.
        """
        server: Server | None = None
        rest = ""
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
        # acme-client 2.0.9 for Ruby breaks on a nonce that comes with the directory.
        with_nonce = request.method == "POST" or rest == "newNonce"  # RFC 8555 §6.5, §7.2
        return await self._framed(server, reply, with_nonce)

    async def _reply(self, request: PlainRequest, server: Server, rest: str) -> Reply:
        method, urls = request.method, self._door.urls(server)
        resource, ids = resources.find(rest, urls.directory)
        if method == "POST" and resource.signed is not None:
            call = await self._verified(request, server, urls, resource.signed_by)
            try:
                return await self._handle(call, resource.signed, *ids)
            except Problem as problem:
                problem.call = call
                raise
        if method in ("GET", "HEAD") and resource.read is not None:
            return await self._read(resource.read, server, method, *ids)
        if method == "OPTIONS":
            return Reply(None, 204, headers=resource.preflight)
        raise resource.not_allowed(method)

    async def _read(self, read: Handler, *arguments: Any) -> Reply:
        try:
            return await read(self._door, *arguments)
        except GatewayError as error:
            raise from_domain_error(error) from error

    async def _verified(
        self, request: PlainRequest, server: Server, urls: Urls, signed_by: Signer
    ) -> AcmeCall:
        verifier = self._door.verifier
        if signed_by == "account":
            return await verifier.by_account(request, server, urls)
        if signed_by == "key":
            call = verifier.by_key(request, server, urls)
        else:
            call = await verifier.by_either(request, server, urls)
        if call.account_id is None:
            await self._burn(call)
        return call

    async def _handle(self, call: AcmeCall, handler: Handler, *arguments: Any) -> Reply:
        try:
            try:
                reply = await handler(self._door, call, *arguments)
                if call.account_id is not None:
                    await self._door.activity.note(call.account_id, call.client)
                return reply
            except (Problem, GatewayError):
                if not call.nonce_taken:  # refused before the statement that burns the nonce
                    await self._burn(call)
                raise
        except NonceUsed:
            self._door.verifier.refuse(call.nonce)
            self._door.nonces.forget_epoch()
            raise bad_nonce() from None
        except KeyChanged as error:
            self._door.keys.forget(call.account_id or "")
            raise from_domain_error(error) from error
        except GatewayError as error:
            raise from_domain_error(error) from error

    async def _burn(self, call: AcmeCall) -> None:
        call.nonce_taken = True
        if not await nonces.burn(self._door.services.pool, call.nonce.value, call.nonce.epoch):
            self._door.verifier.refuse(call.nonce)
            self._door.nonces.forget_epoch()
            raise bad_nonce()

    def _note(self, request: PlainRequest, server: Server | None, problem: Problem) -> None:
        if server is None or problem.kind in _NO_REFUSALS:
            return
        services = self._door.services
        try:
            services.refusals.note(refused(request, server, problem, services.settings))
        except Exception as error:  # the client gets its answer, recorded or not
            _unexpected(error)

    async def _framed(self, server: Server | None, reply: Reply, with_nonce: bool) -> PlainAnswer:
        headers = [("Cache-Control", "no-store"), *_FOR_BROWSERS]
        if server is not None:
            headers.append(("Link", f'<{self._door.urls(server).directory}>;rel="index"'))
            if with_nonce:
                await self._add_nonce(headers)
        headers += [("Link", f'<{url}>;rel="{relation}"') for url, relation in reply.links]
        headers += reply.headers.items()
        if reply.location:
            headers.append(("Location", reply.location))
        if reply.retry_after is not None:
            headers.append(("Retry-After", str(reply.retry_after)))
        body = reply.body
        if body is None:
            return PlainAnswer(reply.status, headers, b"")
        headers.append(("Content-Type", reply.content_type))
        return PlainAnswer(
            reply.status, headers, body if isinstance(body, bytes) else _encode(body)
        )

    async def _add_nonce(self, headers: list[tuple[str, str]]) -> None:
        try:
            headers.append(("Replay-Nonce", await self._door.nonces.fresh()))
        except Exception as error:  # an answer without a nonce is better than none
            _unexpected(error)


def _problem_reply(problem: Problem) -> Reply:
    return Reply(
        problem.document(),
        problem.status,
        content_type="application/problem+json",
        headers=problem.headers,
        links=problem.links,
    )


def _unexpected(error: Exception) -> Problem:
    if log_fault("door", error, door="acme"):
        return unavailable()
    return Problem("serverInternal", "The gateway failed; the operator has been told.", 500)
