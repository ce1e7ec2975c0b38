"""A gateway in this process that gets raw requests; its state, faults and calls are checked."""

import asyncio
import cProfile
import logging
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import structlog
from argon2 import PasswordHasher

from gateway import passwords
from gateway.config import Logins
from tests.support.amount import IN_FULL
from tests.support.gateway import RunningGateway, running_gateway, sandbox_validation
from tests.support.raw_http import RawAnswer, RawConnection
from tests.support.server_process import until

_BASE_CALLS = 30_000
"""Function calls, also of C functions, that any request may cost; a certificate takes most."""
_CALLS_PER_BYTE = 4
"""Further calls allowed for each byte of the request and of its answer."""
_COUNTED = 1 if IN_FULL else 2
"""Counts the calls of every second request, or of each in a full run: counting doubles the cost."""
_SHOWN = 600
_MOST_SHOWN = 12

_NO_STATE = ("audit", "job", "sandbox", "notice")
"""Schemas of records about requests, and of background work, which do not count as state."""
_STAMPS = ("last_activity", "user_agent", "ip_address", "failed_logins", "last_used_at")
_WORK = ("due_at", "attempts", "claims", "problem")
"""Columns that background work on an accepted request writes while further ones are sent."""


@dataclass
class WatchedGateway:
    """A gateway under watch; `connection` reaches all doors, and counts as HTTPS."""

    gateway: RunningGateway
    connection: RawConnection
    events: list[MutableMapping[str, Any]]
    faults: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    asked: int = 0
    findings: list[str] = field(default_factory=list)
    """Violations, each with the input that shows it."""

    async def ask(self, request: bytes, described: object) -> RawAnswer:
        """Sends a request; a fault, or too many calls for its bytes, is noted as a finding."""
        self.asked += 1
        if self.asked % _COUNTED:
            answer, calls = await self.connection.ask(request), 0
        else:
            answer, calls = await self._ask_and_count(request)
        wrong = [_in_short(event) for event in self.events] + self.faults
        self.events.clear()
        self.faults.clear()
        if answer.status >= 500:
            wrong.append("a server's error")
        if calls > _BASE_CALLS + _CALLS_PER_BYTE * (len(request) + len(answer.body)):
            wrong.append(f"{calls} calls")
        if wrong:
            self.found(f"{wrong}: {described}", request, answer)
        return answer

    async def _ask_and_count(self, request: bytes) -> tuple[RawAnswer, int]:
        profile = cProfile.Profile(subcalls=False)
        profile.enable()
        try:
            answer = await self.connection.ask(request)
        finally:
            profile.disable()
        return answer, sum(entry.callcount for entry in profile.getstats())

    def found(self, what: str, request: bytes, answer: RawAnswer) -> None:
        """Notes a finding."""
        came = answer.body[:_SHOWN]
        self.findings.append(f"{what}\n  {request[:_SHOWN]!r}\n  {answer.status} {came!r}")

    def assert_nothing_found(self) -> None:
        """Fails with the first finding, if there is one."""
        number = len(self.findings)
        assert not number, "\n".join([f"{number} findings", *self.findings[:_MOST_SHOWN]])

    async def state(self) -> dict[str, str]:
        """A digest of every table that holds state."""
        if not self.tables:
            self.tables = [
                row[0]
                for row in await self.gateway.pool.fetch(
                    """
                    SELECT format('%I.%I', schemaname, tablename)
                      FROM pg_tables
                     WHERE schemaname NOT IN ('pg_catalog', 'information_schema', 'public')
                       AND NOT schemaname = ANY ($1)
                       AND tablename NOT LIKE 'nonce%'
                    """,
                    list(_NO_STATE),
                )
            ]
        queries = (
            f"""
            SELECT '{table}', md5(coalesce(string_agg((to_jsonb(t) - $1::text[])::text, ','
                                                      ORDER BY t::text), ''))
              FROM {table} t
            """
            for table in self.tables
        )
        rows = await self.gateway.pool.fetch(" UNION ALL ".join(queries), [*_STAMPS, *_WORK])
        return dict(map(tuple, rows))

    async def settled_state(self) -> dict[str, str]:
        """The state once background work on requests has ended: no challenge is being validated."""
        await until(self._is_settled, "a challenge is still worked on")
        return await self.state()

    async def _is_settled(self) -> bool:
        return not await self.gateway.pool.fetchval(
            "SELECT EXISTS (SELECT FROM acme.challenge WHERE status = 'processing')"
        )


def _in_short(event: MutableMapping[str, Any]) -> str:
    where = str(event.get("stack", "")).strip().rpartition("File ")[2]
    parts = (event.get(name, "") for name in ("event", "work", "error"))
    return " ".join([*map(str, parts), where])


class _Faults(logging.Handler):
    """Collects what libraries log as errors: uncaught exceptions."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._faults = faults

    def emit(self, record: logging.LogRecord) -> None:
        self._faults.append(self.format(record))


@asynccontextmanager
async def watched_gateway(database: str, directory: Path) -> AsyncIterator[WatchedGateway]:
    """Runs a gateway with demo data, on an empty migrated database or one that has them already.

    Passwords are cheap to check, no login is ever locked, and a validation is tried once.
    """
    validation = sandbox_validation(retry_delays_seconds=[])
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with patch.object(passwords, "_hasher", cheap):
        async with running_gateway(
            database,
            directory,
            behind_proxy=True,
            validation=validation,
            logins=Logins(failures_before_lock=1_000_000_000),
        ) as gateway:
            with structlog.testing.capture_logs() as events:
                connection = RawConnection(gateway.services.settings.listen.port)
                watched = WatchedGateway(gateway, connection, events)
                async with _faults_noted(watched.faults):
                    yield watched
                await connection.close()


@asynccontextmanager
async def _faults_noted(faults: list[str]) -> AsyncIterator[None]:
    loop, handler = asyncio.get_running_loop(), _Faults(faults)
    before = loop.get_exception_handler()
    loop.set_exception_handler(lambda _, context: faults.append(repr(context)))
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
        loop.set_exception_handler(before)
