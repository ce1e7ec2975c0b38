"""The resources below a server's directory: their methods, and the handlers of these."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from gateway.doors.acme import account, authorization, certificate, key_change, order, revocation
from gateway.doors.acme.directory import directory, new_nonce
from gateway.doors.acme.door import AcmeDoor
from gateway.doors.acme.problem import Problem, malformed
from gateway.doors.acme.renewal_info import renewal_info
from gateway.doors.acme.reply import Reply
from gateway.doors.acme.signed_request import AcmeCall
from gateway.ids import read_id
from gateway.store.acme.servers import Server

Handler = Callable[..., Awaitable[Reply]]
Signer = Literal["account", "key", "either"]

_TAKES_TEXT = ("account", "renewalInfo")
"""Resources whose path parameter is no UUID."""


@dataclass(frozen=True)
class Resource:
    """A resource and its handlers, which also take the ids in the path.

    `signed` handles a verified call, `read` an unsigned GET or HEAD.
    """

    signed: Handler | None = None
    signed_by: Signer = "account"
    read: Handler | None = None

    @cached_property
    def allow(self) -> str:
        """Its methods, as the Allow header lists them."""
        methods = ["GET", "HEAD"] if self.read else []
        return ", ".join([*methods, *(["POST"] if self.signed else []), "OPTIONS"])

    @cached_property
    def preflight(self) -> Mapping[str, str]:
        """Headers for a browser that asks before it sends a JWS (RFC 8555 §6.1, CORS)."""
        return {
            "Allow": self.allow,
            "Access-Control-Allow-Methods": self.allow,
            "Access-Control-Allow-Headers": "Content-Type",
            "Access-Control-Max-Age": "86400",
        }

    def not_allowed(self, method: str) -> Problem:
        detail = f"This resource has no method {method}, only {self.allow}."
        if method in ("GET", "HEAD"):
            detail = "Resources are read with POST-as-GET (RFC 8555 §6.3)."
        return Problem("malformed", detail, 405, headers={"Allow": self.allow})


async def _read_directory(door: AcmeDoor, server: Server, method: str) -> Reply:
    return directory(door, server)


async def _read_nonce(door: AcmeDoor, server: Server, method: str) -> Reply:
    return new_nonce(method)


async def _read_renewal_info(door: AcmeDoor, server: Server, method: str, text: str) -> Reply:
    return await renewal_info(door, server, text)


async def _post_directory(door: AcmeDoor, call: AcmeCall) -> Reply:
    call.require_read()
    return directory(door, call.server)


async def _post_nonce(door: AcmeDoor, call: AcmeCall) -> Reply:
    call.require_read()
    return new_nonce("GET")


RESOURCES: Mapping[str, Resource] = {
    # RFC 8555 §6.3: these two may be read with POST-as-GET too.
    "": Resource(_post_directory, read=_read_directory),
    "newNonce": Resource(_post_nonce, read=_read_nonce),
    "renewalInfo/*": Resource(read=_read_renewal_info),
    "newAccount": Resource(account.new_account, "key"),
    "revokeCert": Resource(revocation.revoke, "either"),
    "newOrder": Resource(order.new_order),
    "newAuthz": Resource(authorization.new_authorization),
    "keyChange": Resource(key_change.key_change),
    "account/*": Resource(account.account),
    "account/*/orders": Resource(order.list_orders),
    "order/*": Resource(order.order),
    "order/*/finalize": Resource(order.finalize),
    "authz/*": Resource(authorization.authorization),
    "chall/*": Resource(authorization.challenge),
    "cert/*": Resource(certificate.certificate),
}


def find(rest: str, directory_url: str) -> tuple[Resource, list[Any]]:
    """The resource at `rest` of a server's path, and the ids in it; raises Problem (404)."""
    pattern, ids = _matched(rest)
    resource = RESOURCES.get(pattern)
    if resource is None:
        raise malformed(f"There is no such resource here; the directory is {directory_url}.", 404)
    return resource, ids


def _matched(rest: str) -> tuple[str, list[Any]]:
    """The pattern that matches a path, and the ids in the path."""
    name, slash, others = rest.partition("/")
    if not slash:
        return name, []
    argument: Any
    argument, slash, action = others.partition("/")
    if name not in _TAKES_TEXT:
        try:
            argument = read_id(argument)
        except ValueError:
            return "unknown", []
    return f"{name}/*/{action}" if slash else f"{name}/*", [argument]
