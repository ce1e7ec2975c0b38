"""The one settings model: a TOML file, overridden by GATEWAY_… environment variables."""

import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from gateway.errors import ConfigurationError

_DAY = 86400  # seconds
_PUBLIC_URL = re.compile(r"https?://[^/?#@\s]+(/[^?#\s]*[^/?#\s])?")
_HOST = r"(\[[^]/?#@]*\]|[^]\[:/?#@,]*)(:\d+)?"
_LABEL = r"[A-Za-z0-9](-*[A-Za-z0-9])*"
_DOMAIN_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_ISSUER_NAME = re.compile(r"[a-z0-9]+(-(?![0-9]+(-|$))[a-z0-9]+)*")
_LONGEST_ISSUER_NAME = 40
_DATABASE_URL = re.compile(rf"postgres(ql)?://([^/?#@]*@)?{_HOST}(,{_HOST})*([/?].*)?")


def _check_database_url(url: str) -> str:
    # The text must not hold the URL: it may hold a password.
    if not _DATABASE_URL.fullmatch(url):
        raise ValueError(
            "no URL like postgresql://user:password@host/name; in a password write / as %2F,"
            " @ as %40, # as %23, ? as %3F"
        )
    return url


def check_public_url(url: str) -> str:
    """`url`; raises ValueError, whose text says how one looks."""
    if not _PUBLIC_URL.fullmatch(url) or not _has_host_and_port(url):
        raise ValueError("no URL like https://acme.example.com, without a slash at its end")
    return url


def _has_host_and_port(url: str) -> bool:
    """Brackets are closed, and a port, if any, is one."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _check_domain_name(name: str) -> str:
    if not _DOMAIN_NAME.fullmatch(name):
        raise ValueError("no domain name like ca.example.com")
    return name.lower()


def _check_issuer_name(name: str) -> str:
    # What ends like -2 would be taken for the second CRL of another issuer.
    if len(name) > _LONGEST_ISSUER_NAME or not _ISSUER_NAME.fullmatch(name):
        raise ValueError(
            f"an issuer's name has 1 to {_LONGEST_ISSUER_NAME} of a-z, 0-9 and '-' inside, and no "
            "number alone after a '-'"
        )
    return name


def _check_once(names: list[str]) -> list[str]:
    if len(set(names)) < len(names):
        raise ValueError("a name stands there twice")
    return names


Port = Annotated[int, Field(ge=0, le=65535)]
MailAddress = Annotated[str, Field(pattern=r"^[!-?A-~]{1,64}@[A-Za-z0-9.-]{1,189}$")]
DatabaseUrl = Annotated[str, AfterValidator(_check_database_url)]
PublicUrl = Annotated[str, AfterValidator(check_public_url)]
DomainName = Annotated[str, AfterValidator(_check_domain_name)]
IssuerName = Annotated[str, AfterValidator(_check_issuer_name)]
IssuerNames = Annotated[list[IssuerName], AfterValidator(_check_once)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Listen(_Section):
    """Where the server listens."""

    host: str = "0.0.0.0"  # noqa: S104  a public server
    port: Port = 443
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    plain_http_port: Port | None = None
    """Plain HTTP for CRL and AIA downloads; everything else there is refused (E6)."""
    metrics_port: Port | None = None
    metrics_host: str = "127.0.0.1"
    """Metrics are for this machine, unless said otherwise."""
    trusted_proxies: list[str] = []
    """Networks (CIDR) whose X-Forwarded-Proto and X-Forwarded-For are believed."""
    spread: bool = False
    """All workers take new connections alike, instead of the first that is not busy."""


class Secrets(_Section):
    """Keys that encrypt what the database must not show."""

    keys: list[SecretStr] = Field(min_length=1)
    """Fernet keys; the first encrypts, all decrypt. Put a new one in front to rotate."""


class Ca(_Section):
    """The local CAs."""

    directory: Path
    names: IssuerNames = ["local"]
    """Each is an issuer with root and keys of its own in `directory`; [] = no local CA."""
    passphrase_file: Path | None = None
    crl_url: str | None = None
    """Base of CRL and AIA URLs, plain http; default: public_url with http and plain_http_port."""
    crl_partitions: int = Field(default=8, ge=1, le=1000)
    """New certificates are spread over so many CRLs, which keeps each of them short."""
    lint_sample: float = Field(default=0.01, ge=0, le=1)
    """Share of the certificates that pkilint looks at after they were issued."""
    lint_every_certificate: bool = False
    """pkilint looks at every certificate before it is signed, and refuses it on an error."""
    caa_identities: list[DomainName] = []
    """Names that CAA records call this CA by (RFC 8659); default: the host of public_url."""


class Validation(_Section):
    """How control over names is checked."""

    http_port: Port = 80
    tls_port: Port = 443
    resolvers: list[str] = []
    """host:port of DNS resolvers; empty = those of the system."""
    resolve_to: str | None = None
    """Sandbox only: every name has this address, no resolver is asked."""
    private_networks: list[IPvAnyNetwork] = []
    """Networks (CIDR) that are not public and may be connected to all the same: one's own."""
    allow_private_addresses: bool = False
    """Sandbox only: every address may be connected to."""
    methods: list[str] | None = None
    """Challenge types to offer; default: http-01, dns-01, tls-alpn-01. Drafts are to be asked for:
    strict clients fail at a challenge without a token, which dns-persist-01 is."""
    require_dnssec: bool | None = None
    """The gateway is ready, and proves names, only while all resolvers validate DNSSEC; default:
    yes, but not in a sandbox."""
    dnssec_signed: str = "."
    """A zone with good signatures, and …"""
    dnssec_bogus: str = "dnssec-failed.org"
    """… a name with wrong ones; what a resolver says of both shows whether it validates."""
    probed_zone: str = "com"
    """After a look-up that failed, a random name below it is asked for: a resolver that answers
    SERVFAIL or nothing is cut off, and the failure ours."""
    timeout_seconds: float = Field(default=10.0, gt=0)
    """For one attempt, redirects and look-ups included; a look-up has half of it."""
    total_seconds: float = Field(default=18.0, gt=0)
    """For all attempts at a challenge, with their pauses and CAA; nothing is begun that lasts
    longer."""
    retry_delays_seconds: list[float] = [0.5, 2.0]
    """Waits before further attempts when nothing answered; after the last it is a failure."""
    lease_seconds: float = Field(default=6.0, ge=4)
    """Renewed every 2 seconds; this long after a process died another takes its attempts over."""


