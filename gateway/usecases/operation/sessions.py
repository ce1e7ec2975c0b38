"""Sessions at the console: opened after the right password, ended by time or by their owner."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from gateway import ids
from gateway.config import Console
from gateway.db.pool import Connection, Pool
from gateway.errors import NotFound
from gateway.origin import Origin
from gateway.store.operation import sessions
from gateway.store.operation.audit import Change
from gateway.store.operation.sessions import ListedSession, NewSession, SessionState
from gateway.usecases.work import Work

__all__ = ["ListedSession", "SessionState"]

HALF_OPEN_FOR = timedelta(minutes=10)
"""The time for the second step after the password."""

_LONGEST_CLIENT = 200


@dataclass(frozen=True, slots=True)
class Signatory:
    """Who has shown the right password: an operator, or else a reseller."""

    id: UUID
    name: str
    password_hash: str = field(repr=False)
    is_operator: bool

    @property
    def actor(self) -> str:
        """Their name in the audit trail."""
        return f"{'operator' if self.is_operator else 'reseller'}:{self.name}"


@dataclass(frozen=True, slots=True)
class Browser:
    """What a session is used with: its address, None if unknown, and its User-Agent."""

    address: str | None
    client: str


async def open_session(
    work: Work,
    who: Signatory,
    browser: Browser,
    ends_at: datetime,
    *,
    real_now: datetime,
    kept: dict[str, Any] | None = None,
) -> str:
    """Opens a session with no further step; gives its token. `kept` is a form to fill in again."""
    token = await _add(work, who, browser, (real_now, ends_at), kept, half_open=False)
    await work.record(Change("session.opened", who.name, None, {"client": browser.client}))
    return token


async def half_open_session(
    work: Work,
    who: Signatory,
    browser: Browser,
    *,
    real_now: datetime,
    kept: dict[str, Any] | None = None,
) -> str:
    """Opens a session that waits ten minutes for a second step; gives its token."""
    times = (real_now, real_now + HALF_OPEN_FOR)
    return await _add(work, who, browser, times, kept, half_open=True)


async def complete(
    work: Work, session: SessionState, ends_at: datetime, *, real_now: datetime
) -> str:
    """Makes a half-open session an open one after the second step; gives its new token."""
    token = ids.new_session_token()
    await sessions.renew(
        work.connection,
        session.id,
        token_hash=hash_of(token),
        ends_at=ends_at,
        proven_at=real_now,
    )
    await work.record(Change("session.opened", session.name, None, {"secondStep": True}))
    return token


async def note_proof(work: Work, session: SessionState, real_now: datetime) -> None:
    """Notes that the second factor was shown in an open session."""
    await sessions.renew(work.connection, session.id, proven_at=real_now)


async def forget_token(work: Work, token: str) -> None:
    """Ends the session of a browser that signs in anew, whoever's it was."""
    await sessions.end_by_token(work.connection, hash_of(token))


async def find(
    pool: Pool, token: str, now: datetime, console: Console, address: str | None
) -> SessionState | None:
    """The session of a token while it counts; `now` is real time."""
    idle = timedelta(minutes=console.idle_minutes)
    return await sessions.find(pool, hash_of(token), now, idle, address)


async def list_own(
    connection: Connection, session: SessionState, now: datetime, console: Console
) -> list[ListedSession]:
    """The sessions of the person whose session it is; `now` is real time."""
    idle = timedelta(minutes=console.idle_minutes)
    return await sessions.list_of(connection, session.owner_id, now, idle)


async def end(work: Work, session: SessionState, session_id: UUID) -> None:
    """Ends a session of the person whose `session` it is; raises NotFound for anybody else's."""
    if not await sessions.end(work.connection, session.owner_id, session_id):
        raise NotFound
    await work.record(Change("session.ended", session.name, None, {"sessions": 1}))


async def end_others(work: Work, session: SessionState) -> int:
    """Ends all other sessions of a person; gives how many they were."""
    ended = await sessions.end_all(work.connection, session.owner_id, but=session.id)
    await work.record(Change("session.ended", session.name, None, {"sessions": ended}))
    return ended


async def end_everywhere(work: Work, session: SessionState) -> None:
    """Ends all sessions of a person, this one too."""
    ended = await sessions.end_all(work.connection, session.owner_id)
    await work.record(Change("session.ended", session.name, None, {"sessions": ended}))


async def forget_kept(pool: Pool, session: SessionState) -> None:
    """Forgets the form that a session keeps, once it was sent."""
    await sessions.forget_kept(pool, session.id)


def ends_at(now: datetime, console: Console) -> datetime:
    """When a session that is opened now ends, however busy it is."""
    return now + timedelta(hours=console.session_hours)


def hash_of(token: str) -> bytes:
    """What is stored of a token: SHA-256 is enough for 256 random bits."""
    return sha256(token.encode(errors="replace")).digest()


def credential_of(password_hash: str) -> bytes:
    """What ties a session to a password: with another one it counts no more."""
    return sha256(password_hash.encode()).digest()


async def _add(
    work: Work,
    who: Signatory,
    browser: Browser,
    times: tuple[datetime, datetime],
    kept: dict[str, Any] | None,
    *,
    half_open: bool,
) -> str:
    token = ids.new_session_token()
    session = NewSession(
        id=ids.new_id(),
        token_hash=hash_of(token),
        operator_id=who.id if who.is_operator else None,
        reseller_id=None if who.is_operator else who.id,
        credential=credential_of(who.password_hash),
        half_open=half_open,
        opened_at=times[0],
        ends_at=times[1],
        source=browser.address,
        client=browser.client[:_LONGEST_CLIENT],
        kept=kept,
    )
    await sessions.add(work.connection, session)
    return token


def origin_of(who: Signatory, browser: Browser) -> Origin:
    """The origin of what somebody does while signing in."""
    return Origin(who.actor, browser.address)
