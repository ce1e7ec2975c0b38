"""The frame of every HTTP door, shown on a minimal door."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import ClientSession, web

from gateway.db.pool import Pool
from gateway.doors import open_doors
from gateway.errors import NotFound
from gateway.errors.request import (
    ArgumentInvalid,
    ArgumentMissing,
    ArgumentUnrecognized,
    HttpsRequired,
    IdempotencyKeyReused,
    LoginRefused,
    PermissionDenied,
    TooManyLogins,
)
from gateway.refusal_log import Refused
from gateway.services import Services
from gateway.usecases.work import Work
from gateway.web import unserved
from gateway.web.door import About, Door, Envelope, Exchange, Handler, Route
from gateway.web.forms import MEDIA_TYPE, Parameter, text
from gateway.web.login import LOGIN as LOGIN_FIELDS
from gateway.web.login import PasswordLogin
from gateway.web.serving import add_routes
from gateway.web.site import new_app
from tests.support.action_door import HTTPS, LOGIN, PASSWORD, Answered, open_door

NOTE = Parameter("note", text(10), required=True)
FIELDS = {"loginName": LOGIN, "loginPassword": PASSWORD, "note": "hello"}
SECRET = "a-secret-word"
NAME = "sitelock"
"""One of the doors that ops.refusals has."""


class RefusalWithoutLine(PermissionDenied):
    """A refusal without a line of its own."""


class TextEnvelope(Envelope[tuple[int, str]]):
    """An error is its text."""

    table: Mapping[type[Exception], tuple[int, str]] = {
        HttpsRequired: (403, "HTTPS!"),
        ArgumentMissing: (400, "missing"),
        ArgumentInvalid: (400, "invalid"),
        ArgumentUnrecognized: (400, "unknown"),
        LoginRefused: (401, "login"),
        PermissionDenied: (403, "permission"),
        IdempotencyKeyReused: (409, "reused"),
        TooManyLogins: (429, "slower"),
        unserved.BodyBroken: (400, "broken"),
        unserved.NoSuchResource: (404, "nowhere"),
        unserved.MethodNotAllowed: (405, "method"),
        unserved.BodyTooSlow: (408, "slow"),
        unserved.BodyTooLarge: (413, "large"),
        unserved.WrongMediaType: (415, "type"),
        unserved.InternalFault: (500, "fault"),
        unserved.DatabaseAway: (503, "away"),
    }

    def refusal(self, line: tuple[int, str], error: Exception, exchange: Exchange) -> web.Response:
        return web.Response(status=line[0], text=line[1])

    def operator_text(self, line: tuple[int, str], error: Exception) -> str:
        return line[1]


@dataclass
class DoorUnderTest:
    """The door under test: it notes a word, or raises what the test sets."""

    url: str
    session: ClientSession
    services: Services
    pool: Pool
    raising: Exception | None = None
    done: list[str] = field(default_factory=list)

    async def ask(self, method: str = "POST", path: str = "/tiny", **options: Any) -> Answered:
        headers = {**HTTPS, **options.pop("headers", {})}
        url = self.url + path
        async with self.session.request(method, url, headers=headers, **options) as response:
            return Answered(response.status, response.headers, await response.text())

    async def refusals(self) -> list[dict[str, Any]]:
        await self.services.refusals.flush()
        rows = await self.pool.fetch("SELECT * FROM audit.refusal ORDER BY reason")
        return [dict(row) for row in rows]

    async def handle(self, exchange: Exchange) -> web.Response:
        form = await exchange.read_form()
        form.refuse_unknown((*LOGIN_FIELDS, NOTE))
        await exchange.authenticate()
        note = form.arguments([NOTE])["note"]
        once = exchange.once([("note", note)])
        exchange.require_permission()
        if self.raising is not None:
            raise self.raising

        async def carry_out(_: Work) -> bytes:
            self.done.append(note)
            return f"noted by {exchange.origin.actor}".encode()

        return web.Response(body=await exchange.perform(carry_out, once))

    def door(self) -> Door:
        handlers: Mapping[str, Handler] = {"POST": self.handle}
        routes = [
            Route("/tiny", handlers, TextEnvelope(), MEDIA_TYPE, most_bytes=200),
            Route("/tiny/{rest:.*}", {}, TextEnvelope(), MEDIA_TYPE),
        ]
        return Door(NAME, routes, PasswordLogin(self.services), self.about)

    def about(self, exchange: Exchange) -> About:
        return About(exchange.request.method, subject="it")


@pytest.fixture
async def door_under_test(pool: Pool) -> AsyncIterator[DoorUnderTest]:
    async with open_door(pool) as actions, ClientSession() as session:
        made = DoorUnderTest("", session, actions.services, pool)
        app = new_app()
        add_routes(app, actions.services, made.door())
        app.router.add_get("/bare", bare)
        async with served(app) as made.url:
            yield made


async def bare(_: web.Request) -> web.Response:
    """No door's."""
    raise ZeroDivisionError(SECRET)


