"""The intent of an SSL certificate, recorded before an issuer is asked."""

from datetime import datetime, timedelta
from typing import Any

from gateway import ids
from gateway.ca.profiles import PROFILES, longest_validity
from gateway.config import Settings
from gateway.rules.acme.issuance import validity
from gateway.rules.ssl import orders as rules

PROFILE = "classic"
"""The profile of every SSL certificate."""


def intent_of(
    settings: Settings, now: datetime, first_issued_at: datetime | None, months: int
) -> dict[str, Any]:
    """Gives serial and validity: as long as the profile allows, within the paid period."""
    paid_until = rules.term_ends(first_issued_at or now, months).replace(microsecond=0)
    longest = longest_validity(settings, PROFILES[PROFILE])
    backdated = timedelta(seconds=settings.issuance.backdate_seconds)
    begins, ends = validity(now, None, None, longest, backdated)
    return {
        "serial": f"{ids.new_serial_number():x}",
        "not_before": begins.isoformat(),
        "not_after": min(ends, paid_until - timedelta(seconds=1)).isoformat(),
    }
