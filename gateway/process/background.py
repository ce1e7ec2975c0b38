"""Work that goes on beside requests, in this process, until it stops."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from gateway.logging import log_fault

_RESTART_SECONDS = 1.0
_LAST_SECONDS = 2.0


@asynccontextmanager
async def background(name: str, work: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """`work` runs until the block ends; a fault of it is logged, and it starts again."""

    async def keep_running() -> None:
        while True:
            try:
                return await work()
            except Exception as error:
                log_fault("background", error, work=name)
                await asyncio.sleep(_RESTART_SECONDS)

    task = asyncio.create_task(keep_running(), name=name)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def at_the_end(work: Callable[[], Awaitable[None]]) -> None:
    """Does `work` if it is quick and goes well; it is not worth holding a stop up for."""
    with suppress(Exception):
        async with asyncio.timeout(_LAST_SECONDS):
            await work()
