"""The refusals of clients and resellers, for those who run the gateway (ops.refusals).

A refusal only leaves a note in memory, where equal ones are counted; every second one statement
writes them. So they outlive the transaction that was rolled back, and a request waits for nothing.
A killed process loses the notes of its last second.

Refusals cannot fill the disk: in an hour one process keeps a limited number of different refusals
for each reason of unauthenticated callers, for each existing login or EAB key identifier that they
name, and for each authenticated caller. Further ones are counted in one row for each reason.
"""

import asyncio
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any
from uuid import UUID

from gateway.clock import Clock
from gateway.db.pool import Pool
from gateway.store.operation import refusals

_PAUSE_SECONDS = 1.0
_HOUR_SECONDS = 3600.0
_MOST_OF_STRANGERS = 100
_MOST_OF_ONE = 1000
_MOST_OF_ALL = 20_000
_MOST_NAMES = 100
_LONGEST_NAME = 255
_LONGEST = 500
TOO_MANY = "Too many different ones in an hour to keep each."

_UPPER = re.compile(r"(?<!^)(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Refused:
    """One refusal. `proven` = the caller was authenticated.

    `known` = the login, or the EAB key identifier in `subject`, exists, though the caller was not
    authenticated as its owner. `answer` is the text that the caller got, `why` the reason that it
    did not get. `resource` is the id of the ACME resource it was about.
    """

    door: str
    request: str
    reason: str
    answer: str
    why: str = ""
    login: str | None = None
    subject: str | None = None
    proven: bool = False
    names: tuple[str, ...] = ()
    source: str | None = None
    resource: UUID | None = None
    known: bool = field(default=False, compare=False)


def reason_of(error: Exception) -> str:
    """Gives the stable code for a class of refusals: its name, as login_refused."""
    return _UPPER.sub("_", type(error).__name__).lower()


class RefusalLog:
    """Collects the refusals of one process and writes them."""

    def __init__(self, pool: Pool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock
        self._notes: dict[Refused, int] = {}
        self._kept: dict[tuple[str, str], set[Refused]] = {}
        self._number_kept = 0
        self._kept_since = time.monotonic()

    def note(self, refused: Refused) -> None:
        """Keeps a refusal to be written soon; never fails and never waits."""
        kept = self._admitted(_bounded(refused))
        self._notes[kept] = self._notes.get(kept, 0) + 1

    async def run_forever(self) -> None:
        """Writes the notes every second."""
        while True:
            await asyncio.sleep(_PAUSE_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        """Writes the notes; keeps them when that fails."""
        if not self._notes:
            return
        notes, self._notes = self._notes, {}
        try:
            rows = [_row(refused, times) for refused, times in notes.items()]
            await refusals.add(self._pool, await self._clock.now(), rows)
        except Exception:
            for refused, times in notes.items():
                self._notes[refused] = self._notes.get(refused, 0) + times
            raise

    def _admitted(self, refused: Refused) -> Refused:
        """Gives the refusal itself, or the row that counts all further ones of the hour."""
        if time.monotonic() - self._kept_since > _HOUR_SECONDS:
            self._kept, self._kept_since = {}, time.monotonic()
            self._number_kept = 0
        kept = self._kept.setdefault(_room(refused), set())
        if refused in kept:
            return refused
        most = _MOST_OF_ONE if refused.proven else _MOST_OF_STRANGERS
        if len(kept) < most and self._number_kept < _MOST_OF_ALL:
            kept.add(refused)
            self._number_kept += 1
            return refused
        return _for_all(refused)


def _room(refused: Refused) -> tuple[str, str]:
    """The group whose limit a refusal counts against.

    Failed guesses at a login count apart from the refusals of its owner.
    """
    whose = _caller(refused)
    if refused.proven:
        return "proven", whose or ""
    if refused.known and whose:
        return "known", whose
    return "strangers", f"{refused.door} {refused.reason}"


def _caller(refused: Refused) -> str | None:
    """Who called: the ACME account, or the reseller, who may name any of its accounts."""
    return refused.subject if refused.door == "acme" else refused.login


def _for_all(refused: Refused) -> Refused:
    by_reason = Refused(refused.door, "", refused.reason, "", why=TOO_MANY)
    if not (refused.proven or (refused.known and _caller(refused))):
        return by_reason
    subject = refused.subject if refused.door == "acme" else None
    return replace(by_reason, login=refused.login, subject=subject, proven=refused.proven)


def _bounded(refused: Refused) -> Refused:
    """Gives the refusal with texts that are short and can be stored."""
    return replace(
        refused,
        request=_text(refused.request),
        answer=_text(refused.answer),
        why=_text(refused.why),
        login=None if refused.login is None else _text(refused.login),
        subject=None if refused.subject is None else _text(refused.subject),
        names=_names(refused.names),
    )


def _names(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(_text(name[:_LONGEST_NAME]) for name in names[:_MOST_NAMES])


def _text(text: str) -> str:
    cut = text[:_LONGEST]
    if cut.isprintable():  # the usual case; lone surrogates are not printable
        return cut
    storable = cut.encode(errors="replace").decode()
    return "".join(letter if letter.isprintable() else "?" for letter in storable)


def _row(refused: Refused, times: int) -> dict[str, Any]:
    values: dict[str, Any] = {
        "door": refused.door,
        "request": refused.request,
        "reason": refused.reason,
        "answer": refused.answer,
        "why": refused.why,
        "login": refused.login,
        "subject": refused.subject,
        "proven": refused.proven,
        "names": list(refused.names),
        "source": refused.source,
        "resource": None if refused.resource is None else str(refused.resource),
    }
    digest = sha256(repr(sorted(values.items())).encode()).digest()
    return {**values, "key": str(UUID(bytes=digest[:16])), "times": times}
