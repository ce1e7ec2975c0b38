"""Pre-validations near their end: renews them or warns their resellers, as these chose (O4–O7).

The new pre-validation has the details and domains that were validated, and names are linked to it
from then on. An operator may reject it afterwards like any other.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from gateway.db.pool import Pool
from gateway.origin import Origin
from gateway.rules.organization import prevalidation_renewal as rules
from gateway.rules.organization.prevalidations import Validity
from gateway.store.operation import jobs
from gateway.store.operation.audit import Change
from gateway.store.operation.jobs import InUse
from gateway.store.organization import prevalidations
from gateway.store.organization.prevalidations import Prevalidation, PrevalidationRow
from gateway.usecases.organization.prevalidations import expire
from gateway.usecases.organization.reassignment import reassign
from gateway.usecases.work import Work, open_work

_LOOK_AT = 200
_RENEWAL = Origin("job:prevalidation-renewal")
_WARNING = Origin("job:prevalidation-warning")
_EXPIRY = Origin("job:prevalidation-expiry")
_SECOND = timedelta(seconds=1)
_WARNED_OF = timedelta(days=rules.WARNING_DAYS[0])


async def due_renewals(
    pool: Pool, lead: timedelta, since: datetime, until: datetime
) -> Sequence[tuple[datetime, int]]:
    """Gives the renewals that are due, of resellers with automatic renewal; earliest first."""
    found = await jobs.prevalidations_in_use(pool, "auto", since=since, until=until, lead=lead)
    return [(held.expires_at - lead, held.number) for held in found]


async def renew(
    pool: Pool, number: int, now: datetime, *, lead: timedelta, term: timedelta
) -> int | None:
    """Renews a pre-validation and re-assigns its names; gives the new number.

    None = it need not be renewed any more.
    """
    async with open_work(pool, now, _RENEWAL) as work:
        await prevalidations.lock_for_decision(work.connection, [number])
        old = await prevalidations.find(work.connection, number)
        still = await _in_use(work, "auto", number, lead)
        if old is None or still is None:
            return None
        expires_at = rules.renewed_expiry(still.expires_at, term, now)
        new_number = await _add_renewal(work, old, expires_at)
        await reassign(
            work,
            reseller_id=old.reseller_id,
            old_number=number,
            new_number=new_number,
        )
        after = {
            "previousNumber": number,
            "type": rules.RENEWED_TYPE,
            "previousType": old.type,
            "expiresAt": expires_at,
        }
        change = Change("prevalidation.renewed", str(new_number), None, after)
        await work.record(change)
        return new_number


async def due_warnings(
    pool: Pool, since: datetime, until: datetime
) -> Sequence[tuple[datetime, int]]:
    """Gives the warnings that are due, of resellers that renew by hand; earliest first."""
    found = await jobs.prevalidations_in_use(
        pool, "manual", since=since, until=until, lead=_WARNED_OF
    )
    due = [(rules.next_warning(held.expires_at, held.warned_days), held.number) for held in found]
    return sorted((at, number) for at, number in due if at is not None and at <= until)


async def warn(pool: Pool, number: int, now: datetime) -> None:
    """Records the warning that few days remain; each warning once."""
    async with open_work(pool, now, _WARNING) as work:
        await prevalidations.lock_for_decision(work.connection, [number])
        held = await _in_use(work, "manual", number, _WARNED_OF)
        if held is None:
            return
        days = rules.warning_at(held.expires_at, held.warned_days, now)
        if days is None:
            return
        await jobs.set_warned(work.connection, number, days)
        after = {
            "daysLeft": (held.expires_at.date() - now.date()).days,
            "fewerThan": days,
            "expiresAt": held.expires_at,
        }
        change = Change("prevalidation.expiring", str(number), None, after)
        await work.record(change)


async def due_expiries(pool: Pool, until: datetime) -> Sequence[tuple[datetime, int]]:
    """Gives the pre-validations to expire, each with its first invalid instant; earliest first."""
    found = await jobs.prevalidations_expired(pool, until, _LOOK_AT)
    due = [(expires_at + _SECOND, number) for expires_at, number in found]
    return [(at, number) for at, number in due if at <= until]


async def write_expiry(pool: Pool, number: int, now: datetime) -> None:
    """Records the state change valid → expired; the gate has refused since the expiry itself."""
    async with open_work(pool, now, _EXPIRY) as work:
        await expire(work, number)


async def _in_use(work: Work, mode: str, number: int, lead: timedelta) -> InUse | None:
    found = await jobs.prevalidations_in_use(
        work.connection, mode, since=work.now, until=work.now, lead=lead, number=number
    )
    return found[0] if found else None


async def _add_renewal(work: Work, old: Prevalidation, expires_at: datetime) -> int:
    row = PrevalidationRow(
        organization_id=old.organization_id,
        reseller_id=old.reseller_id,
        type=rules.RENEWED_TYPE,
        validity=Validity("valid", work.now, expires_at),
        details=old.details,
        domains=old.domains,
        requested_at=work.now,
        previous_number=old.number,
    )
    return await prevalidations.add(work.connection, row)
