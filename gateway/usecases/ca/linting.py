"""Lints certificates: one of every profile at the start, then a sample of those signed.

With ca.lint_every_certificate every certificate is linted before it is signed.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from gateway import metrics
from gateway.ca.issuer import CertificateRequest, Failed, Issued, Issuer, Lintable, Pending
from gateway.ca.issuers import Issuers
from gateway.ca.lint_process import LintFailed, LintProcess
from gateway.db.pool import Pool
from gateway.errors import ConfigurationError
from gateway.services import Services
from gateway.store.ca import lint_findings

_WAITING = 1000
_COLLECTING_SECONDS = 300.0
_PARTS = 1_000_000

_log = structlog.get_logger(__name__)


async def check_profiles(*issuers: Issuer) -> None:
    """Lints what issuers would sign under each profile, where they can draft it.

    Raises ConfigurationError naming the profile that gives certificates with errors.
    """
    process = LintProcess()
    try:
        for label, der in await asyncio.to_thread(_specimens, issuers):
            if findings := await process.lint(der):
                raise ConfigurationError(
                    f"certificates of {label} would not be in order: {'; '.join(findings)}"
                )
    except LintFailed as error:
        raise ConfigurationError(f"certificates cannot be linted ({error})") from error
    finally:
        await process.close()


def _specimens(issuers: Iterable[Issuer]) -> list[tuple[str, bytes]]:
    return [
        specimen
        for issuer in issuers
        if isinstance(issuer, Lintable)
        for specimen in issuer.specimens()
    ]


class LintSampler:
    """Lints a sample of what this process has signed, after clients have it.

    Certificates are collected for minutes, so that the linting process runs for seconds only.
    """

    def __init__(
        self, services: Services, share: float, collecting_seconds: float = _COLLECTING_SECONDS
    ) -> None:
        self._services = services
        self._collecting_seconds = collecting_seconds
        self._parts = int(share * _PARTS)
        self._waiting: asyncio.Queue[Issued] = asyncio.Queue(_WAITING)
        self._process = LintProcess()

    def listen(self, issuers: Issuers) -> None:
        """Makes the issuers that can do so pass on what they sign from now on."""
        for issuer in issuers:
            if isinstance(issuer, Lintable):
                issuer.on_issued = self.offer

    def offer(self, issued: Issued) -> None:
        """Adds a certificate to the sample, or drops it.

        Its serial number is random enough to choose by. When too many wait, it is dropped.
        """
        if int(issued.serial, 16) % _PARTS < self._parts and not self._waiting.full():
            self._waiting.put_nowait(issued)

    async def run_forever(self) -> None:
        """Collects certificates, lints them one after the other, and begins again."""
        while True:
            collected = [await self._waiting.get()]
            await asyncio.sleep(self._collecting_seconds)
            while not self._waiting.empty():
                collected.append(self._waiting.get_nowait())
            try:
                for issued in collected:
                    await self._lint(issued)
            finally:
                await self._process.close()

    async def _lint(self, issued: Issued) -> None:
        if findings := await self._process.lint(issued.der):
            now = await self._services.clock.now()
            await report(self._services.pool, issued.serial, findings, now, refused=False)


class LintedIssuer:
    """Wraps an issuer, which then signs only what it has drafted without an error.

    It is not immediate: linting takes milliseconds, and the client's request need not wait for
    them.
    """

    def __init__(self, ca: Lintable, services: Services) -> None:
        self.id: UUID = ca.id
        self.name = ca.name
        self._ca = ca
        self._services = services
        self._process = LintProcess()

    async def issue(
        self, request: CertificateRequest, state: dict[str, Any] | None
    ) -> Issued | Pending | Failed:
        """Gives Failed when a draft has errors; raises LintFailed when it cannot be linted."""
        draft = self._ca.draft(request)
        if findings := await self._process.lint(draft.der):
            now = await self._services.clock.now()
            await report(self._services.pool, draft.serial, findings, now, refused=True)
            return Failed("the certificate would not be in order")
        return await self._ca.issue(request, state)

    def chain_pem(self) -> bytes:
        return self._ca.chain_pem()

    async def close(self) -> None:
        """Ends the linting process."""
        await self._process.close()


@asynccontextmanager
async def lint_before_signing(services: Services) -> AsyncIterator[None]:
    """Wraps in a LintedIssuer each issuer that can draft what it would sign."""
    async with AsyncExitStack() as stack:
        for issuer in services.issuers:
            if isinstance(issuer, Lintable):
                linted = LintedIssuer(issuer, services)
                stack.push_async_callback(linted.close)
                services.issuers.put_before(linted)
        yield


async def report(
    pool: Pool, serial: str, findings: Iterable[str], now: datetime, *, refused: bool
) -> None:
    """Reports findings to the log, the metrics, and ops.lint_findings."""
    said = list(findings)
    _log.error("lint.finding", serial=serial, findings=said, refused=refused)
    metrics.observe_lint_finding(refused=refused)
    await lint_findings.add(pool, serial, said, now, refused=refused)
