"""Background work on SSL certificate orders: proofs, issuance, withdrawals and revocations.

Any process can go on with any order; a lease in database time keeps them apart. An order during
which process after process ends is taken up alone, after pauses that grow, and at last set aside.
"""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta

import structlog

from gateway.logging import log_fault
from gateway.metrics import observe_validation_fault
from gateway.services import Services
from gateway.store.ssl import applications as ssl_applications
from gateway.store.ssl import due as ssl_due
from gateway.store.ssl import issuance as ssl_issuance
from gateway.store.ssl.applications import UnfinishedOrder
from gateway.usecases.ssl.checks import GATEWAY, look_at_proofs, moved, settle_failed, unchanged
from gateway.usecases.ssl.issuing import LEASE, ask_issuer
from gateway.usecases.work import open_work

_PAUSE_SECONDS = 1.0
_AT_ONCE = 20
_LOOK_AT_CRL = timedelta(seconds=1)
_MOST_LOST_CLAIMS = 5
_CAN_FAIL = ("CHECKING", "ISSUING", "SUPPLEMENTCHECKING")
_SET_ASIDE = timedelta(hours=1)
_ENDS_PROCESSES = (
    f"The work on it was begun {_MOST_LOST_CLAIMS} times, and each time the process that did it "
    "ended. Please tell the operator of this CA."
)

_log = structlog.get_logger(__name__)


class SslOrderRunner:
    """Works on SSL certificate orders that are due; one per process."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def run_forever(self) -> None:
        """Works on orders that are due; a fault concerns its own order only."""
        while True:
            claimed = await ssl_due.claim_due(self._services.pool, LEASE, _AT_ONCE)
            await asyncio.gather(*(self.work_on(cert_id) for cert_id in claimed))
            # One suspect at a time: it may end this process, and others would be suspect too.
            for cert_id in await ssl_due.claim_due(self._services.pool, LEASE, 1, suspects=True):
                await self.work_on(cert_id)
            if len(claimed) < _AT_ONCE:
                await asyncio.sleep(_PAUSE_SECONDS)

    async def work_on(self, cert_id: str) -> None:
        """Works on one order as far as possible now."""
        try:
            more = True
            while more:
                more = await self._step(cert_id)
        except Exception as error:  # the lease ends and a process tries again
            log_fault("ssl_order", error, certificate=cert_id)
        finally:
            with suppress(Exception):  # at worst it is taken up once more in vain
                await ssl_due.conclude(self._services.pool, cert_id)

    async def _step(self, cert_id: str) -> bool:
        """Does the next step of an order; True = continue at once."""
        services = self._services
        item = await ssl_applications.read_unfinished(services.pool, cert_id)
        if item is None:
            return False
        now = await services.clock.now()
        if item.claims > _MOST_LOST_CLAIMS:
            await self._set_aside(item, now)
            return False
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
                await ssl_due.rest(services.pool, cert_id, at_rest)
        return False

    async def _set_aside(self, item: UnfinishedOrder, now: datetime) -> None:
        """Ends the application, unless an issuer may have signed or there is none to end."""
        observe_validation_fault("process")
        _log.error("ssl_order.ends_processes", certificate=item.cert_id, status=item.status)
        pool = self._services.pool
        if item.issuer_state is None and item.status in _CAN_FAIL:
            await settle_failed(pool, item, _ENDS_PROCESSES, now)
            return
        await ssl_due.pause(pool, item.cert_id, _SET_ASIDE, _ENDS_PROCESSES, counted=False)

    async def _complete_revocation(self, item: UnfinishedOrder, now: datetime) -> None:
        async with self._services.pool.acquire() as connection:
            complete = await ssl_issuance.revocation_is_complete(connection, item.cert_id)
        if complete:
            await self._move(item, "REVOKED", now)
            return
        await ssl_due.pause(self._services.pool, item.cert_id, _LOOK_AT_CRL, None)

    async def _move(self, item: UnfinishedOrder, status: str, now: datetime) -> None:
        async with open_work(self._services.pool, now, GATEWAY) as work:
            if await unchanged(work, item) is not None:
                await moved(work, item, status)
