"""A request for a page: who asks, what a page can read of it, and how it answers."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

import msgspec
from aiohttp import web

from gateway import ids
from gateway.doors.console import access, rendering
from gateway.doors.console.csv_answer import stream
from gateway.doors.console.envelope import for_the_record
from gateway.doors.console.flash import drop_flash, flash_in, set_flash
from gateway.doors.console.forms import (
    BACK,
    ONCE,
    FilledForm,
    PageForm,
    Values,
    counted,
    without_spaces,
)
from gateway.doors.console.lists import Paging, Query, Sorting, paging_of, sorting_of
from gateway.doors.console.parts import SESSION, ConsoleParts
from gateway.doors.console.routes import BASE
from gateway.doors.console.sentences import Sentence
from gateway.errors import GatewayError, NotFound
from gateway.errors.operation import FormForged
from gateway.errors.request import IdempotencyKeyInvalid
from gateway.services import Services
from gateway.usecases.actions import Once, is_answered
from gateway.usecases.operation import sessions
from gateway.usecases.operation.sessions import Browser, SessionState
from gateway.usecases.work import Work
from gateway.web.body import query_of
from gateway.web.door import Exchange
from gateway.web.forms import Form
from gateway.web.rendering import line_for
from gateway.web.unserved import BodyTooLarge
from gateway.web.untrusted import Field, TooManyFields
from gateway.web.uploads import SentFile

_ONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")
_OWN_PATH = re.compile(re.escape(BASE) + r"/[!-\[\]-~]{0,1000}")
WRONG_FIELDS = 422
"""Status of a page with a form whose fields are wrong."""

_CONFIRM = "You were signed out before this was sent. Look at what you entered, and send it again."


class Done(msgspec.Struct, frozen=True):
    """What came of a form: the page to go to, and what is shown there."""

    to: str
    shown: str = ""


CarryOut = Callable[[Work, Values], Awaitable[Done]]
Before = Callable[[Values], Awaitable[None]]
Again = Callable[["PageRequest", FilledForm], Awaitable[web.Response]]


class PageRequest:
    """One request for a page, by somebody who may ask for it."""

    def __init__(self, parts: ConsoleParts, exchange: Exchange) -> None:
        self.parts = parts
        self.exchange = exchange
        self.request = exchange.request
        self.fields: Sequence[Field] = ()
        """What a form in the body sent."""

    @property
    def services(self) -> Services:
        """The parts of the process."""
        return self.parts.services

    @property
    def now(self) -> datetime:
        """Business time."""
        return self.exchange.now

    @property
    def session(self) -> SessionState:
        """The session of the person who asks; only where the page is not for everybody."""
        return self.request[SESSION]

    @property
    def person(self) -> SessionState | None:
        """The same; None = nobody is signed in."""
        return self.request.get(SESSION)

    @property
    def browser(self) -> Browser:
        """What the request came with."""
        client = self.request.headers.get("User-Agent", "").encode(errors="replace").decode()
        return Browser(self.exchange.address, client.replace("\0", ""))

    @cached_property
    def query(self) -> Query:
        """The page's path and query; raises BodyTooLarge for a query of too many fields."""
        try:
            return Query(self.request.path, query_of(self.request))
        except TooManyFields:
            raise BodyTooLarge from None

    def part(self, name: str) -> str:
        """A part of the path, as the route names it; raises NotFound for what no name can be."""
        part = self.request.match_info[name]
        if not part.isprintable():
            raise NotFound
        return part

    def id_in(self, name: str) -> UUID:
        """A part of the path that is an id; raises NotFound for what is none."""
        try:
            return ids.read_id(self.part(name))
        except ValueError:
            raise NotFound from None

    def sent(self, name: str) -> str:
        """The first value of a field in the body, unchecked; "" = there is none."""
        return next((each.value for each in self.fields if each.name == name), "")

    def challenge(self, once: str) -> bytes:
        """The challenge to a passkey in a form with that key."""
        return access.challenge(access.token_in(self.request) or "", once)

    def open_reading(self) -> AbstractAsyncContextManager[Work]:
        """Opens a unit of work that only reads, in the person's name."""
        return self.exchange.open_reading()

    def paging(self) -> Paging:
        """The page of a list that is asked for."""
        return paging_of(self.query)

    def sorting(self, columns: Sequence[str], usual: str) -> Sorting:
        """The order of a list that is asked for: by one of `columns`, else the usual."""
        return sorting_of(self.query, columns, usual)

    def search(self, form: PageForm) -> tuple[FilledForm, Values | None]:
        """A form that is sent as the query of this page, with its values; None = some are wrong."""
        filled = FilledForm(form, self.request.path, token="", back="")
        fields = without_spaces(self.query.fields)
        filled.enter_fields(fields)
        return filled, filled.check(Form(fields))

    def form(
        self, form: PageForm, action: str, values: Mapping[str, Any] | None = None, key: str = ""
    ) -> FilledForm:
        """A form to be filled in, which is sent to the path `action`.

        `values` stand in it at first, unless it was sent after the session before had ended: then
        what was sent stands there. `key` tells forms of one kind on a page apart.
        """
        shown_by_get = self.request.method in ("GET", "HEAD")
        back = str(self.request.rel_url) if shown_by_get else own_path(self.sent(BACK))
        filled = self._filled(form, action, back, key)
        kept = self.session.kept
        if kept is not None and kept["to"] == action:
            filled.enter_fields([Field(*each) for each in kept["fields"]])
            filled.note = _CONFIRM
        else:
            filled.enter(values or {})
        return filled

    def render(self, template: str, *, status: int = 200, **values: Any) -> web.Response:
        """A page from a template of its own."""
        flash = flash_in(self.request)
        person = None if self.person is None or self.person.half_open else self.person
        common = {
            "person": person,
            "entries": self.parts.entries(person),
            "path": self.request.path,
            "flash": flash,
            "zone": rendering.zone_of(self.request.cookies.get(rendering.ZONE_COOKIE)),
            "sign_out": self._filled(PageForm("sign-out"), f"{BASE}/sign-out", "", ""),
        }
        response = rendering.rendered(template, {**common, **values}, status)
        if flash:
            drop_flash(response)
        return response

    def see_other(self, to: str, shown: str = "") -> web.Response:
        """Sends the browser to another page, which shows a text."""
        response = web.Response(status=303, headers={"Location": to})
        if shown:
            set_flash(response, shown)
        return response

    def note_refusal(self, error: Exception) -> Sentence:
        """Records a refusal, and gives the sentence to show; raises an error that has none."""
        line: Sentence | None = line_for(self.exchange.route.envelope.table, error)
        if line is None:
            raise error
        text = for_the_record(line, error)
        self.exchange.note_refusal(error, self.exchange.door.name, line.status, text)
        return line

    async def submit(
        self, form: PageForm, carry_out: CarryOut, again: Again, before: Before | None = None
    ) -> web.Response:
        """Checks a form, calls `carry_out` once, and goes to the page that it names.

        `again` shows the form's page with what is wrong: fields, or a refusal that has a sentence.
        The same form sent twice is carried out once, and both go to the same page. `before` checks
        what takes long, without a transaction, unless the form was carried out already. Raises
        errors without a sentence, and FormForged for a form without its key.
        """
        key = self.key_of_form()
        file = None
        if form.file is not None:
            file = await self.exchange.read_file(form.file.kind.maximum_length)
        filled, values = self.entered(form, file)
        if values is None:
            return await self.again(again, filled, WRONG_FIELDS)
        entered = values
        told_apart = counted(without_spaces(self.fields), file)
        once = self.exchange.once_under(key, [("to", self.request.path), *told_apart])
        objection = await self._objection(before, entered, once)

        async def encoded(work: Work) -> bytes:
            if objection is not None:  # only here: the form may have been carried out meanwhile
                raise objection
            return msgspec.json.encode(await carry_out(work, entered))

        try:
            done = msgspec.json.decode(await self.exchange.perform(encoded, once), type=Done)
        except GatewayError as error:
            return await self.again(again, filled, self.refuse(filled, error))
        if self.session.kept is not None:
            await sessions.forget_kept(self.services.pool, self.session)
        return self.see_other(done.to, done.shown)

    def key_of_form(self) -> str:
        """The key by which a form that is sent twice is carried out once; raises FormForged."""
        key = self.sent(ONCE)
        if not _ONCE.fullmatch(key):
            raise FormForged
        return key

    def entered(
        self, form: PageForm, file: SentFile | None = None
    ) -> tuple[FilledForm, Values | None]:
        """A form as it was sent in the body, with its values; None = some are wrong."""
        filled = self._filled(form, self.request.path, own_path(self.sent(BACK)), "")
        fields = without_spaces(self.fields)
        return filled, filled.enter_fields(fields).check(Form(fields), file)

    def refuse(self, filled: FilledForm, error: GatewayError) -> int:
        """Shows in a form why it is refused, and notes that for operators; gives the status.

        Raises errors without a sentence.
        """
        line = self.note_refusal(error)
        filled.refuse(line, error)
        return line.status

    async def csv(
        self, name: str, header: Sequence[str], rows: AsyncIterator[Sequence[object]]
    ) -> web.StreamResponse:
        """Answers with a CSV file that is written while its rows are read."""
        return await stream(self.exchange, name, header, rows)

    async def _objection(
        self, before: Before | None, values: Values, once: Once
    ) -> GatewayError | None:
        """What `before` refuses; IdempotencyKeyInvalid in place of a check that was left out."""
        if before is None:
            return None
        if await is_answered(self.services.pool, once):
            return IdempotencyKeyInvalid()
        try:
            await before(values)
        except GatewayError as error:
            return error
        return None

    async def again(self, again: Again, filled: FilledForm, status: int) -> web.Response:
        """Shows a form's page with what is wrong."""
        response = await again(self, filled)
        response.set_status(status)
        return response

    def _filled(self, form: PageForm, action: str, back: str, key: str) -> FilledForm:
        token = access.token_in(self.request)
        own = access.form_token(token) if token and self.person else ""
        return FilledForm(form, action, token=own, back=back, key=key)


def own_path(path: str) -> str:
    """A path of the console; any other becomes that of its first page."""
    return path if _OWN_PATH.fullmatch(path) else f"{BASE}/"
