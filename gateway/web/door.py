"""What an HTTP door declares, and what it knows of one request.

A door declares what is its own: routes, media types, limits, how callers show who they are, and an
envelope with its table of errors. An exchange does for all doors what a request needs: the bounds
of bodies, authentication, permission, Idempotency-Key, the record of refusals, answers in pieces.
`gateway.web.serving` lets a request in and gives errors their line in the table.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic
from uuid import UUID

from aiohttp import web

from gateway.errors.request import (
    ArgumentUnrecognized,
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
from gateway.web.addresses import address_of
from gateway.web.body import MAXIMUM_BYTES, first_in_query, media_type_of, read_body, read_fields
from gateway.web.forms import Form
from gateway.web.rendering import Line
from gateway.web.unserved import Unserved, WrongMediaType
from gateway.web.uploads import WITH_FILE, FormWithFile, SentFile

IDEMPOTENCY_KEY = r"[\x21-\x7e]([\x20-\x7e]{0,253}[\x21-\x7e])?"
"""Pattern of the Idempotency-Key header: 1 to 255 printable ASCII characters."""

_RETRY_AFTER_SECONDS = "5"


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
    With `takes_file` a form with a file (multipart/form-data) is taken as well; `most_bytes` are
    those of its fields.
    """

    path: str
    handlers: Mapping[str, Handler]
    envelope: Envelope[Any]
    media_type: str
    most_bytes: int = MAXIMUM_BYTES
    takes_file: bool = False


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
        self._upload: FormWithFile | None = None
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
        """Reads the form in the body. Raises ArgumentUnrecognized for a query, and Unserved.

        Of a form with a file it reads what stands before that; `read_file` reads the file.
        """
        with_file = self.route.takes_file and media_type_of(self.request) == WITH_FILE
        if not with_file:
            self.require_media_type()
        name = first_in_query(self.request)
        if name is not None:  # URLs end up in logs: no argument may be sent in one
            raise ArgumentUnrecognized(name)
        if with_file:
            self._upload = FormWithFile(self.request, self.route.most_bytes)
            self.form = Form(await self._upload.fields())
        else:
            self.form = Form(await read_fields(self.request, self.route.most_bytes))
        return self.form

    async def read_file(self, most_bytes: int) -> SentFile | None:
        """Reads the file of a form that was read; None = there is none. Raises Unserved.

        Of one with more than `most_bytes` it gives one byte more than that.
        """
        return await self._upload.file(most_bytes) if self._upload is not None else None

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
        await self.take_time()
        return self.caller

    async def take_time(self) -> None:
        """Takes the business time; it is all that a request needs which everybody may send."""
        self.now = await self.services.clock.now()

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

    def frame(self, response: web.StreamResponse) -> web.StreamResponse:
        """Gives an answer the headers of all answers of the door, unless it has begun."""
        if response.prepared:  # by `stream`, which was here
            return response
        for name, value in self.door.headers.items():
            response.headers.setdefault(name, value)
        # Answers hold MAC keys: nothing on the way may keep them.
        response.headers.setdefault("Cache-Control", "no-store")
        if response.status in (429, 503):
            response.headers["Retry-After"] = _RETRY_AFTER_SECONDS
        return response

    async def stream(
        self, response: web.StreamResponse, pieces: AsyncIterator[bytes]
    ) -> web.StreamResponse:
        """Sends a body while its pieces are made; a fault among them ends the connection."""
        await self.frame(response).prepare(self.request)
        try:
            async for piece in pieces:
                await response.write(piece)
            await response.write_eof()
        except Exception as error:
            log_fault("door", error, door=self.door.name)
            if self.request.transport is not None:
                self.request.transport.abort()  # half an answer must not look whole
        return response

    def note_refusal(self, error: Exception, listener: str, status: int, text: str) -> None:
        """Records for operators that the request was refused with `text`; raises nothing."""
        try:
            _note(self, error, listener, status, text)
        except Exception as fault:  # the caller gets the answer, noted or not
            log_fault("door", fault, door=self.door.name)


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


def kept_for_good(response: web.Response) -> web.Response:
    """Lets browsers keep an answer whose address never stands for anything else."""
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
