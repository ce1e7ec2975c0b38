"""What the gateway asks of a certificate authority."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPublicKeyTypes
from msgspec import Struct

from gateway.rules.organization.organizations import Subject


class CertificateRequest(Struct, frozen=True):
    """Everything an issuer may need. `order_id` makes asking twice harmless.

    `names` are lower-case A-labels, wildcards included; `csr` is DER and already checked.
    `serial_number` was stored with the intent; an issuer of its own mind may choose another.
    `organization` is what was validated about the subscriber (OV); None = domain validated.
    """

    order_id: UUID
    serial_number: int
    csr: bytes
    public_key: CertificateIssuerPublicKeyTypes
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

    `immediate` issuers sign in-process within milliseconds, and finalize answers with the
    certificate. Others are asked by the issuance runner after the intent is committed, as often
    as it takes; they must give the same certificate for the same `order_id`.
    """

    id: UUID
    name: str
    immediate: bool

    def issue_now(self, request: CertificateRequest) -> Issued:
        """Only if `immediate`."""
        ...

    async def issue(
        self, request: CertificateRequest, state: dict[str, Any] | None
    ) -> Issued | Pending | Failed: ...

    async def revoke(self, serial: str, reason: int, revoked_at: datetime) -> None: ...

    def chain_pem(self) -> bytes:
        """The certificates above the leaf that a client is sent, PEM."""
        ...
