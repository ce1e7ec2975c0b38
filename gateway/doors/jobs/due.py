"""Does all due work at once and in order, for the sandbox clock, which jumps."""

from collections.abc import Iterable
from datetime import datetime

import structlog

from gateway.db.pool import is_outage
from gateway.doors.jobs.work import BackgroundWork, Dated, Unit
from gateway.logging import describe
from gateway.services import Services

_log = structlog.get_logger(__name__)


async def run_due(
    services: Services, work: BackgroundWork, since: datetime, until: datetime
) -> None:
    """Does all dated work up to `until`, each unit as of the instant it is due.

    What was due before `since`, where the clock stood, is done as of `since`. A unit that fails is
    logged and left for the runner to try again. Raises only when the database is away.
    """
    seen: set[tuple[str, Unit]] = set()
    earliest = min(since, until)
    while units := _first(seen, await _find(services, work, earliest, until)):
        for kind, unit in units:
            seen.add((kind.name, unit))
            await _attempt(services, kind, unit, max(unit.due_at, earliest))


async def run_periodic(services: Services, work: BackgroundWork, now: datetime) -> None:
    """Does all periodic work once, as of `now`."""
    for kind in work.periodic:
        try:
            await kind.do(services, now)
        except Exception as error:
            _tell(kind.name, error)


async def _find(
    services: Services, work: BackgroundWork, since: datetime, until: datetime
) -> list[tuple[Dated, Unit]]:
    return [(kind, unit) for kind in work.dated for unit in await kind.find(services, since, until)]


def _first(
    seen: set[tuple[str, Unit]], found: Iterable[tuple[Dated, Unit]]
) -> list[tuple[Dated, Unit]]:
    """The units of the earliest instant only: doing them may make others due after it."""
    fresh = [(kind, unit) for kind, unit in found if (kind.name, unit) not in seen]
    earliest = min((unit.due_at for _, unit in fresh), default=None)
    return [(kind, unit) for kind, unit in fresh if unit.due_at == earliest]


async def _attempt(services: Services, kind: Dated, unit: Unit, now: datetime) -> None:
    try:
        await kind.do(services, unit, now)
    except Exception as error:
        _tell(kind.name, error)


def _tell(kind: str, error: Exception) -> None:
    if is_outage(error):
        raise error
    _log.error("job.failed", kind=kind, **describe(error))
