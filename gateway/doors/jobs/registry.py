"""All kinds of background work."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from gateway.doors.jobs.work import BackgroundWork, Dated, Periodic, Unit
from gateway.services import Services
from gateway.usecases.ca.crl import sign_crls
from gateway.usecases.money.ledger_check import check_ledger
from gateway.usecases.notice.notices import make_all_notices
from gateway.usecases.operation import bulk_revocation_runner
from gateway.usecases.operation.cleanup import clean_up
from gateway.usecases.organization import prevalidation_renewal
from gateway.usecases.sitelock import licences
from gateway.usecases.ssl import checks as ssl_checks
from gateway.usecases.subscription import milestones


def all_work() -> BackgroundWork:
    """All kinds of work; kinds due at the same instant are done in this order."""
    return BackgroundWork(
        dated=(
            Dated("prevalidation-renewal", _renewals, _renew),
            Dated("prevalidation-warning", _warnings, _warn),
            Dated("prevalidation-expiry", _expiries, _write_expiry),
            Dated("licence-expiry", _licence_expiries, _write_licence_expiry),
            Dated("subscription-milestone", _milestones, _pass_milestone),
            Dated("certificate-application-end", _unproven, _fail_unproven),
            Dated("bulk-revocation", _bulk_revocations, _revoke_many),
        ),
        periodic=(
            Periodic("crl", "* * * * * */5", sign_crls),
            Periodic("clean-up", "*/5 * * * *", clean_up),
            Periodic("ledger-check", "*/10 * * * *", _check_ledger),
            # Every process makes them each second; this line is for jumps of the sandbox clock.
            Periodic("notices", "* * * * *", make_all_notices),
        ),
    )


async def _milestones(services: Services, since: datetime, until: datetime) -> Sequence[Unit]:
    return _units(await milestones.due_milestones(services.pool, until))


async def _pass_milestone(services: Services, unit: Unit, now: datetime) -> None:
    await milestones.pass_milestone(services.pool, UUID(unit.subject), unit.due_at, now)


async def _renewals(services: Services, since: datetime, until: datetime) -> Sequence[Unit]:
    found = prevalidation_renewal.due_renewals(services.pool, _lead(services), since, until)
    return _units(await found)


async def _renew(services: Services, unit: Unit, now: datetime) -> None:
    await prevalidation_renewal.renew(
        services.pool,
        int(unit.subject),
        now,
        lead=_lead(services),
        term=timedelta(days=services.settings.prevalidations.days),
    )


async def _warnings(services: Services, since: datetime, until: datetime) -> Sequence[Unit]:
    return _units(await prevalidation_renewal.due_warnings(services.pool, since, until))


async def _warn(services: Services, unit: Unit, now: datetime) -> None:
    await prevalidation_renewal.warn(services.pool, int(unit.subject), now)


async def _expiries(services: Services, since: datetime, until: datetime) -> Sequence[Unit]:
    return _units(await prevalidation_renewal.due_expiries(services.pool, until))


async def _write_expiry(services: Services, unit: Unit, now: datetime) -> None:
    await prevalidation_renewal.write_expiry(services.pool, int(unit.subject), now)


async def _unproven(services: Services, since: datetime, until: datetime) -> Sequence[Unit]:
    return _units(await ssl_checks.due_failures(services.pool, until))


async def _fail_unproven(services: Services, unit: Unit, now: datetime) -> None:
    await ssl_checks.fail_unproven(services.pool, unit.subject, now)


async def _licence_expiries(services: Services, since: datetime, until: datetime) -> Sequence[Unit]:
    return _units(await licences.due_expiries(services.pool, until))


async def _write_licence_expiry(services: Services, unit: Unit, now: datetime) -> None:
    await licences.write_expiry(services.pool, UUID(unit.subject), now)


async def _bulk_revocations(services: Services, since: datetime, until: datetime) -> Sequence[Unit]:
    return _units(await bulk_revocation_runner.due(services.pool, until))


async def _revoke_many(services: Services, unit: Unit, now: datetime) -> None:
    await bulk_revocation_runner.carry_out(services.pool, UUID(unit.subject), now)


async def _check_ledger(services: Services, now: datetime) -> None:
    await check_ledger(services.pool)


def _lead(services: Services) -> timedelta:
    return timedelta(days=services.settings.prevalidations.renewal_lead_days)


def _units(found: Sequence[tuple[datetime, object]]) -> Sequence[Unit]:
    return [Unit(due_at, str(subject)) for due_at, subject in found]
