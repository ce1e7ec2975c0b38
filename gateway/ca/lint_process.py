"""A process that lints, started when it is needed and ended when it is not."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from base64 import b64encode

_IDLE_SECONDS = 60.0
_PATIENCE_SECONDS = 60.0
_LONGEST_LINE = 1024 * 1024


class LintFailed(Exception):
    """The linting process ended, or does not answer."""


class LintProcess:
    """Lints in a process of its own, one certificate at a time; calls wait for each other."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._turn = asyncio.Lock()
        self._rest: asyncio.TimerHandle | None = None

    async def lint(self, der: bytes) -> list[str]:
        """Gives the errors in a certificate. Raises LintFailed."""
        async with self._turn:
            if self._rest is not None:
                self._rest.cancel()
            try:
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    findings = await self._ask(der)
            except (TimeoutError, OSError, ValueError, LintFailed) as error:
                await self.close()
                raise LintFailed(type(error).__name__) from error
            self._rest = asyncio.get_running_loop().call_later(_IDLE_SECONDS, self._let_go)
            return findings

    async def close(self) -> None:
        """Ends the process, and waits for its end; the next call starts another."""
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None
        process, self._process = self._process, None
        if process is not None:
            if process.returncode is None:
                process.kill()
            await process.wait()

    def _let_go(self) -> None:
        """Closes the process's input, at whose end it ends by itself."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()

    async def _ask(self, der: bytes) -> list[str]:
        process = self._process
        if process is None or process.stdin is None or process.stdin.is_closing():
            if process is not None:
                await process.wait()
            process = self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "gateway.ca.linter"),
                stdin=PIPE,
                stdout=PIPE,
                limit=_LONGEST_LINE,
            )
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b64encode(der) + b"\n")
        await process.stdin.drain()
        line = await process.stdout.readline()
        if not line:
            raise LintFailed("the process ended")
        findings: list[str] = json.loads(line)
        return findings