@asynccontextmanager
async def served(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_a_request_is_done_for_who_has_shown_who_it_is(
    door_under_test: DoorUnderTest,
) -> None:
    answer = await door_under_test.ask(data=FIELDS)
    assert (answer.status, answer.text) == (200, f"noted by reseller:{LOGIN}")
    assert answer.headers["Cache-Control"] == "no-store"
    assert await door_under_test.refusals() == []


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "text"),
    [
        ("PUT", "/tiny/nowhere", {"headers": {"X-Forwarded-Proto": "http"}}, 403, "HTTPS!"),
        ("PUT", "/tiny", {"headers": {"X-Forwarded-Proto": "http"}}, 403, "HTTPS!"),
        ("PUT", "/tiny/nowhere", {}, 404, "nowhere"),
        ("PUT", "/tiny?x=1", {"json": {}}, 405, "method"),
        ("POST", "/tiny?x=1", {"json": {}}, 415, "type"),
        ("POST", "/tiny?x=1", {"data": {"note": "x" * 300}}, 400, "unknown"),
        ("POST", "/tiny", {"data": {"note": "x" * 300}}, 413, "large"),
        ("POST", "/tiny", {"data": {"other": "x"}}, 400, "unknown"),
        ("POST", "/tiny", {"data": {**FIELDS, "loginPassword": "wrong", "note": ""}}, 401, "login"),
        ("POST", "/tiny", {"data": {**FIELDS, "note": ""}}, 400, "missing"),
        ("POST", "/tiny", {"data": FIELDS, "headers": {"Idempotency-Key": "é"}}, 400, "invalid"),
    ],
)
async def test_the_checks_come_in_one_order_at_every_door(
    door_under_test: DoorUnderTest,
    method: str,
    path: str,
    options: dict[str, Any],
    status: int,
    text: str,
) -> None:
    answer = await door_under_test.ask(method, path, **options)
    assert (answer.status, answer.text) == (status, text)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers.get("Allow") == ("POST" if status == 405 else None)
    [row] = await door_under_test.refusals()
    assert (row["door"], row["request"], row["answer"]) == (NAME, method, text)
    if text in ("nowhere", "method", "type", "large"):
        assert row["reason"] == f"http_{status}"
    assert door_under_test.done == []


async def test_an_idempotency_key_has_a_reason_of_its_own(door_under_test: DoorUnderTest) -> None:
    for key in ("x" * 256, " ", "a\tb"):
        answer = await door_under_test.ask(data=FIELDS, headers={"Idempotency-Key": key})
        assert (answer.status, answer.text) == (400, "invalid")
    [row] = await door_under_test.refusals()
    assert (row["reason"], row["proven"], row["login"]) == ("idempotency_key_invalid", True, LOGIN)


async def test_a_key_does_a_request_once(door_under_test: DoorUnderTest) -> None:
    key = {"Idempotency-Key": "mine"}
    answers = [await door_under_test.ask(data=FIELDS, headers=key) for _ in range(2)]
    assert [answer.text for answer in answers] == [f"noted by reseller:{LOGIN}"] * 2
    other = await door_under_test.ask(data={**FIELDS, "note": "other"}, headers=key)
    assert (other.status, other.text, door_under_test.done) == (409, "reused", ["hello"])


