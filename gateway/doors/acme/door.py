"""What all ACME handlers of a process share."""

import asyncio
import math
import time
from collections.abc import Iterable
from dataclasses import dataclass

from gateway.db.announcements import Listener
from gateway.db.pool import Pool, is_outage
from gateway.doors.acme.key_cache import KeyCache
from gateway.doors.acme.nonce import NonceMint
from gateway.doors.acme.signed_request import Verifier
from gateway.doors.acme.urls import Urls
from gateway.services import Services
from gateway.store.acme import nonces, servers
from gateway.store.acme.servers import Server
from gateway.usecases.acme.activity import ActivityLog
from gateway.usecases.acme.issuance_runner import IssuanceRunner
from gateway.usecases.acme.validation import Validator

_SECONDS_BETWEEN_READINGS = 0.25


class Servers:
    """The servers on offer, by path, kept in memory; the database announces changes."""

    def __init__(self, pool: Pool, database: str) -> None:
        self._pool = pool
        self._listener = Listener(database, pool, servers.CHANNEL)
        self._by_path: dict[str, Server] = {}
        self._lengths: list[int] = []
        self._is_offering = False
        self._reading = asyncio.Lock()
        self._next_reading: asyncio.Task[None] | None = None
        self._read_at = -math.inf

    async def follow(self) -> None:
        """Reads the list whenever it changes; raises what the database raises when it goes away."""
        await self._listener.follow(self._read_anew)

    async def find(self, path: str) -> tuple[Server, str] | None:
        """The server that `path` belongs to, and the rest of the path without its slash.

        While changes are not heard, or one has just been announced, a path of no known server is
        looked up again in a list that is read after the call; all calls within
        _SECONDS_BETWEEN_READINGS share one reading. While the database is away, the list that was
        read last is used; raises what the database raises if none was read.
        """
        found = self.known(path)
        if found is None and not self._listener.is_up_to_date:
            try:
                await self._read_anew()
            except Exception as error:
                if not (self._is_offering and is_outage(error)):
                    raise  # no list was read yet: the path may be that of a server
            found = self.known(path)
        return found

    def known(self, path: str) -> tuple[Server, str] | None:
        """Like `find`, but only among the servers that this process already knows."""
        for length in self._lengths:
            if path[length : length + 1] in ("", "/"):
                server = self._by_path.get(path[:length])
                if server is not None:
                    return server, path[length + 1 :]
        return None

    async def _read_anew(self) -> None:
        """Waits for a reading of the list that begins after the call."""
        if self._next_reading is None:
            self._next_reading = asyncio.create_task(self._read())
            self._next_reading.add_done_callback(_note_failure)
        await asyncio.shield(self._next_reading)

    async def _read(self) -> None:
        async with self._reading:
            await asyncio.sleep(self._read_at + _SECONDS_BETWEEN_READINGS - time.monotonic())
            self._next_reading = None  # later callers need a later reading
            try:
                async with self._pool.acquire() as connection:
                    listed = await servers.list_all(connection)
            finally:
                self._read_at = time.monotonic()
        self.offer(listed)

    def offer(self, listed: Iterable[Server]) -> None:
        """Replaces the known servers by these."""
        self._is_offering = True
        self._by_path = {server.path: server for server in listed}
        self._lengths = sorted({len(path) for path in self._by_path}, reverse=True)


def _note_failure(reading: asyncio.Task[None]) -> None:
    """Marks the error as retrieved: callers that wait get it, but maybe none waits any more."""
    if not reading.cancelled():
        reading.exception()


class Nonces:
    """Fresh nonces of the database's current epoch, which changes when its used ones are lost."""

    def __init__(self, pool: Pool, mint: NonceMint) -> None:
        self._pool = pool
        self._mint = mint
        self._epoch: int | None = None

    async def fresh(self) -> str:
        if self._epoch is None:
            self._epoch = await nonces.current_epoch(self._pool)
        return self._mint.mint(self._epoch)

    def forget_epoch(self) -> None:
        """Lets the next nonce read the current epoch: a refused nonce may belong to a lost one."""
        self._epoch = None


@dataclass(frozen=True, slots=True)
class AcmeDoor:
    """The ACME door of a process: what its handlers share."""

    services: Services
    servers: Servers
    nonces: Nonces
    keys: KeyCache
    verifier: Verifier
    validator: Validator
    runner: IssuanceRunner
    activity: ActivityLog

    def urls(self, server: Server) -> Urls:
        return Urls(self.services.settings.public_url + server.path)


def open_door(
    services: Services, validator: Validator, runner: IssuanceRunner, activity: ActivityLog
) -> AcmeDoor:
    """Composes the door of a process."""
    mint = NonceMint(services.vault.derive_keys("nonce"))
    keys = KeyCache(services.pool)
    return AcmeDoor(
        services,
        Servers(services.pool, services.settings.database),
        Nonces(services.pool, mint),
        keys,
        Verifier(services.settings, keys, mint),
        validator,
        runner,
        activity,
    )