class Issuance(_Section):
    """What certificates look like and how long things live."""

    certificate_days: int = Field(default=90, ge=1, le=90)
    order_hours: int = Field(default=24 * 7, ge=1)
    authorization_days: int = Field(default=30, ge=1, le=200)
    """How long a proof of control counts (BR §4.2.1: 200 days at most)."""
    reuse_authorizations: bool = True
    """New orders of an account lean on its valid authorizations."""
    reuse_orders: bool = True
    """An open order for the same names is given again in place of a new one."""
    backdate_seconds: int = Field(default=3600, ge=0, le=48 * 3600)
    """So long before its issuance a certificate begins: visitors' clocks may be slow. It counts
    as a part of its life (BR §7.1.2.7: 48 hours at most)."""
    ssl_names: Literal["public", "any"] | None = None
    """Which names SSL certificates are sold for; default: public, in a sandbox any."""
    ssl_issuers: IssuerNames = Field(default=["local"], min_length=1)
    """Who issues SSL certificates: the first of these that there is."""

    @model_validator(mode="after")
    def _lives_on(self) -> Self:
        if 2 * self.backdate_seconds > self.certificate_days * _DAY:
            raise ValueError("backdate_seconds is more than half of certificate_days")
        return self


class Directory(_Section):
    """What directories tell clients about the service."""

    terms_of_service: str | None = None
    """URL; accounts must agree to it, and again when it changes (RFC 8555 §7.3.3)."""
    website: str | None = None


class Logins(_Section):
    """How the action API treats failed logins."""

    failures_before_lock: int = Field(default=10, ge=1)
    lock_minutes: int = Field(default=15, ge=1)


class Subscriptions(_Section):
    """Decided readings of the subscription rules that an operator may turn."""

    www_free_unless_any_wildcard: bool = False
    """A12: True = any wildcard in the subscription ends the free www, not only the same base."""
    maximum_total_days: int | None = None
    """A11: cap on the days left after an extension; None = no cumulative cap."""
    minimum_days: int = Field(default=0, ge=0, le=365)
    """R23: a name that joins a subscription pays for so many days at least; 0 = the source."""


class Prevalidations(_Section):
    """Pre-validations of organizations."""

    days: int = Field(default=365, ge=1, le=3650)
    """How long an approved one is valid unless the operator says otherwise (BR §4.2.1: 398)."""
    renewal_lead_days: int = Field(default=30, ge=1, le=180)
    """So long before its end one is renewed, for resellers with automatic renewal."""


class Refund(_Section):
    """When a name is refunded by itself, and what that brings with it."""

    revoke_certificates: bool = False
    """Revoke what was issued for a name that is removed for its money back."""
    once_per_name_days: int = Field(default=0, ge=0, le=3650)
    """R22: the same name of a reseller is refunded once in so many days; 0 = the source."""


