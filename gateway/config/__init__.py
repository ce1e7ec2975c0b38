"""The settings model and the checks of its values; gateway.config.sources fills it.

Structs of msgspec, which the driver's pool loads anyway: every command reads its settings, and a
pydantic model would cost half a second of CPU before it has read any.
"""

import re
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

_DAY = 86400  # seconds
_PUBLIC_URL = re.compile(r"https?://[^/?#@\s]+(/[^?#\s]*[^/?#\s])?")
_HOST = r"(\[[^]/?#@]*\]|[^]\[:/?#@,]*)(:\d+)?"
_LABEL = r"[A-Za-z0-9](-*[A-Za-z0-9])*"
_DOMAIN_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_ISSUER_NAME = re.compile(r"[a-z0-9]+(-(?![0-9]+(-|$))[a-z0-9]+)*")
_LONGEST_ISSUER_NAME = 40
_DATABASE_URL = re.compile(rf"postgres(ql)?://([^/?#@]*@)?{_HOST}(,{_HOST})*([/?].*)?")


def _check_database_url(url: str) -> None:
    # The text must not hold the URL: it may hold a password.
    if not _DATABASE_URL.fullmatch(url):
        raise ValueError(
            "no URL like postgresql://user:password@host/name; in a password write / as %2F,"
            " @ as %40, # as %23, ? as %3F"
        )


def check_public_url(url: str) -> str:
    """Gives `url` if it can be the public URL; else raises ValueError, which says what can."""
    if not _PUBLIC_URL.fullmatch(url) or not _has_host_and_port(url):
        raise ValueError("no URL like https://acme.example.com, without a slash at its end")
    return url


def _has_host_and_port(url: str) -> bool:
    """Whether the brackets are closed, and the port, if there is one, is a port."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _check_domain_names(names: list[str]) -> None:
    if not all(map(_DOMAIN_NAME.fullmatch, names)):
        raise ValueError("no domain name like ca.example.com")


def _check_networks(networks: list[str]) -> None:
    try:
        for each in networks:
            ip_network(each)
    except ValueError:
        raise ValueError("no network like 10.0.0.0/8 or fd00::/8") from None


def _check_issuer_names(names: list[str]) -> None:
    for name in names:
        # A name that ends like -2 would be taken for the second CRL of another issuer.
        if len(name) > _LONGEST_ISSUER_NAME or not _ISSUER_NAME.fullmatch(name):
            raise ValueError(
                f"an issuer's name has 1 to {_LONGEST_ISSUER_NAME} of a-z, 0-9 and '-' inside, "
                "and no number alone after a '-'"
            )
    if len(set(names)) < len(names):
        raise ValueError("a name stands there twice")


class Secret:
    """Text that is not shown by accident: neither repr() nor str() has it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return "Secret(…)"

    def get_secret_value(self) -> str:
        """The text itself."""
        return self._text


Port = Annotated[int, Meta(ge=0, le=65535)]
AnyNumber = Annotated[int, Meta(ge=0)]
AtLeastOne = Annotated[int, Meta(ge=1)]
Positive = Annotated[float, Meta(gt=0)]
MailAddress = Annotated[str, Meta(pattern=r"^[!-?A-~]{1,64}@[A-Za-z0-9.-]{1,189}$")]


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the settings file."""

    checks: ClassVar[dict[str, Callable[[Any], object]]] = {}
    """Checks that a type cannot express; a ValueError's text must not contain the value."""

    def __post_init__(self) -> None:
        for name, check in self.checks.items():
            try:
                check(getattr(self, name))
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None


class Listen(_Section, frozen=True):
    """Where the server listens."""

    host: str = "0.0.0.0"  # noqa: S104  a public server
    port: Port = 443
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    plain_http_port: Port | None = None
    """Plain HTTP for CRL and AIA downloads; everything else there is refused (E6)."""
    metrics_port: Port | None = None
    metrics_host: str = "127.0.0.1"
    """Address of the metrics; by default only this machine can read them."""
    trusted_proxies: list[str] = []
    """Networks (CIDR) whose X-Forwarded-Proto and X-Forwarded-For are believed."""
    spread: bool = False
    """New connections go to all workers alike, instead of to the first that is not busy."""


class Secrets(_Section, frozen=True):
    """Keys that encrypt what the database must not show."""

    keys: Annotated[list[Secret], Meta(min_length=1)]
    """Fernet keys; the first encrypts, all decrypt. Put a new one in front to rotate."""


