"""Pre-validations of organizations: when they hold, and for which names (O1–O4, O9)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from gateway.rules.names import registrable_domain

State = Literal["requested", "in_validation", "valid", "expired", "rejected", "superseded"]

TYPES = ("OV", "EV", "OV+SMIME")
"""What the validation was designed for; each serves OV names."""

_WILDCARD = "*."


@dataclass(frozen=True, slots=True)
class Validity:
    """What decides whether a pre-validation holds; `state` as stored, expiry its last second."""

    state: str
    valid_from: datetime | None
    expires_at: datetime | None

    def state_at(self, now: datetime) -> str:
        """The state now: one whose expiry has passed is expired, whatever is stored."""
        if self.state == "valid" and self.expires_at is not None:
            return "valid" if now.replace(microsecond=0) <= self.expires_at else "expired"
        return self.state

    def holds(self, now: datetime) -> bool:
        """O2: valid now."""
        return self.state_at(now) == "valid" and self.has_begun(now)

    def has_begun(self, now: datetime) -> bool:
        return self.valid_from is None or self.valid_from <= now


def covers(domains: Collection[str], name: str) -> bool:
    """O2: exactly, or as a parent within the same registrable domain. A wildcard as its base."""
    base = name.removeprefix(_WILDCARD)
    return any(_covers(domain, base) for domain in domains)


def _covers(domain: str, name: str) -> bool:
    if name == domain:
        return True
    below = name.endswith(f".{domain}")
    return below and registrable_domain(name) == registrable_domain(domain)
