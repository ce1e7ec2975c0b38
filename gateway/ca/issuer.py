"""What the gateway asks of every certificate authority, and optional capabilities of some.

Every issuer is an `Issuer`. Each optional capability is a protocol of its own: a class derives from
those that it satisfies, and callers that need one ask with `isinstance`.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable
from uuid import UUID

from msgspec import Struct

from gateway.config import Settings
from gateway.rules.organization.organizations import Subject

if TYPE_CHECKING:  # commands choose among issuers without a certificate in hand
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPublicKeyTypes


class CertificateRequest(Struct, frozen=True):
    """Everything an issuer may need to sign. `order_id` makes asking twice harmless.

    `names` are lower-case A-labels, wildcards included; `csr` is DER and already checked.
    `serial_number` was stored with the intent; an issuer may choose another one.
    `organization` is what was validated about the subscriber (OV); None = domain validated.
    """

    order_id: UUID
    serial_number: int
    csr: bytes
    public_key: "CertificateIssuerPublicKeyTypes"
    names: Sequence[str]
    profile: str
    not_before: datetime
    not_after: datetime
    organization: Subject | None = None


class Issued(Struct, frozen=True):
    """A signed certificate. `serial` is lower-case hexadecimal of even length; `der` the leaf."""

    serial: str
    der: bytes
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True)
class Pending:
    """The issuer needs time. `state` is kept with the order and handed back at the next ask."""

    state: dict[str, Any]
    retry_after_seconds: float


@dataclass(frozen=True, slots=True)
class Failed:
    """The issuer will not sign; `detail` is fit for the client."""

    detail: str


class Issuer(Protocol):
    """A certificate authority behind the gateway.

    It is asked by a runner after the intent is committed, as often as it takes, and must give the
    same certificate for the same `order_id`. `name` stands in URLs and in the database; `id` goes
    with its key.
    """

    id: UUID
    name: str

    async def issue(
        self, request: CertificateRequest, state: dict[str, Any] | None
    ) -> Issued | Pending | Failed: ...

    def chain_pem(self) -> bytes:
        """The certificates above the leaf that a client is sent, PEM."""
        ...


@runtime_checkable
class Immediate(Issuer, Protocol):
    """Signs in this process within milliseconds: finalize answers with the certificate."""

    def issue_now(self, request: CertificateRequest) -> Issued:
        """Signs a certificate; raises ConfigurationError when it cannot sign this one."""
        ...


@runtime_checkable
class RevocationRelay(Issuer, Protocol):
    """Revokes by itself, because it has a CRL or OCSP of its own; the gateway must ask it to."""

    async def revoke(self, serial: str, reason: int, revoked_at: datetime) -> None:
        """Revokes a certificate; doing it twice is harmless. `reason` is of RFC 5280 §5.3.1."""
        ...


@runtime_checkable
class CrlSigner(Issuer, Protocol):
    """Signs CRLs that the gateway makes and serves."""

    crl_partitions: int
    """Number of CRLs that new certificates are spread over; they are numbered from 1."""

    def sign_crl(
        self,
        number: int,
        this_update: datetime,
        next_update: datetime,
        revoked: "list[x509.RevokedCertificate]",
        partition: int,
    ) -> bytes:
        """DER of a CRL (RFC 5280 §5), complete for its partition; partition 0 has all entries."""
        ...

    def partition_of(self, der: bytes) -> int:
        """The number in a certificate's CRL URL; 0 = none: only the complete CRL covers it."""
        ...


@runtime_checkable
class Downloads(Issuer, Protocol):
    """Has a certificate that the gateway serves, for AIA extensions (RFC 5280 §4.2.2.1)."""

    def issuing_der(self) -> bytes: ...

    def issuing_pem(self) -> bytes: ...


@runtime_checkable
class Lintable(Issuer, Protocol):
    """Can show what it would sign, and reports what it has signed."""

    on_issued: Callable[[Issued], None] | None
    """Called with each certificate that `issue_now` has signed."""

    def draft(self, request: CertificateRequest) -> Issued:
        """The certificate that would be signed, signed with a key that is thrown away.

        Raises ConfigurationError when it cannot sign this.
        """
        ...

    def specimens(self) -> list[tuple[str, bytes]]:
        """Drafts of all profiles, policies and kinds of key: each a description and DER."""
        ...


@runtime_checkable
class OwnRoot(Issuer, Protocol):
    """Has a root of its own, and can certify the gateway's own HTTPS under it."""

    def root_pem(self) -> bytes: ...

    def issue_server_certificate(self, directory: Path, hostnames: list[str]) -> tuple[Path, Path]:
        """Makes or renews chain and key in `directory`; gives the files. Names may be addresses."""
        ...


CAPABILITIES: Mapping[str, type] = MappingProxyType(
    {
        "immediate": Immediate,
        "revocation-relay": RevocationRelay,
        "crl": CrlSigner,
        "download": Downloads,
        "lint": Lintable,
        "own-root": OwnRoot,
    }
)
"""Capabilities by the names that `gateway issuer list` shows."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of issuer: which ones the settings name, and how one is opened."""

    name: str
    implementation: Callable[[], type]
    """Imports the class of its issuers, and returns it."""
    names: Callable[[Settings], Sequence[str]]
    open: Callable[[Settings, str], Awaitable[Issuer]]
    """Opens the issuer that the settings name; raises ConfigurationError."""

    def capabilities(self) -> list[str]:
        """Names of the capabilities of its issuers, without opening one."""
        bases = self.implementation().__mro__
        return [name for name, protocol in CAPABILITIES.items() if protocol in bases]
