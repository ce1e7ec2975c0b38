"""The parts of the running gateway that the doors are given; app.py composes them once."""

from dataclasses import dataclass, field

from gateway.ca.issuers import Issuers
from gateway.clock import Clock, SystemClock
from gateway.config import Settings
from gateway.db.pool import Pool
from gateway.refusal_log import RefusalLog
from gateway.validation.dns import Resolver
from gateway.validation.dnssec import DnssecStanding
from gateway.vault import Vault


@dataclass(frozen=True, slots=True)
class Services:
    """The parts of one process."""

    settings: Settings
    pool: Pool
    clock: Clock
    vault: Vault
    issuers: Issuers
    resolver: Resolver
    """For all but proofs, which `usecases.acme.perspective` gives a resolver."""
    real_clock: Clock = field(default_factory=SystemClock)
    """For how long people stay signed in: a timeout, which no test clock may stretch."""
    dnssec: DnssecStanding = field(default_factory=DnssecStanding)
    refusals: RefusalLog = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "refusals", RefusalLog(self.pool, self.clock))
