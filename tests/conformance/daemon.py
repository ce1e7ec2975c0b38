"""Clients that keep running: web servers that get their certificates themselves."""

import asyncio
import os
import pwd
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
    directory: Path | None = None,
) -> AsyncIterator[Daemon]:
    """Runs until the end of the block, then all processes it started are gone too.

    `user`: whose rights it has; only root may give them. `directory`: where it runs.
    """
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=dict(environment or os.environ),
            cwd=directory,
            start_new_session=True,
            **({} if user is None else _rights_of(user)),
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


def _rights_of(user: str) -> dict[str, Any]:
    account = pwd.getpwnam(user)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
