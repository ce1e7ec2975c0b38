"""All settings together, and what follows from several of them."""

from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from msgspec import Meta

from gateway.config.background import Jobs, Notices, Retention
from gateway.config.checks import check_database_url, check_public_url
from gateway.config.issuance import Ca, Issuance, Validation
from gateway.config.listeners import Console, Directory, Listen, Logins
from gateway.config.sales import Prevalidations, Refund, Subscriptions
from gateway.config.section import AtLeastOne, Secret, Section


class Secrets(Section, frozen=True):
    """Keys that encrypt what the database must not show."""

    keys: Annotated[list[Secret], Meta(min_length=1)]
    """Fernet keys; the first encrypts, all decrypt. Put a new one in front to rotate."""


class Settings(Section, frozen=True, kw_only=True):
    """Everything an operator can set."""

    checks: ClassVar = {"database": check_database_url, "public_url": check_public_url}

    database: str
    public_url: str
    """Base of every URL shown to clients and expected in JWS headers; no trailing slash."""
    sandbox: bool = False
    workers: AtLeastOne = 1
    log_level: str = "info"
    listen: Listen = Listen()
    secrets: Secrets
    ca: Ca
    validation: Validation = Validation()
    issuance: Issuance = Issuance()
    directory: Directory = Directory()
    logins: Logins = Logins()
    console: Console = Console()
    subscriptions: Subscriptions = Subscriptions()
    prevalidations: Prevalidations = Prevalidations()
    refund: Refund = Refund()
    notices: Notices = Notices()
    jobs: Jobs = Jobs()
    retention: Retention = Retention()

    def dnssec_required(self) -> bool:
        """Whether resolvers must validate DNSSEC."""
        if self.validation.resolve_to is not None:  # no resolver is asked
            return False
        wanted = self.validation.require_dnssec
        return not self.sandbox if wanted is None else wanted

    def ssl_public_only(self) -> bool:
        """Whether SSL certificates are sold only for names that a public CA may certify."""
        wanted = self.issuance.ssl_names
        return not self.sandbox if wanted is None else wanted == "public"

    def ca_identities(self) -> tuple[str, ...]:
        """The issuer domain names of this CA (RFC 8659 §4.2)."""
        host = urlsplit(self.public_url).hostname or ""
        return tuple(name.lower() for name in self.ca.caa_identities) or (host,)
