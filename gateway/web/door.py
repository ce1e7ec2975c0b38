"""The one frame of every HTTP door.

A door declares what is its own: routes, media types, limits, how callers show who they are, and an
envelope with its table of errors. This module does the rest once for all doors: HTTPS, method,
media type, the bounds of bodies, authentication, permission, Idempotency-Key, finding an error's
line in the table, and recording for operators: refusals in ops.refusals, faults in the log.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic
from uuid import UUID

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler as AiohttpHandler

from gateway.errors.reseller import (
    ArgumentUnrecognized,
    HttpsRequired,
    IdempotencyKeyInvalid,
    PermissionDenied,
)
from gateway.logging import log_fault
from gateway.origin import Origin
from gateway.refusal_log import Refused, reason_of
from gateway.rules.operation.roles import Role
from gateway.services import Services
from gateway.usecases.actions import Once, perform, request_hash
from gateway.usecases.work import Work, open_reading, open_work
from gateway.web.addresses import address_of, came_by_https
from gateway.web.body import MAXIMUM_BYTES, first_in_query, media_type_of, read_body, read_fields
from gateway.web.forms import Form
from gateway.web.rendering import Line, line_for
from gateway.web.unserved import (
    DatabaseAway,
    InternalFault,
    MethodNotAllowed,
    NoSuchResource,
    Unserved,
    WrongMediaType,
)

IDEMPOTENCY_KEY = r"[\x21-\x7e]([\x20-\x7e]{0,253}[\x21-\x7e])?"
"""Pattern of the Idempotency-Key header: 1 to 255 printable ASCII characters."""

_RETRY_AFTER_SECONDS = "5"
_PLAIN = "plain"
"""The listener's name in ops.refusals when a request is refused because it came by plain HTTP."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The authenticated reseller."""

    id: UUID
    login: str
    status: str

    @property
    def actor(self) -> str:
        """The name in the audit trail."""
        return f"reseller:{self.login}"


@dataclass(frozen=True, slots=True)
class OperatorCaller:
    """The authenticated operator, at the console."""

    id: UUID
    name: str
    role: Role

    @property
    def actor(self) -> str:
        """The name in the audit trail."""
        return f"operator:{self.name}"


@dataclass(frozen=True, slots=True)
class About:
    """What a refused request was about, without secrets. `login` is as sent, not proven."""

    request: str
    login: str | None = None
    subject: str | None = None
    names: tuple[str, ...] = ()


class Envelope(ABC, Generic[Line]):
    """How a door writes its answers and errors on the wire.

    `table` has a line for each error that callers are refused with, and for each kind of Unserved.
    An error whose class has no line is rendered by the line of its nearest base class.
    """

    table: Mapping[type[Exception], Line]

    @abstractmethod
    def refusal(self, line: Line, error: Exception, exchange: "Exchange") -> web.Response:
        """The answer to a refused request."""

    @abstractmethod
    def operator_text(self, line: Line, error: Exception) -> str:
        """The refusal's text for operators, without what the caller sent and may be secret."""


