"""The settings of issuance: CAs, validation of names, contents of certificates."""

from pathlib import Path
from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from gateway.config.checks import check_domain_names, check_issuer_names, check_networks
from gateway.config.section import AtLeastOne, Port, Positive, Section

_DAY = 86400  # seconds


class Ca(Section, frozen=True):
    """The local CAs."""

    checks: ClassVar = {"caa_identities": check_domain_names, "names": check_issuer_names}

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
    caa_identities: list[str] = msgspec.field(default_factory=list)
    """Names of this CA in CAA records (RFC 8659); default: the host of public_url."""


class Validation(Section, frozen=True):
    """How control over names is checked."""

    checks: ClassVar = {"private_networks": check_networks}

    http_port: Port = 80
    tls_port: Port = 443
    resolvers: list[str] = msgspec.field(default_factory=list)
    """host:port of DNS resolvers; empty = those of the system."""
    resolve_to: str | None = None
    """Sandbox only: every name has this address, no resolver is asked."""
    private_networks: list[str] = msgspec.field(default_factory=list)
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


class Issuance(Section, frozen=True):
    """Contents of certificates, and how long orders and proofs are valid."""

    checks: ClassVar = {"ssl_issuers": check_issuer_names}

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
        Section.__post_init__(self)
        if 2 * self.backdate_seconds > self.certificate_days * _DAY:
            raise ValueError("backdate_seconds is more than half of certificate_days")
