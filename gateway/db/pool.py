"""The PostgreSQL connection pool."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import asyncpg
import msgspec

from gateway.errors import OperatorMistake

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
    Pool = asyncpg.Pool[asyncpg.Record]
else:
    Pool = asyncpg.Pool
    Connection = asyncpg.Connection

Record = asyncpg.Record
T = TypeVar("T")

_PLANNING = {"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off", "jit": "off"}
"""Every statement is planned once a connection. A plan made while a table was empty stays in use
as the table grows, so it must go by an index from the start; so must those of foreign keys. And no
statement is long enough for compiling it to pay."""

CONNECT_SECONDS = 5.0
_ANSWER_SECONDS = 2.0
_CLOSE_SECONDS = 5.0
_left_behind: set[asyncio.Future[Any]] = set()


async def open_pool(url: str, *, min_size: int = 2, max_size: int = 10) -> Pool:
    """Connects to `url`; raises OSError or asyncpg.PostgresError when that fails.

    Statements stay prepared for the life of a connection, and a connection goes back to the
    pool without a RESET round trip: no code of ours leaves session state behind.
    """
    return await asyncpg.create_pool(
        url,
        min_size=min_size,
        max_size=max_size,
        statement_cache_size=512,
        max_cached_statement_lifetime=0,
        command_timeout=30,
        timeout=CONNECT_SECONDS,
        init=_prepare_connection,
        server_settings=_PLANNING,
        reset=_leave_as_is,
    )


async def close_pool(pool: Pool) -> None:
    """Closes a pool: waits a moment for connections in use, then ends all of them."""
    try:
        async with asyncio.timeout(_CLOSE_SECONDS):
            await pool.close()
    except TimeoutError:
        pool.terminate()


@asynccontextmanager
async def transaction(pool: Pool) -> AsyncIterator[Connection]:
    """One connection with an open transaction: commits at the end, rolls back on an exception."""
    async with pool.acquire() as connection, connection.transaction():
        yield connection


async def fetch_one(connection: Connection | Pool, query: str, *arguments: Any) -> Record:
    """The row of a query that always has one; raises LookupError when it has not."""
    row = await connection.fetchrow(query, *arguments)
    if row is None:
        raise LookupError("the query gave no row")
    return row


async def _prepare_connection(connection: Any) -> None:
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="binary",
        encoder=lambda value: b"\x01" + msgspec.json.encode(value),
        decoder=lambda data: msgspec.json.decode(data[1:]),
    )


async def _leave_as_is(connection: Any) -> None:
    return None


async def soon(reading: Awaitable[T], seconds: float = CONNECT_SECONDS) -> T:
    """Gives what something that only reads gives; raises TimeoutError if that takes so long.

    It is left behind then, to end by itself: who cancels a statement and gives its connection back
    must hear from the database first, and one whose processes stand still says nothing.
    """
    task = asyncio.ensure_future(reading)
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
    except asyncio.CancelledError:
        _leave(task)
        raise
    if not done:
        _leave(task)
        raise TimeoutError
    return task.result()


def _leave(task: asyncio.Future[Any]) -> None:
    task.cancel()
    _left_behind.add(task)
    task.add_done_callback(_forget)


def _forget(task: asyncio.Future[Any]) -> None:
    _left_behind.discard(task)
    if not task.cancelled():
        task.exception()  # nobody waits for it any more


async def answers(pool: Pool) -> bool:
    """Does the database answer within two seconds?"""
    try:
        await soon(pool.fetchval("SELECT 1"), _ANSWER_SECONDS)
    except Exception as error:
        if is_outage(error):
            return False
        raise
    return True


@contextmanager
def database_mistakes() -> Iterator[None]:
    """Turns errors of the database connection into an OperatorMistake of one line."""
    try:
        yield
    except asyncpg.DataError as error:
        raise OperatorMistake(f"a value cannot be stored: {error}") from None
    except (asyncpg.PostgresError, OSError, asyncpg.InterfaceError) as error:
        if isinstance(error, OSError) and error.filename is not None:
            raise  # about that file, not about the database
        # The message leaves the address out: it may hold a password.
        raise OperatorMistake(
            f"the database cannot be used ({type(error).__name__}): {error}; check `database`"
        ) from None


def is_outage(error: BaseException) -> bool:
    """True when the database is away or going away: worth a 503 and a retry, not a 500."""
    return isinstance(
        error,
        OSError
        | TimeoutError
        | asyncpg.PostgresConnectionError
        | asyncpg.CannotConnectNowError
        | asyncpg.AdminShutdownError
        | asyncpg.CrashShutdownError
        | asyncpg.TooManyConnectionsError
        | asyncpg.InterfaceError
        # A statement meets a connection that the server has just ended.
        | asyncpg.InternalClientError,
    )
