"""Watches over whether the configured resolvers validate DNSSEC, from the start on."""

import asyncio

import structlog

from gateway.services import Services
from gateway.validation.dnssec import objection

_PAUSE_SECONDS = 300.0
_PAUSE_WHILE_BAD_SECONDS = 5.0
_TIMEOUT_SECONDS = 5.0

_log = structlog.get_logger(__name__)


class DnssecWatch:
    """One per process. What it finds is in `services.dnssec`, where proofs go by it."""

    def __init__(self, services: Services) -> None:
        self._resolver = services.resolver
        self._settings = services.settings.validation
        self._required = services.settings.dnssec_required()
        self._standing = services.dnssec

    @property
    def complaint(self) -> str:
        """Why the process should not work now; empty = it may."""
        return self._standing.complaint if self._required else ""

    async def run_forever(self) -> None:
        """Looks now and every few minutes, more often while something is wrong."""
        while self._required:
            found = await objection(
                self._resolver.nameservers,
                self._settings.dnssec_signed,
                self._settings.dnssec_bogus,
                _TIMEOUT_SECONDS,
            )
            if found != self._standing.complaint:
                self._tell(found)
            self._standing.complaint = found
            await asyncio.sleep(_PAUSE_WHILE_BAD_SECONDS if found else _PAUSE_SECONDS)

    def _tell(self, found: str) -> None:
        if found:
            _log.error("dnssec.not_validated", reason=found)
        else:
            _log.info("dnssec.validated")
