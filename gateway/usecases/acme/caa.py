"""Checks CAA again before issuance, where the last check is too old (BR §3.2.2.8)."""

import asyncio
from datetime import datetime
from uuid import UUID

import structlog

from gateway.errors.acme import CaaRefusal, CaaRefused, CaaUnchecked
from gateway.metrics import observe_validation_fault
from gateway.rules.acme.caa import is_fresh
from gateway.services import Services
from gateway.store.acme import caa as store
from gateway.store.acme import orders
from gateway.store.acme.caa import Checked
from gateway.usecases.acme.perspective import Claimant, claim_of, resolver_of
from gateway.validation import caa
from gateway.validation.method import NotChecked, ValidationFailed

_AT_ONCE = 10  # names of one order

_log = structlog.get_logger(__name__)


async def check_again(
    services: Services, kid: str, order_id: UUID, now: datetime, source: str | None
) -> None:
    """Checks the CAA records of those names of an order whose last check is too old.

    Raises CaaRefused with all names that cannot be issued for; names with a recent check are not
    looked up. Raises CaaUnchecked when nothing forbids issuance, but some names could not be looked
    up from here.
    """
    stale = [
        checked
        for checked in await store.of_order(services.pool, order_id)
        if not is_fresh(checked.checked_at, now)
    ]
    if not stale:
        return
    limit = asyncio.Semaphore(_AT_ONCE)
    said = await asyncio.gather(*(_check(services, checked, now, limit) for checked in stale))
    allowed = [
        checked.authorization_id
        for checked, refusal in zip(stale, said, strict=True)
        if refusal is None
    ]
    await store.allowed(services.pool, allowed, now)
    if refused := [refusal for refusal in said if isinstance(refusal, CaaRefusal)]:
        entries = [(refusal.name, "caa", refusal.text) for refusal in refused]
        await orders.record_refusal(services.pool, now, stale[0].account_id, source, kid, entries)
        raise CaaRefused(refused)
    if faults := [fault for fault in said if isinstance(fault, NotChecked)]:
        for fault in faults:
            observe_validation_fault(fault.reason)
            _log.error("caa.not_checked", reason=fault.reason, detail=fault.detail)
        raise CaaUnchecked(faults[0].detail)


async def _check(
    services: Services, checked: Checked, now: datetime, limit: asyncio.Semaphore
) -> CaaRefusal | NotChecked | None:
    claim = claim_of(
        services.settings,
        Claimant(checked.server_path, checked.account_id),
        checked.name,
        now,
        wildcard=checked.wildcard,
    )
    async with limit:
        try:
            await caa.check(claim, checked.method, resolver_of(services))
        except NotChecked as fault:
            return fault
        except ValidationFailed as failed:
            name = f"*.{checked.name}" if checked.wildcard else checked.name
            return CaaRefusal(name, failed.kind == "caa", failed.detail)
    return None