async def test_a_suspended_reseller_is_refused_after_its_login_and_before_any_rule(
    door_under_test: DoorUnderTest,
) -> None:
    door_under_test.raising = ZeroDivisionError()
    async with door_under_test.pool.acquire() as connection:
        await connection.execute("UPDATE reseller.account SET status = 'suspended'")
    answer = await door_under_test.ask(data=FIELDS)
    assert (answer.status, answer.text) == (403, "permission")
    [row] = await door_under_test.refusals()
    assert (row["reason"], row["proven"]) == ("permission_denied", True)


async def test_an_error_without_a_line_is_rendered_as_what_it_is_a_kind_of(
    door_under_test: DoorUnderTest,
) -> None:
    door_under_test.raising = RefusalWithoutLine()
    answer = await door_under_test.ask(data=FIELDS)
    assert (answer.status, answer.text) == (403, "permission")
    [row] = await door_under_test.refusals()
    assert (row["reason"], row["subject"], row["proven"]) == ("refusal_without_line", "it", True)


@pytest.mark.parametrize("fault", [ZeroDivisionError(SECRET), NotFound(SECRET)])
async def test_what_has_no_line_is_a_fault_logged_without_its_message_and_no_refusal(
    door_under_test: DoorUnderTest, capfd: pytest.CaptureFixture[str], fault: Exception
) -> None:
    door_under_test.raising = fault
    answer = await door_under_test.ask(data=FIELDS)
    assert (answer.status, answer.text) == (500, "fault")
    logged = "".join(capfd.readouterr())
    assert "door.failed" in logged
    assert type(fault).__name__ in logged
    assert SECRET not in logged
    assert await door_under_test.refusals() == []


async def test_an_outage_is_worth_another_try(door_under_test: DoorUnderTest) -> None:
    door_under_test.raising = ConnectionResetError()
    answer = await door_under_test.ask(data=FIELDS)
    assert (answer.status, answer.text, answer.headers["Retry-After"]) == (503, "away", "5")
    door_under_test.raising = TooManyLogins()
    answer = await door_under_test.ask(data=FIELDS)
    assert (answer.status, answer.text, answer.headers["Retry-After"]) == (429, "slower", "5")


async def test_a_fault_while_a_refusal_is_noted_breaks_no_answer(
    door_under_test: DoorUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(door_under_test.services.refusals, "note", broken)
    answer = await door_under_test.ask("PUT")
    assert (answer.status, answer.text) == (405, "method")


async def test_a_body_that_breaks_off_is_no_fault(
    door_under_test: DoorUnderTest, capfd: pytest.CaptureFixture[str]
) -> None:
    host, port = door_under_test.url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /tiny HTTP/1.1\r\nHost: a\r\nContent-Type: {MEDIA_TYPE}\r\nContent-Length: 9\r\n"
    writer.write(f"{head}X-Forwarded-Proto: https\r\n\r\nnote".encode())
    await asyncio.sleep(0.05)
    writer.transport.abort()
    await door_under_test.ask(data=FIELDS)
    assert "door.failed" not in "".join(capfd.readouterr())


async def test_what_no_door_answers_for_is_a_500_without_its_message_too(
    door_under_test: DoorUnderTest, capfd: pytest.CaptureFixture[str]
) -> None:
    answer = await door_under_test.ask("GET", "/bare")
    assert answer.status == 500
    assert json.loads(answer.text)["detail"] == "an internal error occurred"
    logged = "".join(capfd.readouterr())
    assert "http.failed" in logged
    assert "ZeroDivisionError" in logged
    assert SECRET not in logged


async def test_the_refusals_of_every_door_can_be_stored(door_under_test: DoorUnderTest) -> None:
    names = {each.name for each in open_doors(door_under_test.services).values()}
    for name in names:
        door_under_test.services.refusals.note(Refused(name, "x", "no", "no"))
    assert {row["door"] for row in await door_under_test.refusals()} == names
