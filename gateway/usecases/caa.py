"""CAA again before issuance, where the last check is too old (BR §3.2.2.8)."""

import asyncio
from datetime import datetime
from uuid import UUID

from gateway.errors import CaaRefusal, CaaRefused
from gateway.rules.caa import is_fresh
from gateway.services import Services
from gateway.store import caa as store
from gateway.store import orders
from gateway.store.caa import Checked
from gateway.usecases.perspective import claim_of
from gateway.validation import caa
from gateway.validation.method import ValidationFailed

_AT_ONCE = 10  # names of one order


async def check_again(
    services: Services, kid: str, order_id: UUID, now: datetime, source: str | None
) -> None:
    """Looks at the CAA records of those names of an order whose last check counts no more.

    Raises CaaRefused with all names that cannot be issued for; the others are not asked again.
    """
    stale = [
        checked
        for checked in await store.of_order(services.pool, order_id)
        if not is_fresh(checked.checked_at, now)
    ]
    if not stale:
        return
    room = asyncio.Semaphore(_AT_ONCE)
    refusals = await asyncio.gather(*(_check(services, checked, now, room) for checked in stale))
    allowed = [
        checked.authorization_id
        for checked, refusal in zip(stale, refusals, strict=True)
        if refusal is None
    ]
    await store.allowed(services.pool, allowed, now)
    if refused := [refusal for refusal in refusals if refusal is not None]:
        told = [(refusal.name, "caa", refusal.text) for refusal in refused]
        await orders.record_refusal(services.pool, now, stale[0].account_id, source, kid, told)
        raise CaaRefused(refused)


async def _check(
    services: Services, checked: Checked, now: datetime, room: asyncio.Semaphore
) -> CaaRefusal | None:
    claim = claim_of(
        services.settings,
        checked.name,
        wildcard=checked.wildcard,
        server_path=checked.server_path,
        account_id=checked.account_id,
        now=now,
    )
    async with room:
        try:
            await caa.check(claim, checked.method, services.resolver)
        except ValidationFailed as failed:
            name = f"*.{checked.name}" if checked.wildcard else checked.name
            return CaaRefusal(name, failed.kind == "caa", failed.detail)
    return None
