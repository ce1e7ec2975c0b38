"""The background of certificate orders: proofs, issuance, withdrawals and revocations.

Any process can go on with any order; a lease in database time keeps them apart.
"""

import asyncio
import traceback
from datetime import datetime, timedelta

import structlog

from gateway.db.pool import is_outage, transaction
from gateway.services import Services
from gateway.store import certificate_applications, certificate_due, certificate_issuance
from gateway.store.certificate_applications import Unfinished
from gateway.usecases.certificate_checks import look_at_proofs, moved, unchanged
from gateway.usecases.certificate_issuing import LEASE, ask_issuer

_PAUSE_SECONDS = 1.0
_AT_ONCE = 20
_LOOK_AT_CRL = timedelta(seconds=1)

_log = structlog.get_logger(__name__)


class CertificateOrderRunner:
    """One per process."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def run_forever(self) -> None:
        """Goes on with orders that are due; a fault concerns its own order only."""
        while True:
            claimed = await certificate_due.claim_due(self._services.pool, LEASE, _AT_ONCE)
            await asyncio.gather(*(self.work_on(cert_id) for cert_id in claimed))
            if len(claimed) < _AT_ONCE:
                await asyncio.sleep(_PAUSE_SECONDS)

    async def work_on(self, cert_id: str) -> None:
        """Goes on with one order as far as it goes now."""
        try:
            more = True
            while more:
                more = await self._step(cert_id)
        except Exception as error:  # the lease ends and somebody tries again
            if is_outage(error):
                _log.warning("certificate_order.database_away", error=type(error).__name__)
                return
            stack = "".join(traceback.format_tb(error.__traceback__))
            _log.error(
                "certificate_order.failed",
                error=type(error).__name__,
                stack=stack,
                certificate=cert_id,
            )

    async def _step(self, cert_id: str) -> bool:
        """True = there is more to be done at once."""
        services = self._services
        item = await certificate_applications.read_unfinished(services.pool, cert_id)
        if item is None:
            return False
        now = await services.clock.now()
        if item.issuer_state is not None:
            return await ask_issuer(services, item, now)
        match item.status:
            case "ISSUING":
                return await ask_issuer(services, item, now)
            case "CHECKING" | "SUPPLEMENTCHECKING" if item.intent is None:
                return await look_at_proofs(services, item, now)
            case "SUPPLEMENTCHECKING":
                return await ask_issuer(services, item, now)
            case "CANCELCHECKING":
                await self._move(item, "PAID", now)
            case "REVOKING":
                await self._complete_revocation(item, now)
            case at_rest:
                await certificate_due.rest(services.pool, cert_id, at_rest)
        return False

    async def _complete_revocation(self, item: Unfinished, now: datetime) -> None:
        async with self._services.pool.acquire() as connection:
            complete = await certificate_issuance.revocation_is_complete(connection, item.cert_id)
        if complete:
            await self._move(item, "REVOKED", now)
            return
        await certificate_due.pause(self._services.pool, item.cert_id, _LOOK_AT_CRL, None)

    async def _move(self, item: Unfinished, status: str, now: datetime) -> None:
        async with transaction(self._services.pool) as connection:
            if await unchanged(connection, item) is not None:
                await moved(connection, item, status, now)
