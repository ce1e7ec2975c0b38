"""Shows and moves the sandbox clock over HTTP."""

import asyncio
from datetime import UTC, datetime, timedelta

import msgspec
from aiohttp import web

from gateway.db.pool import Connection, transaction
from gateway.doors.jobs.due import run_due, run_periodic
from gateway.doors.jobs.work import BackgroundWork
from gateway.sandbox.clock import hand
from gateway.services import Services
from gateway.store.operation import clock as store
from gateway.web.body import read_body
from gateway.web.unserved import Unserved
from gateway.web.untrusted import NotJson, decode_json

ROUTE = "/sandbox/clock"


class _Move(msgspec.Struct, forbid_unknown_fields=True):
    """Where to move the clock; exactly one of the two is given."""

    now: str | None = None
    advance_seconds: float | None = None


class _BadMove(Exception):
    """The request is wrong; the text tells the caller what to send instead."""


# Terms and lifetimes are added to and subtracted from instants: that must not overflow.
_EARLIEST = datetime(1000, 1, 1, tzinfo=UTC)
_LATEST = datetime(9000, 1, 1, tzinfo=UTC)
_OUT_OF_RANGE = "the clock can stand in the years 1000 to 8999 (UTC) only"


def add_routes(app: web.Application, services: Services, work: BackgroundWork) -> None:
    """Adds the clock's routes, for the sandbox only: GET shows it, POST moves it.

    Work that becomes due by a move is done in order, before anybody sees the new time; a move
    backwards undoes nothing. Periodic work is done once at the new time.
    """

    moving = asyncio.Lock()

    async def show(request: web.Request) -> web.Response:
        return _answer(await hand(services.pool))

    async def move(request: web.Request) -> web.Response:
        try:
            wanted = _parse(await _body(request))
            # A move holds a connection while it waits for the row: only one may do so.
            async with moving, transaction(services.pool) as connection:
                await store.lock(connection)
                before = await hand(connection)
                instant = await _destination(connection, wanted)
                await run_due(services, work, before, instant)
                await store.stand_at(connection, instant)
            await run_periodic(services, work, instant)
        except _BadMove as bad:
            return web.json_response({"error": str(bad)}, status=400)
        return _answer(instant)

    app.router.add_get(ROUTE, show)
    app.router.add_post(ROUTE, move)


_decoder = msgspec.json.Decoder(_Move)


async def _body(request: web.Request) -> bytes:
    try:
        return await read_body(request)
    except Unserved:
        raise _BadMove("the body did not arrive whole, or is larger than 64 KiB") from None


def _parse(body: bytes) -> _Move:
    try:
        wanted = decode_json(_decoder, body)
    except NotJson as error:
        raise _BadMove(f'send {{"now": …}} or {{"advance_seconds": …}}: {error}') from None
    if (wanted.now is None) == (wanted.advance_seconds is None):
        raise _BadMove("send either now or advance_seconds")
    return wanted


async def _destination(connection: Connection, wanted: _Move) -> datetime:
    if wanted.now is not None:
        return _instant(wanted.now)
    seconds = wanted.advance_seconds or 0.0
    try:
        return _in_range(await hand(connection) + timedelta(seconds=seconds))
    except (OverflowError, ValueError):  # ValueError: not a number
        raise _BadMove(_OUT_OF_RANGE) from None


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise _BadMove("now is no ISO 8601 instant like 2025-01-10T15:30:00Z") from None
    if instant.tzinfo is None:
        raise _BadMove("now has no time zone; end it with Z for UTC")
    return _in_range(instant)


def _in_range(instant: datetime) -> datetime:
    if not _EARLIEST <= instant < _LATEST:
        raise _BadMove(_OUT_OF_RANGE)
    return instant.astimezone(UTC)


def _answer(instant: datetime) -> web.Response:
    text = instant.replace(tzinfo=None).isoformat()
    return web.json_response({"now": f"{text}Z"}, headers={"Cache-Control": "no-store"})
