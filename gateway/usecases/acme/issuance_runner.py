"""Finishes what finalize and revocation began: orders of a slow issuer or a killed process."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from gateway.ca.issuer import Failed, Issued, Issuer, Pending
from gateway.errors.acme import CaaRefused, IssuanceRefused
from gateway.logging import log_fault
from gateway.services import Services
from gateway.store.acme import processing_orders
from gateway.store.acme.processing_orders import ProcessingOrder
from gateway.usecases.acme.caa import check_again
from gateway.usecases.acme.issuance import (
    SIGNING_LEASE,
    failure,
    issuer_of,
    keep,
    key_hash_of,
    late_refusals,
    problem_of,
    request_of,
)
from gateway.usecases.acme.revocation import tell_issuer

_PAUSE_SECONDS = 1.0
_AT_ONCE = 20

_log = structlog.get_logger(__name__)


class IssuanceRunner:
    """Finishes processing orders; one per process, and any process can finish any order."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, order_id: UUID) -> None:
        """Works on an order now; the caller has just recorded its intent and so holds the lease."""
        task = asyncio.create_task(self._advance(order_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def run_forever(self) -> None:
        """Takes over orders whose lease has ended, and informs issuers of revocations."""
        while True:
            try:
                claimed = await processing_orders.claim_unfinished(
                    self._services.pool, SIGNING_LEASE, _AT_ONCE
                )
                await asyncio.gather(*(self._advance(order_id) for order_id in claimed))
                for issuer in self._services.issuers:
                    await self._tell(issuer)
            except Exception as error:
                log_fault("issuance", error)
            await asyncio.sleep(_PAUSE_SECONDS)

    async def close(self) -> None:
        """Stops work in this process; another process takes over when the leases end."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _advance(self, order_id: UUID) -> None:
        try:
            item = await processing_orders.read_unfinished(self._services.pool, order_id)
            if item is not None:
                await self._ask(item)
        except IssuanceRefused as refused:
            _log.info("issuance.withheld", order=str(order_id), reason=str(refused))
        except Exception as error:  # the lease ends and a process tries again
            log_fault("issuance", error, order=str(order_id))

    async def _tell(self, issuer: Issuer) -> None:
        """Informs the issuers of revocations; one that fails does not hold up the others."""
        try:
            await tell_issuer(self._services.pool, issuer)
        except Exception as error:
            log_fault("issuance", error, issuer=issuer.name)

    async def _ask(self, item: ProcessingOrder) -> None:
        services = self._services
        issuer = services.issuers.named(issuer_of(item))
        now = await services.clock.now()
        if item.issuer_state is None:
            if refused := await self._refusal(item, now):
                # The issuer was never asked, so there is no certificate to withhold.
                await processing_orders.fail(services.pool, item.order_id, now, refused)
                return
            if (
                services.issuers.immediate(issuer.name) is None
            ):  # from here on a certificate may come to exist
                await processing_orders.wait_for_issuer(
                    services.pool, item.order_id, {}, SIGNING_LEASE
                )
        match await issuer.issue(request_of(item), item.issuer_state or None):
            case Issued() as issued:
                now = await services.clock.now()
                await keep(services, item, issued, key_hash_of(item), now, None)
            case Pending(state, retry_after):
                await processing_orders.wait_for_issuer(
                    services.pool, item.order_id, state, timedelta(seconds=retry_after)
                )
            case Failed(detail):
                error = failure("serverInternal", f"The certificate authority: {detail}", 500)
                await processing_orders.fail(services.pool, item.order_id, now, error)

    async def _refusal(self, item: ProcessingOrder, now: datetime) -> dict[str, Any] | None:
        """The problem document of an order that must not be issued any more; None = it may be."""
        if refused := late_refusals(item, now):
            return problem_of(refused)
        try:
            await check_again(self._services, item.kid, item.order_id, now, None)
        except CaaRefused as caa:
            if not caa.forbidden:
                raise
            return failure("caa", str(caa), 403)
        return None
