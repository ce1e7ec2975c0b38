"""Listens to what the database announces (NOTIFY), on a connection of its own."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import asyncpg

from gateway.db.pool import CONNECT_SECONDS, Pool
from gateway.ids import new_id


class Listener:
    """Listens to one channel, where each change is announced without a payload.

    A connection whose other end is gone is silent, and so is a pooler that gives connections away
    after each transaction. So the listener regularly sends itself a notification through the pool.
    """

    def __init__(
        self,
        database: str,
        pool: Pool,
        channel: str,
        *,
        proof_every: float = 30.0,
        proof_within: float = 5.0,
    ) -> None:
        self._database = database
        self._pool = pool
        self._channel = channel
        self._proof_every = proof_every
        self._proof_within = proof_within
        self._name = new_id().hex
        self._is_proven = asyncio.Event()
        self._is_behind = asyncio.Event()
        self.is_up_to_date = False
        """True while changes are heard and `catch_up` was done after each; False = unknown."""

    async def follow(self, catch_up: Callable[[], Awaitable[None]]) -> None:
        """Calls `catch_up` when listening begins, after each change, and regularly in between.

        Raises what the database raises when it goes away, and TimeoutError when nothing is heard.
        """
        connection = await asyncpg.connect(self._database, timeout=CONNECT_SECONDS)
        try:
            connection.add_termination_listener(self._fall_behind)
            await connection.add_listener(self._channel, self._hear)
            await self._keep_up(connection, catch_up)
        finally:
            self.is_up_to_date = False
            connection.terminate()

    async def _keep_up(
        self,
        connection: "asyncpg.Connection[asyncpg.Record]",
        catch_up: Callable[[], Awaitable[None]],
    ) -> None:
        loop = asyncio.get_running_loop()
        next_proof = loop.time()
        while not connection.is_closed():
            if loop.time() >= next_proof:
                await self._prove()
                next_proof = loop.time() + self._proof_every
            self._is_behind.clear()
            await catch_up()
            self.is_up_to_date = not self._is_behind.is_set()
            with suppress(TimeoutError):
                async with asyncio.timeout_at(next_proof):
                    await self._is_behind.wait()
        raise ConnectionResetError("the listening connection has ended")

    async def _prove(self) -> None:
        self._is_proven.clear()
        async with asyncio.timeout(self._proof_within):
            await self._pool.execute("SELECT pg_notify($1, $2)", self._channel, self._name)
            await self._is_proven.wait()

    def _hear(self, connection: Any, pid: int, channel: str, payload: object) -> None:
        if not payload:
            self._fall_behind()
        elif payload == self._name:
            self._is_proven.set()

    def _fall_behind(self, connection: Any = None) -> None:
        self.is_up_to_date = False
        self._is_behind.set()