class Notices(_Section):
    """What resellers are told by webhook and e-mail."""

    low_balance: int = Field(default=100, ge=0)
    """Told when a purchase takes the balance below this; resellers may have one of their own."""
    smtp_host: str | None = None
    """Mail server that takes our mail; without one no mail is sent."""
    smtp_port: Annotated[int, Field(ge=1, le=65535)] = 587
    smtp_tls: Literal["starttls", "tls", "none"] = "starttls"
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    sender: MailAddress | None = None
    """From; default: notices@ and the host of public_url."""
    timeout_seconds: float = Field(default=10.0, gt=0, le=60)
    """For one attempt."""
    retry_delays_seconds: list[Annotated[float, Field(gt=0)]] = Field(
        default=[5, 30, 300, 1800, 7200, 18000, 36000], min_length=1
    )
    """Waits after failed attempts; the last one repeats."""
    retry_hours: float = Field(default=72.0, gt=0)
    """After so long without success a destination is parked."""


class Jobs(_Section):
    """Background work."""

    attempts: int = Field(default=8, ge=1)
    """After so many failures a unit waits for an operator (`gateway jobs retry`)."""
    first_retry_seconds: float = Field(default=5.0, gt=0)
    """Wait before the second attempt; each further one is twice as long, up to ten minutes."""
    takeover_seconds: float = Field(default=6.0, ge=2)
    """This long after a process died another takes its units over."""


class Retention(_Section):
    """How long what is over stays in the database."""

    order_days: int = Field(default=90, ge=1)
    """Orders that came to nothing, and their authorizations, counted from their end."""
    issued_order_days: int = Field(default=1200, ge=1)
    """The others, counted from their end and that of their certificate; GETLASTORDER tells them."""
    refusal_days: int = Field(default=90, ge=1)
    """What clients and resellers were refused (ops.refusals)."""
    job_days: int = Field(default=30, ge=1)
    """The log of background work."""
    notice_days: int = Field(default=400, ge=7)
    """Notices that nobody waits for any more; until then they can be replayed."""


class Settings(BaseSettings):
    """Everything an operator can set."""

    model_config = SettingsConfigDict(
        env_prefix="GATEWAY_", env_nested_delimiter="__", extra="forbid"
    )

    database: DatabaseUrl
    public_url: PublicUrl
    """Base of every URL shown to clients and expected in JWS headers; no trailing slash."""
    sandbox: bool = False
    workers: int = Field(default=1, ge=1)
    log_level: str = "info"
    listen: Listen = Listen()
    secrets: Secrets
    ca: Ca
    validation: Validation = Validation()
    issuance: Issuance = Issuance()
    directory: Directory = Directory()
    logins: Logins = Logins()
    subscriptions: Subscriptions = Subscriptions()
    prevalidations: Prevalidations = Prevalidations()
    refund: Refund = Refund()
    notices: Notices = Notices()
    jobs: Jobs = Jobs()
    retention: Retention = Retention()

    def dnssec_required(self) -> bool:
        """Whether resolvers that do not validate are not to be worked with."""
        if self.validation.resolve_to is not None:  # no resolver is asked
            return False
        wanted = self.validation.require_dnssec
        return not self.sandbox if wanted is None else wanted

    def ssl_public_only(self) -> bool:
        """Whether SSL certificates are sold for names only that a public CA may certify."""
        wanted = self.issuance.ssl_names
        return not self.sandbox if wanted is None else wanted == "public"

    def ca_identities(self) -> tuple[str, ...]:
        """The issuer domain names of this CA (RFC 8659 §4.2)."""
        host = urlsplit(self.public_url).hostname or ""
        return tuple(self.ca.caa_identities) or (host,)


@contextmanager
def settings_told() -> Iterator[None]:
    """Turns settings that cannot be into a ConfigurationError of one line, without their values."""
    try:
        yield
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
            for problem in error.errors(include_input=False, include_url=False)
        )
        raise ConfigurationError(f"settings are not valid: {wrong}") from None
    except SettingsError as error:  # an environment variable that is no JSON
        raise ConfigurationError(f"settings are not valid: {error}") from None
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the settings file cannot be read: {error}") from None


def load_settings(path: Path | None) -> Settings:
    """Reads `path` (TOML) and the environment, which wins.

    Raises pydantic.ValidationError, or OSError / tomllib.TOMLDecodeError for the file.
    """

    class FromFile(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            if path is None:
                return (env_settings,)
            return env_settings, TomlConfigSettingsSource(settings_cls, toml_file=path)

    return FromFile()
