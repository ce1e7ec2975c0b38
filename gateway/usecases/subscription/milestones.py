"""Milestones of subscriptions: they come near their end, go into grace, and expire (R12)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from gateway.db.pool import Pool, transaction
from gateway.origin import Origin
from gateway.rules.subscription import milestones
from gateway.store.operation import audit, jobs
from gateway.store.operation.audit import Change

_LOOK_AT = 200
_ORIGIN = Origin("job:milestones")
_INSTANT = timedelta(microseconds=1)


async def due_milestones(pool: Pool, until: datetime) -> Sequence[tuple[datetime, UUID]]:
    """Gives the next milestones that are due until then; earliest first."""
    return await jobs.subscriptions_due(pool, until, _LOOK_AT)


async def pass_milestone(
    pool: Pool, subscription_id: UUID, due_at: datetime, now: datetime
) -> None:
    """Records the milestone that was due, and when the next one is; each once, ever."""
    async with transaction(pool) as connection:
        found = await jobs.lock_subscription(connection, subscription_id)
        if found is None or found.due_at != due_at:  # passed already, or extended
            return
        milestone = milestones.first_after(found.expires_at, due_at - _INSTANT)
        if milestone is not None and milestone.at == due_at:
            after: dict[str, object] = {
                "subscription": str(subscription_id),
                "expiresAt": found.expires_at,
            }
            if milestone.days_left is not None:
                after["daysLeft"] = milestone.days_left
            change = Change(milestone.action, found.kid, None, after)
            await audit.record(connection, now, _ORIGIN, change)
        following = milestones.due_after(found.expires_at, due_at)
        await jobs.move_due(connection, subscription_id, following)
