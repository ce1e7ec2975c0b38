"""Certificate profiles: what a client may choose between (draft-ietf-acme-profiles §3).

Every profile keeps to the CA/B Forum Baseline Requirements (BR). A new one is a new entry here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from gateway.config import Settings

LONGEST_VALIDITY = timedelta(days=200)
"""Limit of BR §6.3.2 for certificates issued since 2026-03-15; both ends included."""

LONGEST_BACKDATING = timedelta(hours=48)
"""Limit of BR §7.1.2.7: how long notBefore may lie before the signature."""

DOMAIN_VALIDATED = "2.23.140.1.2.1"
ORGANIZATION_VALIDATED = "2.23.140.1.2.2"
"""Certificate policies (BR §7.1.6.1). Certificates of either policy may have any profile."""


@dataclass(frozen=True, slots=True)
class Profile:
    """How a certificate looks. `description` is shown in the directory's metadata.

    `longest` is what an operator or client may not exceed, `default` what they get without asking.
    `common_name` repeats a name in the subject, for clients that still look there.
    `key_encipherment` lets an RSA key decrypt TLS 1.2 key exchanges (BR §7.1.2.7.11).
    """

    name: str
    description: str
    default: timedelta
    longest: timedelta
    common_name: bool
    key_encipherment: bool

    def __post_init__(self) -> None:
        if not self.default <= self.longest <= LONGEST_VALIDITY:
            raise ValueError(f"the validity of profile {self.name} is too long")


def _by_name(*profiles: Profile) -> Mapping[str, Profile]:
    return MappingProxyType({profile.name: profile for profile in profiles})


PROFILES = _by_name(
    Profile(
        "classic",
        "The most compatible certificate: 90 days, a common name in the subject.",
        default=timedelta(days=90),
        longest=timedelta(days=90),
        common_name=True,
        key_encipherment=True,
    ),
    Profile(
        "tlsserver",
        "For modern TLS servers: 45 days, names in the subject alternative name only.",
        default=timedelta(days=45),
        longest=timedelta(days=45),
        common_name=False,
        key_encipherment=False,
    ),
    Profile(
        "shortlived",
        "Less than a week, for automation that renews every few days; otherwise like tlsserver.",
        default=timedelta(days=6, hours=16),
        longest=timedelta(days=6, hours=16),
        common_name=False,
        key_encipherment=False,
    ),
)
"""All profiles by name; clients that do not choose get the first."""


def longest_validity(settings: Settings, profile: Profile) -> timedelta:
    """The longest validity that both the profile and the operator allow."""
    return min(profile.longest, timedelta(days=settings.issuance.certificate_days))