class Ca(_Section, frozen=True):
    """The local CAs."""

    checks: ClassVar = {"caa_identities": _check_domain_names, "names": _check_issuer_names}

    directory: Path
    names: list[str] = msgspec.field(default_factory=lambda: ["local"])
    """Each name is an issuer with its own root and keys in `directory`; [] = no local CA."""
    passphrase_file: Path | None = None
    crl_url: str | None = None
    """Base of CRL and AIA URLs, plain http; default: public_url with http and plain_http_port."""
    crl_partitions: Annotated[int, Meta(ge=1, le=1000)] = 8
    """Number of CRLs over which new certificates are spread, which keeps each of them short."""
    lint_sample: Annotated[float, Meta(ge=0, le=1)] = 0.01
    """Share of the certificates that pkilint checks after they were issued."""
    lint_every_certificate: bool = False
    """pkilint checks every certificate before it is signed, and an error prevents it."""
    caa_identities: list[str] = []
    """Names of this CA in CAA records (RFC 8659); default: the host of public_url."""


class Validation(_Section, frozen=True):
    """How control over names is checked."""

    checks: ClassVar = {"private_networks": _check_networks}

    http_port: Port = 80
    tls_port: Port = 443
    resolvers: list[str] = []
    """host:port of DNS resolvers; empty = those of the system."""
    resolve_to: str | None = None
    """Sandbox only: every name has this address, no resolver is asked."""
    private_networks: list[str] = []
    """Networks (CIDR) that are not public but may be connected to, such as one's own."""
    allow_private_addresses: bool = False
    """Sandbox only: every address may be connected to."""
    methods: list[str] | None = None
    """Challenge types to offer; default: http-01, dns-01, tls-alpn-01. Drafts must be listed
    explicitly: strict clients fail at a challenge without a token, such as dns-persist-01."""
    require_dnssec: bool | None = None
    """The gateway is ready, and validates names, only while all resolvers validate DNSSEC; default:
    yes, but not in a sandbox."""
    dnssec_signed: str = "."
    """A zone with valid signatures, which a resolver must find."""
    dnssec_bogus: str = "dnssec-failed.org"
    """A name with wrong signatures, for which a validating resolver must give an error."""
    probed_zone: str = "com"
    """After a failed look-up, a random name below this zone is asked for: a resolver that answers
    SERVFAIL or nothing to that is cut off, and the failure is ours."""
    timeout_seconds: Positive = 10.0
    """Limit for one attempt, with redirects and look-ups; a look-up has half of it."""
    total_seconds: Positive = 18.0
    """Limit for all attempts at a challenge, with their pauses and CAA; an attempt that would
    exceed it is not begun."""
    retry_delays_seconds: list[float] = msgspec.field(default_factory=lambda: [0.5, 2.0])
    """Pauses before further attempts when nothing answered; after the last, the challenge fails."""
    lease_seconds: Annotated[float, Meta(ge=4)] = 6.0
    """Renewed every 2 seconds; this long after a process died, another takes its attempts over."""


class Issuance(_Section, frozen=True):
    """Contents of certificates, and how long orders and proofs are valid."""

    checks: ClassVar = {"ssl_issuers": _check_issuer_names}

    certificate_days: Annotated[int, Meta(ge=1, le=90)] = 90
    order_hours: AtLeastOne = 24 * 7
    authorization_days: Annotated[int, Meta(ge=1, le=200)] = 30
    """How long a proof of control is valid (BR §4.2.1: 200 days at most)."""
    reuse_authorizations: bool = True
    """New orders of an account use its valid authorizations."""
    reuse_orders: bool = True
    """An open order for the same names is given again in place of a new one."""
    backdate_seconds: Annotated[int, Meta(ge=0, le=48 * 3600)] = 3600
    """How long before its issuance a certificate begins: visitors' clocks may be slow. It counts as
    a part of its validity (BR §7.1.2.7: 48 hours at most)."""
    ssl_names: Literal["public", "any"] | None = None
    """Which names SSL certificates are sold for; default: public, in a sandbox any."""
    ssl_issuers: Annotated[list[str], Meta(min_length=1)] = msgspec.field(
        default_factory=lambda: ["local"]
    )
    """Issuers of SSL certificates; the first of these that exists is asked."""

    def __post_init__(self) -> None:
        _Section.__post_init__(self)
        if 2 * self.backdate_seconds > self.certificate_days * _DAY:
            raise ValueError("backdate_seconds is more than half of certificate_days")


