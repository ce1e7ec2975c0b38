"""Clients that keep running: web servers that get their certificates themselves."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_STOP_SECONDS = 20


@dataclass(frozen=True)
class Daemon:
    """A program that runs; whatever it says is in `log`."""

    process: asyncio.subprocess.Process
    log: Path

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)


@asynccontextmanager
async def daemon(
    *command: str,
    log: Path,
    environment: Mapping[str, str] | None = None,
    user: str | None = None,
) -> AsyncIterator[Daemon]:
    """Runs until the end of the block, then all processes it started are gone too."""
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=dict(environment or os.environ),
            start_new_session=True,
            user=user,
        )
    try:
        yield Daemon(process, log)
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        with suppress(TimeoutError):
            async with asyncio.timeout(_STOP_SECONDS):
                await process.wait()
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
