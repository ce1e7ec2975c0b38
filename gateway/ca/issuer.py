"""What the gateway asks of a certificate authority, and what some can do besides.

Every issuer is an `Issuer`. What only some of them can do is a protocol of its own: a class derives
from those that it satisfies, and who needs one asks with `isinstance`.
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
    """Everything an issuer may need. `order_id` makes asking twice harmless.

    `names` are lower-case A-labels, wildcards included; `csr` is DER and already checked.
    `serial_number` was stored with the intent; an issuer of its own mind may choose another.
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
        """Raises ConfigurationError when it cannot sign this."""
        ...


@runtime_checkable
class RevocationRelay(Issuer, Protocol):
    """Must be told of revocations: it has a CRL or OCSP of its own."""

    async def revoke(self, serial: str, reason: int, revoked_at: datetime) -> None:
        """Being told twice of the same revocation is harmless. `reason` is of RFC 5280 §5.3.1."""
        ...


@runtime_checkable
class CrlSigner(Issuer, Protocol):
    """Has its CRLs made and served by the gateway."""

    crl_partitions: int
    """New certificates are spread over so many CRLs, numbered from 1."""

    def sign_crl(
        self,
        number: int,
        this_update: datetime,
        next_update: datetime,
        revoked: "list[x509.RevokedCertificate]",
        partition: int,
    ) -> bytes:
        """DER of a CRL (RFC 5280 §5), complete for its partition; partition 0 is for all."""
        ...

    def partition_of(self, der: bytes) -> int:
        """The number in the CRL URL of a certificate; 0 = it has none, only the complete CRL."""
        ...


@runtime_checkable
class Downloads(Issuer, Protocol):
    """Has its certificate served by the gateway, for AIA extensions (RFC 5280 §4.2.2.1)."""

    def issuing_der(self) -> bytes: ...

    def issuing_pem(self) -> bytes: ...


@runtime_checkable
class Lintable(Issuer, Protocol):
    """Can show what it would sign, and tells of what it has signed."""

    on_issued: Callable[[Issued], None] | None
    """Told of each certificate that `issue_now` has signed."""

    def draft(self, request: CertificateRequest) -> Issued:
        """What would be signed, under the signature of a key that nobody keeps.

        Raises ConfigurationError when it cannot sign this.
        """
        ...

    def specimens(self) -> list[tuple[str, bytes]]:
        """Drafts of all profiles, policies and kinds of key: what it is, and DER."""
        ...


@runtime_checkable
class OwnRoot(Issuer, Protocol):
    """Has a root of its own, and can certify the gateway's own HTTPS under it."""

    def root_pem(self) -> bytes: ...

    def issue_server_certificate(self, directory: Path, hostnames: list[str]) -> tuple[Path, Path]:
        """Files of chain and key, kept in `directory`; names may be addresses."""
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
"""What `gateway issuer list` calls them."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of issuer: which ones the settings name, and how one is opened."""

    name: str
    implementation: Callable[[], type]
    """Loads the class of its issuers."""
    names: Callable[[Settings], Sequence[str]]
    open: Callable[[Settings, str], Awaitable[Issuer]]
    """Raises ConfigurationError."""

    def capabilities(self) -> list[str]:
        """What its issuers can do, without opening one."""
        bases = self.implementation().__mro__
        return [name for name, protocol in CAPABILITIES.items() if protocol in bases]
