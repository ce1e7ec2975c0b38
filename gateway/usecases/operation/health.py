"""How the gateway is, as operators see it: database, resolvers, DNSSEC, background work."""

from dataclasses import dataclass
from datetime import timedelta

from gateway.services import Services
from gateway.store.operation import health
from gateway.usecases.work import Work

_LATE = timedelta(minutes=5)
"""Background work that has waited so long is not being done."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `well` None = it is not asked for here."""

    what: str
    well: bool | None
    detail: str


async def examine(work: Work, services: Services) -> list[Finding]:
    """Gives what is found of this process and its database."""
    vitals = await health.read_vitals(work.connection)
    real_now = await services.real_clock.now()
    since = vitals.oldest_waiting_since
    is_late = since is not None and real_now - since > _LATE
    last = vitals.last_periodic_run
    is_idle = last is None or real_now - last > 2 * _LATE
    return [
        Finding("Database", True, "It answers."),
        *_resolvers(services),
        Finding(
            "Background work",
            not is_late and not is_idle,
            f"{vitals.jobs_waiting} wait"
            + (", the oldest for more than five minutes" if is_late else "")
            + ("; periodic work was not done for ten minutes" if is_idle else "")
            + ".",
        ),
        Finding("Failed work", vitals.jobs_failed == 0, f"{vitals.jobs_failed} failed for good."),
        Finding(
            "Orders at issuers",
            vitals.stuck_orders == 0,
            f"{vitals.stuck_orders} have waited for more than an hour.",
        ),
        Finding(
            "Revocations",
            True if vitals.unreported_revocations == 0 else None,
            f"{vitals.unreported_revocations} are about to be reported to their issuers.",
        ),
        Finding(
            "Destinations of notices",
            vitals.failing_destinations == 0,
            f"{vitals.failing_destinations} do not take them.",
        ),
    ]


def _resolvers(services: Services) -> list[Finding]:
    asked = ", ".join(f"{host}:{port}" for host, port in services.resolver.nameservers)
    if not services.settings.dnssec_required():
        return [
            Finding("Resolvers", None, asked or "None is asked here."),
            Finding("DNSSEC", None, "It is not required by the settings."),
        ]
    look = services.dnssec.look
    silent = ", ".join(f"{host}:{port}" for host, port in look.silent)
    return [
        Finding(
            "Resolvers",
            not silent,
            f"{asked}; without an answer: {silent}." if silent else f"{asked} answer.",
        ),
        Finding("DNSSEC", not look.complaint, look.complaint or "The resolvers validate it."),
    ]
