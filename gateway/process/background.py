"""Background work of a process, beside its requests."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from gateway.logging import log_fault

_RESTART_SECONDS = 1.0
_LAST_SECONDS = 2.0


@asynccontextmanager
async def background(name: str, work: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Runs `work` until the block ends; a fault is logged, and the work starts again."""

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
    """Tries `work` for at most two seconds; a failure is ignored, and does not delay the stop."""
    with suppress(Exception):
        async with asyncio.timeout(_LAST_SECONDS):
            await work()
