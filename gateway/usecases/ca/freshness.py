"""Whether the CRLs are as fresh as they must be (BR §4.9.7)."""

from dataclasses import dataclass
from datetime import datetime

from gateway.store.ca import crl_freshness
from gateway.store.ca.crl_freshness import CrlFreshness
from gateway.usecases.ca.crl import RENEW_AFTER
from gateway.usecases.work import Work


@dataclass(frozen=True, slots=True)
class FreshnessReport:
    """The CRLs of all issuers; `verdicts` has a word for each: fresh, late, ended or none."""

    crls: list[CrlFreshness]
    verdicts: list[str]
    unlisted: int
    """Revocations that wait for the next CRL."""


async def report_freshness(work: Work) -> FreshnessReport:
    """Gives how fresh the CRLs are at `now`."""
    found = await crl_freshness.of_issuers(work.connection)
    waiting = await crl_freshness.unlisted(work.connection)
    return FreshnessReport(found, [verdict(each, work.now) for each in found], waiting)


def verdict(crls: CrlFreshness, now: datetime) -> str:
    """Says in a word how fresh an issuer's CRLs are.

    late = one was to be signed anew a day ago or longer; ended = clients take one for too old.
    """
    if crls.oldest_update is None or crls.first_to_end is None:
        return "none"
    if crls.first_to_end <= now:
        return "ended"
    return "late" if now - crls.oldest_update >= 2 * RENEW_AFTER else "fresh"
