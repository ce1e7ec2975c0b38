"""Checks, from the start on, whether the configured resolvers validate DNSSEC."""

import asyncio

import structlog

from gateway.services import Services
from gateway.validation.dnssec import ResolverLook, look_at

_PAUSE_SECONDS = 300.0
_PAUSE_WHILE_UNSURE_SECONDS = 5.0
_TIMEOUT_SECONDS = 5.0

_log = structlog.get_logger(__name__)


class DnssecWatch:
    """Watches the resolvers of one process; the state in `services.dnssec` decides about proofs."""

    def __init__(self, services: Services) -> None:
        self._resolver = services.resolver
        self._settings = services.settings.validation
        self._required = services.settings.dnssec_required()
        self._standing = services.dnssec

    @property
    def complaint(self) -> str:
        """Why the process should not work now; empty = it may."""
        return self._standing.look.complaint if self._required else ""

    async def run_forever(self) -> None:
        """Checks now and every few minutes, more often while something is wrong or not known."""
        while self._required:
            found = await look_at(
                self._resolver.nameservers,
                self._settings.dnssec_signed,
                self._settings.dnssec_bogus,
                _TIMEOUT_SECONDS,
            )
            if found != self._standing.look:
                _tell(found)
            self._standing.take(found, self._resolver)
            is_sure = not (found.complaint or found.silent)
            await asyncio.sleep(_PAUSE_SECONDS if is_sure else _PAUSE_WHILE_UNSURE_SECONDS)


def _tell(found: ResolverLook) -> None:
    silent = [f"{host}:{port}" for host, port in found.silent]
    if found.complaint:
        _log.error("dnssec.not_validated", reason=found.complaint)
    elif silent:
        _log.warning("dnssec.resolver_silent", not_asked=silent)
    else:
        _log.info("dnssec.validated")