Handler = Callable[["Exchange"], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Route:
    """A path as aiohttp's router takes it, with its handlers by method.

    Without handlers the path and all paths below it are not found. A body has at most `most_bytes`.
    """

    path: str
    handlers: Mapping[str, Handler]
    envelope: Envelope[Any]
    media_type: str
    most_bytes: int = MAXIMUM_BYTES


@dataclass(frozen=True, slots=True)
class Door:
    """What a door declares. `name` is its name in ops.refusals and in the log.

    `authenticate` raises only errors that have a line in the door's table. `documents` are routes
    outside the frame: they take no input and give everybody the same answer. `headers` stand in
    every answer of the frame.
    """

    name: str
    routes: Sequence[Route]
    authenticate: Callable[["Exchange"], Awaitable[Caller | OperatorCaller]]
    about: Callable[["Exchange"], About]
    documents: Sequence[web.AbstractRouteDef] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


class Exchange:
    """One request to a door, and what is known of it so far."""

    def __init__(self, services: Services, door: Door, route: Route, request: web.Request) -> None:
        self.services = services
        self.door = door
        self.route = route
        self.request = request
        self.form: Form | None = None
        self.names: Sequence[str] = ()
        """Domain names in a JSON body, for the record of a refusal."""
        self.now: datetime
        self.caller: Caller | OperatorCaller | None = None

    @property
    def address(self) -> str | None:
        """The client's address; None = it came over a Unix socket."""
        return address_of(self.request, self.services.settings)

    @property
    def reseller(self) -> Caller:
        """The authenticated reseller; may be used only where no operator is let in."""
        assert isinstance(self.caller, Caller)
        return self.caller

    @property
    def origin(self) -> Origin:
        """Who asks, for the audit trail."""
        assert self.caller is not None
        return Origin(self.caller.actor, self.address)

    async def read_form(self) -> Form:
        """Reads the form in the body. Raises ArgumentUnrecognized for a query, and Unserved."""
        self.require_media_type()
        name = first_in_query(self.request)
        if name is not None:  # URLs end up in logs: no argument may be sent in one
            raise ArgumentUnrecognized(name)
        self.form = Form(await read_fields(self.request, self.route.most_bytes))
        return self.form

    async def read_body(self) -> bytes:
        """Reads the body, which may be empty and of any type. Raises Unserved."""
        return await read_body(self.request, self.route.most_bytes)

    def require_media_type(self) -> None:
        """Checks the body's media type; raises WrongMediaType."""
        if media_type_of(self.request) != self.route.media_type:
            raise WrongMediaType

    async def authenticate(self) -> Caller | OperatorCaller:
        """Identifies the caller by the door's authenticator, and takes the business time."""
        self.caller = await self.door.authenticate(self)
        self.now = await self.services.clock.now()
        return self.caller

    def require_permission(self) -> None:
        """Raises PermissionDenied (E10) for a reseller that the operator suspended."""
        if self.reseller.status != "active":
            raise PermissionDenied

    def once(self, fields: Sequence[tuple[str, str]]) -> Once | None:
        """The Idempotency-Key with a hash of the request's fields; None = no key was sent.

        Raises IdempotencyKeyInvalid unless it is 1 to 255 printable ASCII characters, sent once.
        """
        keys = self.request.headers.getall("Idempotency-Key", [])
        if not keys:
            return None
        if len(keys) > 1 or not re.fullmatch(IDEMPOTENCY_KEY, keys[0]):
            raise IdempotencyKeyInvalid
        return self.once_under(keys[0], fields)

    def once_under(self, key: str, fields: Sequence[tuple[str, str]]) -> Once:
        """The caller's own `key`, with a hash of the request's fields."""
        assert self.caller is not None
        return Once(self.caller.id, key, request_hash(fields))

    def open_work(self) -> AbstractAsyncContextManager[Work]:
        """Opens a unit of work in the caller's name."""
        return open_work(self.services.pool, self.now, self.origin)

    def open_reading(self) -> AbstractAsyncContextManager[Work]:
        """Opens a unit of work that only reads, in the caller's name."""
        return open_reading(self.services.pool, self.now, self.origin)

    async def perform(
        self, carry_out: Callable[[Work], Awaitable[bytes]], once: Once | None
    ) -> bytes:
        """Calls `carry_out` in a unit of work, at most once per key; gives its answer."""
        services = self.services
        return await perform(services.pool, services.vault, self.now, self.origin, carry_out, once)

    async def begin(self, response: web.StreamResponse) -> None:
        """Begins an answer whose body is sent piece by piece."""
        _framed(self.door, response)
        await response.prepare(self.request)

    def note_refusal(self, error: Exception, listener: str, status: int, text: str) -> None:
        """Records for operators that the request was refused with `text`; raises nothing."""
        try:
            _note(self, error, listener, status, text)
        except Exception as fault:  # the caller gets the answer, noted or not
            log_fault("door", fault, door=self.door.name)


def kept_for_good(response: web.Response) -> web.Response:
    """Lets browsers keep an answer whose address never stands for anything else."""
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def add_routes(app: web.Application, services: Services, door: Door) -> None:
    """Adds a door's routes to an application."""
    for route in door.routes:
        app.router.add_route(hdrs.METH_ANY, route.path, _serving(services, door, route))
    app.router.add_routes(door.documents)


def add_refusals(app: web.Application, services: Services, door: Door) -> None:
    """Lets an application refuse all routes of a door: HTTPS is needed (for plain HTTP)."""
    for route in door.routes:
        app.router.add_route(hdrs.METH_ANY, route.path, refusing(services, door, route))


def refusing(services: Services, door: Door, route: Route) -> AiohttpHandler:
    """Makes a handler that reads nothing and answers that HTTPS is needed (E6)."""

    async def refuse(request: web.Request) -> web.StreamResponse:
        exchange = Exchange(services, door, route, request)
        return _framed(door, _refused(exchange, HttpsRequired(), _PLAIN))

    return refuse


def _serving(services: Services, door: Door, route: Route) -> AiohttpHandler:
    async def serve(request: web.Request) -> web.StreamResponse:
        """Answers every request in the door's envelope; raises nothing."""
        exchange = Exchange(services, door, route, request)
        response: web.StreamResponse
        try:
            response = await _handler(exchange)(exchange)
        except Exception as error:
            response = _refused(exchange, error, door.name)
        return _framed(door, response)

    return serve


def _handler(exchange: Exchange) -> Handler:
    """The handler of a request; raises HttpsRequired, NoSuchResource or MethodNotAllowed."""
    request, handlers = exchange.request, exchange.route.handlers
    if not came_by_https(request, exchange.services.settings):
        raise HttpsRequired
    if not handlers:
        raise NoSuchResource
    if request.method not in handlers:
        raise MethodNotAllowed
    return handlers[request.method]


def _refused(exchange: Exchange, error: Exception, listener: str) -> web.Response:
    """Answers an error: a refusal if the door's table has a line for it, else a fault of ours."""
    envelope = exchange.route.envelope
    line = line_for(envelope.table, error)
    if line is None:
        away = log_fault("door", error, door=exchange.door.name)
        fault = DatabaseAway() if away else InternalFault()
        return envelope.refusal(envelope.table[type(fault)], fault, exchange)
    response = envelope.refusal(line, error, exchange)
    if isinstance(error, MethodNotAllowed) and response.status == 405:
        response.headers["Allow"] = ", ".join(exchange.route.handlers)
    exchange.note_refusal(error, listener, response.status, envelope.operator_text(line, error))
    return response


def _note(exchange: Exchange, error: Exception, listener: str, status: int, text: str) -> None:
    about, caller = exchange.door.about(exchange), exchange.caller
    said = None if caller else about.login or getattr(error, "login", None)
    exchange.services.refusals.note(
        Refused(
            listener,
            about.request,
            f"http_{status}" if isinstance(error, Unserved) else reason_of(error),
            text,
            why=getattr(error, "why", ""),
            login=caller.login if isinstance(caller, Caller) else said,
            subject=about.subject,
            proven=caller is not None,
            names=about.names,
            source=exchange.address,
            known=getattr(error, "known", False),
        )
    )


def _framed(door: Door, response: web.StreamResponse) -> web.StreamResponse:
    if response.prepared:  # by `begin`, which was here
        return response
    response.headers.update(door.headers)
    # Answers hold MAC keys: nothing on the way may keep them.
    response.headers.setdefault("Cache-Control", "no-store")
    if response.status in (429, 503):
        response.headers["Retry-After"] = _RETRY_AFTER_SECONDS
    return response
