"""Pre-validations of organizations: when they are valid, and for which names (O1–O4, O9)."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.errors import OperatorMistake
from gateway.errors.organization import InvalidDetail
from gateway.rules.names import InvalidName, normalise, registrable_domain

TYPES = ("OV", "EV", "OV+SMIME")
"""Types, by what the validation was designed for; each is valid for OV names."""

_WILDCARD = "*."
_MAXIMUM_DOMAINS = 1000
_MAXIMUM_NUMBER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Validity:
    """The facts that decide about validity; `state` as stored, the expiry is the last second."""

    state: str
    valid_from: datetime | None
    expires_at: datetime | None

    def state_at(self, now: datetime) -> str:
        """The state now: one whose expiry has passed is expired, whatever is stored."""
        if self.state == "valid" and self.expires_at is not None:
            return "valid" if now.replace(microsecond=0) <= self.expires_at else "expired"
        return self.state

    def holds(self, now: datetime) -> bool:
        """Whether the pre-validation is valid now (O2)."""
        return self.state_at(now) == "valid" and self.has_begun(now)

    def has_begun(self, now: datetime) -> bool:
        return self.valid_from is None or self.valid_from <= now


@dataclass(frozen=True, slots=True)
class Approval:
    """First instant and last second of a pre-validation that is approved."""

    valid_from: datetime
    expires_at: datetime


def decide_approval(
    number: int, validity: Validity, expires_at: datetime | None, term: timedelta, now: datetime
) -> Approval | None:
    """Decides on an approval; None = it is valid already.

    Without `expires_at` it lasts for `term` from `now` on. Raises OperatorMistake for one that is
    over.
    """
    state = validity.state_at(now)
    if state == "valid":
        return None
    if state not in ("requested", "in_validation"):
        raise OperatorMistake(f"pre-validation {number} is {state}; order a new one")
    ends = (expires_at or now + term).replace(microsecond=0)
    if ends <= now:
        raise OperatorMistake(f"{instant(ends)} is past: a pre-validation expires in the future")
    return Approval(now, ends)


def can_be_rejected(validity: Validity) -> bool:
    """Whether it may be rejected: not one that was superseded or rejected before.

    No name uses one that was superseded.
    """
    return validity.state not in ("rejected", "superseded")


def checked_type(text: str) -> str:
    """Gives the type; raises InvalidDetail."""
    if text not in TYPES:
        raise InvalidDetail("type", f"a pre-validation is for {', '.join(TYPES)}; not {text!r}")
    return text


def checked_domains(texts: Sequence[str]) -> Iterator[str]:
    """Gives the domains as stored, one by one: each may take milliseconds. Raises InvalidDetail."""
    if not texts:
        raise InvalidDetail("domains", "a pre-validation needs at least one domain")
    if len(texts) > _MAXIMUM_DOMAINS:
        raise InvalidDetail("domains", f"a pre-validation has at most {_MAXIMUM_DOMAINS} domains")
    yield from (_domain(text) for text in texts)


def number_of(text: str) -> int | None:
    """Reads an anchor order number as resellers send it; None = no such number is possible."""
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(_MAXIMUM_NUMBER)):
        return None
    return int(text) if int(text) <= _MAXIMUM_NUMBER else None


def covers(domains: Collection[str], name: str) -> bool:
    """Whether a name is covered (O2): exactly, or by a parent within its registrable domain.

    A wildcard is covered as its base.
    """
    base = name.removeprefix(_WILDCARD)
    return any(_covers(domain, base) for domain in domains)


def _covers(domain: str, name: str) -> bool:
    if name == domain:
        return True
    below = name.endswith(f".{domain}")
    return below and registrable_domain(name) == registrable_domain(domain)


def _domain(text: str) -> str:
    try:
        domain = normalise(text.strip())
    except InvalidName as error:
        raise InvalidDetail("domains", f"{text[:300]!r} is not a domain: {error}") from None
    if domain.startswith(_WILDCARD):
        base = domain.removeprefix(_WILDCARD)
        raise InvalidDetail("domains", f"give {base} instead of {domain}: it covers that too")
    return domain


def instant(moment: datetime) -> str:
    """Formats an instant for operators and customers, in UTC."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