class Directory(_Section, frozen=True):
    """What directories tell clients about the service."""

    terms_of_service: str | None = None
    """URL; accounts must agree to it, and again when it changes (RFC 8555 §7.3.3)."""
    website: str | None = None
    """URL of a page about the service (RFC 8555 §7.1.1)."""


class Logins(_Section, frozen=True):
    """How failed logins are treated, at the action API and the console."""

    failures_before_lock: AtLeastOne = 10
    lock_minutes: AtLeastOne = 15


class Console(_Section, frozen=True):
    """How long people stay signed in to the console, in real time."""

    idle_minutes: Annotated[int, Meta(ge=1, le=1440)] = 30
    """A session that nobody used for so long has ended."""
    session_hours: Annotated[int, Meta(ge=1, le=168)] = 12
    """The longest time until the password is asked for again."""


class Subscriptions(_Section, frozen=True):
    """Readings of the subscription rules that an operator may choose."""

    www_free_unless_any_wildcard: bool = False
    """A12: True = any wildcard in the subscription ends the free www, not only the same base."""
    maximum_total_days: int | None = None
    """A11: cap on the days left after an extension; None = no cumulative cap."""
    minimum_days: Annotated[int, Meta(ge=0, le=365)] = 0
    """R23: a name added to a subscription pays for at least so many days; 0 = the source."""


class Prevalidations(_Section, frozen=True):
    """Pre-validations of organizations."""

    days: Annotated[int, Meta(ge=1, le=3650)] = 365
    """How long an approved one is valid unless the operator sets another end (BR §4.2.1: 398)."""
    renewal_lead_days: Annotated[int, Meta(ge=1, le=180)] = 30
    """How long before its end one is renewed, for resellers with automatic renewal."""


class Refund(_Section, frozen=True):
    """How names are refunded without an operator."""

    revoke_certificates: bool = False
    """Revoke what was issued for a name that is removed and refunded."""
    once_per_name_days: Annotated[int, Meta(ge=0, le=3650)] = 0
    """R22: the same name of a reseller is refunded once in so many days; 0 = the source."""


class Notices(_Section, frozen=True):
    """Notices to resellers by webhook and e-mail."""

    low_balance: AnyNumber = 100
    """A purchase that takes the balance below this makes a notice; resellers may set their own."""
    smtp_host: str | None = None
    """Mail server that accepts our mail; without one no mail is sent."""
    smtp_port: Annotated[int, Meta(ge=1, le=65535)] = 587
    smtp_tls: Literal["starttls", "tls", "none"] = "starttls"
    smtp_user: str | None = None
    smtp_password: Secret | None = None
    sender: MailAddress | None = None
    """Sender address; default: notices@ and the host of public_url."""
    timeout_seconds: Annotated[float, Meta(gt=0, le=60)] = 10.0
    """Limit for one attempt."""
    retry_delays_seconds: Annotated[list[Positive], Meta(min_length=1)] = msgspec.field(
        default_factory=lambda: [5, 30, 300, 1800, 7200, 18000, 36000]
    )
    """Pauses after failed attempts; the last one repeats."""
    retry_hours: Positive = 72.0
    """After this time without success a destination is parked."""


class Jobs(_Section, frozen=True):
    """Background work."""

    attempts: AtLeastOne = 8
    """After so many failures a unit waits for an operator (`gateway jobs retry`)."""
    first_retry_seconds: Positive = 5.0
    """Pause before the second attempt; each further one is twice as long, up to ten minutes."""
    takeover_seconds: Annotated[float, Meta(ge=2)] = 6.0
    """This long after a process died, another takes its units over."""


class Retention(_Section, frozen=True):
    """How long finished things stay in the database."""

    order_days: AtLeastOne = 90
    """Orders without a certificate, and their authorizations, counted from their end."""
    issued_order_days: AtLeastOne = 1200
    """Orders with a certificate, counted from the later end of the two; GETLASTORDER shows them."""
    refusal_days: AtLeastOne = 90
    """Refusals of clients and resellers (ops.refusals)."""
    job_days: AtLeastOne = 30
    """The log of background work."""
    notice_days: Annotated[int, Meta(ge=7)] = 400
    """Delivered and skipped notices; until then they can be replayed."""


class Settings(_Section, frozen=True, kw_only=True):
    """Everything an operator can set."""

    checks: ClassVar = {"database": _check_database_url, "public_url": check_public_url}

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
