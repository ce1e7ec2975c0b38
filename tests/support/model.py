"""A small model of the subscription rules, written from docs/rules.md alone.

It shares no code with the gateway: whole days are counted with date ordinals, money in cents.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime

YEARLY_CENTS = {"fqdn": 9999, "wildcard": 29950}
REFUND_SECONDS = 30 * 86400


class Refused(Exception):
    """The rules forbid an action; the text is the error's id in the error table."""


@dataclass
class Name:
    """A name: `cents` is what its order charged, `partner` the name that makes it free."""

    added: datetime
    cents: int
    partner: str | None


@dataclass
class Term:
    """A subscription; `last_day` is the ordinal of the day whose end is the expiry."""

    last_day: int
    names: dict[str, Name] = field(default_factory=dict)

    def state(self, now: datetime) -> str:
        day = now.toordinal()
        if day <= self.last_day:
            return "active"
        return "grace" if day <= self.last_day + 30 else "expired"


@dataclass
class Credential:
    """An EAB credential with its current term and the names of all earlier ones."""

    owner: str
    term_days: int
    term: Term | None = None
    report: dict[str, int] = field(default_factory=dict)
    """LISTDOMAINS: name → last day."""


def cents(name: str, days: int) -> int:
    """The price of a name for so many days, rounded half-up."""
    yearly = YEARLY_CENTS["wildcard" if name.startswith("*.") else "fqdn"]
    return (2 * yearly * days + 365) // 730


def expiry_text(last_day: int) -> str:
    return f"{datetime.fromordinal(last_day):%Y-%m-%d}T23:59:59Z"


@dataclass
class Model:
    """The model: balances in cents by reseller; every action gives what its answer must have."""

    now: datetime
    balances: dict[str, int]
    credentials: dict[str, Credential] = field(default_factory=dict)
    charged: dict[str, int] = field(default_factory=dict)
    refunded: dict[str, int] = field(default_factory=dict)

    def add(
        self, account: str, name: str, *, associated: bool, quote: bool
    ) -> tuple[int, list[str]]:
        """ADDDOMAIN: gives cents and the names added."""
        credential = self.credentials[account]
        term = credential.term
        if term is not None and term.state(self.now) == "grace":
            raise Refused("A15")
        fresh = term is None or term.state(self.now) == "expired"
        if term is None or fresh:
            term = Term(self.now.toordinal() + credential.term_days)
        if name in term.names:
            raise Refused("E18a")
        partner = _partner(name, term)
        cost = 0 if partner else cents(name, term.last_day - self.now.toordinal())
        added = {name: Name(self.now, cost, partner)}
        other = _associated(name) if associated else None
        if other and other not in term.names:
            together = Term(term.last_day, {**term.names, **added})
            if other_partner := _partner(other, together):
                added[other] = Name(self.now, 0, other_partner)
        if quote:
            return cost, list(added)
        self._charge(credential.owner, cost)
        if fresh:
            credential.term = term
        term.names.update(added)
        credential.report.update(dict.fromkeys(added, term.last_day))
        return cost, list(added)

    def remove(self, account: str, name: str) -> list[str]:
        """REMOVEDOMAIN: gives the names removed, the requested one first."""
        credential = self.credentials[account]
        term = credential.term
        if term is None or term.state(self.now) == "expired" or name not in term.names:
            raise Refused("E8")
        removed = [name, *(each for each, facts in term.names.items() if facts.partner == name)]
        facts = term.names[name]
        if (self.now - facts.added).total_seconds() < REFUND_SECONDS:
            self.balances[credential.owner] += facts.cents
            self.refunded[credential.owner] = self.refunded.get(credential.owner, 0) + facts.cents
        for each in removed:
            del term.names[each]
            del credential.report[each]
        return removed

    def extend(self, account: str, days: int, *, quote: bool) -> int:
        """EXTENDDOMAINS: gives cents."""
        credential = self.credentials[account]
        term = credential.term
        if term is None or not term.names:
            raise Refused("E11")
        if not term.last_day - 100 <= self.now.toordinal() <= term.last_day + 30:
            raise Refused("E11")
        cost = sum(cents(name, days) for name, facts in term.names.items() if not facts.partner)
        if not quote:
            self._charge(credential.owner, cost)
            term.last_day += days
            credential.report.update(dict.fromkeys(term.names, term.last_day))
        return cost

    def listed(self, account: str) -> dict[str, str]:
        """LISTDOMAINS: gives the expiry by name."""
        report = self.credentials[account].report
        return {name: expiry_text(last_day) for name, last_day in report.items()}

    def free_names(self, account: str) -> set[str]:
        """Names of the current term that were added for free."""
        term = self.credentials[account].term
        return {name for name, facts in term.names.items() if facts.partner} if term else set()

    def _charge(self, owner: str, cost: int) -> None:
        if cost > self.balances[owner]:
            raise Refused("E14")
        self.balances[owner] -= cost
        self.charged[owner] = self.charged.get(owner, 0) + cost


def start() -> datetime:
    return datetime(2025, 1, 10, 15, 30, tzinfo=UTC)


def _associated(name: str) -> str | None:
    if name.startswith("*."):
        return name[2:]
    return None if name.startswith("www.") else "www." + name


def _partner(name: str, term: Term) -> str | None:
    if name.startswith("*."):
        return None
    if "*." + name in term.names:
        return "*." + name
    base = name[4:]
    if not name.startswith("www.") or base.startswith("www."):
        return None
    if base not in term.names or term.names[base].partner or "*." + base in term.names:
        return None
    return base
