"""Renewal information, and which certificate a new order replaces (RFC 9773)."""

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from cryptography import x509

from gateway.errors import NotFound
from gateway.errors.acme import AlreadyReplaced, NotReplaceable
from gateway.rules.acme.renewal import Window, suggested_window
from gateway.services import Services
from gateway.store.acme import certificates
from gateway.store.acme.certificates import Renewable


@dataclass(frozen=True, slots=True)
class CertificateId:
    """RFC 9773 §4.1: key identifier of the issuing key, and serial (hexadecimal, as stored)."""

    authority: bytes
    serial: str

    @property
    def text(self) -> str:
        """The form in which clients write it and orders keep it."""
        number = bytes.fromhex(self.serial)
        sign = b"\0" if number[0] & 0x80 else b""
        return f"{_base64url(self.authority)}.{_base64url(sign + number)}"


async def window_of(services: Services, server_id: UUID, asked: CertificateId) -> Window:
    """Gives the window in which the certificate should be renewed; raises NotFound."""
    found = await _find(services, server_id, asked)
    if found is None:
        raise NotFound
    return suggested_window(
        found.not_before, found.not_after, found.revoked_at, found.gate_closes_at
    )


async def check_replaceable(
    services: Services, server_id: UUID, kid: str, asked: CertificateId, names: Sequence[str]
) -> None:
    """Raises NotReplaceable, or AlreadyReplaced by another order (RFC 9773 §5).

    A certificate that is unknown here, such as one of another authority, or that belongs to another
    EAB credential than `kid` is no reason to refuse: the order keeps what it says it replaces,
    without effect. A certificate of another account under the same credential is the client's own.
    """
    now = await services.clock.now()
    found = await _find(services, server_id, asked)
    if found is None or found.kid != kid:
        return
    if not set(names) & set(found.names):
        raise NotReplaceable('The certificate in "replaces" has none of the order\'s names.')
    if await certificates.is_replaced(services.pool, kid, asked.text, now):
        raise AlreadyReplaced('The certificate in "replaces" was replaced by another order.')


async def _find(services: Services, server_id: UUID, asked: CertificateId) -> Renewable | None:
    found = await certificates.find_renewable(services.pool, server_id, asked.serial)
    if found is None or _authority(found.der) != asked.authority:
        return None
    return found


def _authority(der: bytes) -> bytes | None:
    extensions = x509.load_der_x509_certificate(der).extensions
    return extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
