"""Revoking certificates at their holders' request (RFC 8555 §7.6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from cryptography import x509

from gateway.ca.issuer import Issuer, RevocationRelay
from gateway.db.pool import Pool, transaction
from gateway.errors import NotFound
from gateway.errors.acme import (
    AlreadyRevoked,
    BadRevocationReason,
    CertificateUnreadable,
    RevocationRefused,
)
from gateway.origin import Origin
from gateway.services import Services
from gateway.store.acme import certificates
from gateway.store.acme.admission import Ticket
from gateway.store.acme.certificates import IssuedCertificate
from gateway.store.acme.issuance import KEY_COMPROMISE
from gateway.store.ca import revocations
from gateway.store.operation import audit
from gateway.store.operation.audit import Change
from gateway.usecases.acme.admission import admit
from gateway.usecases.work import Work

PRIVILEGE_WITHDRAWN = 9
_AT_ONCE = 100
_REASONS = {
    0: "unspecified",
    KEY_COMPROMISE: "keyCompromise",
    3: "affiliationChanged",
    4: "superseded",
    5: "cessationOfOperation",
}
"""Reasons that subscribers may give (BR §4.9.1.1); the others are for the certificate authority."""


@dataclass(frozen=True, slots=True)
class Revoke:
    """A request to revoke a certificate (DER) of a server."""

    server_id: UUID
    certificate: bytes
    reason: int
    source: str | None


async def revoke_by_account(services: Services, ticket: Ticket, wanted: Revoke) -> None:
    """Revokes for the account that ordered the certificate, or one that now controls all its names.

    Raises NotFound, RevocationRefused, AlreadyRevoked, BadRevocationReason, CertificateUnreadable.
    """
    now = await services.clock.now()
    serial = _serial(wanted.certificate)
    admission, found = await certificates.find_for_account(
        services.pool, ticket, serial, wanted.server_id, now
    )
    admit(ticket, admission)
    if found is None or found.der != wanted.certificate:
        raise NotFound
    if not found.signer_may_revoke:
        raise RevocationRefused(
            "Only the account that ordered the certificate, an account with valid authorizations "
            "for all its names, or the key of the certificate can revoke it."
        )
    await _revoke(services, found, wanted, f"acme:{ticket.account_id}", now)


async def revoke_by_key(services: Services, spki: bytes, wanted: Revoke) -> None:
    """Revokes for whoever has the certificate's key; keyCompromise revokes all of that key.

    Raises as revoke_by_account.
    """
    now = await services.clock.now()
    found = await certificates.find(services.pool, _serial(wanted.certificate), wanted.server_id)
    if found is None or found.der != wanted.certificate:
        raise NotFound
    if found.key_hash != sha256(spki).digest():
        raise RevocationRefused("The request is not signed with the key of the certificate.")
    await _revoke(services, found, wanted, "acme:key", now, whole_key=True)


async def _revoke(
    services: Services,
    found: IssuedCertificate,
    wanted: Revoke,
    actor: str,
    now: datetime,
    *,
    whole_key: bool = False,
) -> None:
    if wanted.reason not in _REASONS:
        allowed = ", ".join(f"{number} ({name})" for number, name in _REASONS.items())
        raise BadRevocationReason(f"The reason must be one of {allowed}.")
    async with transaction(services.pool) as connection:
        serials = [found.serial]
        if whole_key and wanted.reason == KEY_COMPROMISE:
            serials = await certificates.serials_of_key(connection, found.key_hash, now)
        revoked = await revocations.revoke(connection, serials, wanted.reason, now)
        if found.serial not in revoked:
            raise AlreadyRevoked("The certificate was revoked before.")
        reason = {"reason": _REASONS[wanted.reason]}
        changes = [Change("certificate.revoked", serial, after=reason) for serial in revoked]
        await audit.record(connection, now, Origin(actor, wanted.source), *changes)


async def revoke_refunded(
    work: Work, *, kid: str, names: Sequence[str], since: datetime
) -> list[str]:
    """Revokes a credential's certificates for names that were paid back; gives the serials."""
    serials = await certificates.serials_for_names(work.connection, kid, names, since, work.now)
    revoked = await revocations.revoke(work.connection, serials, PRIVILEGE_WITHDRAWN, work.now)
    reason = {"reason": "privilegeWithdrawn", "refunded": list(names)}
    changes = [Change("certificate.revoked", serial, after=reason) for serial in revoked]
    await work.record(*changes)
    return revoked


async def tell_issuer(pool: Pool, issuer: Issuer) -> None:
    """Informs an issuer of committed revocations, even after a process that made them was killed.

    An issuer that needs no such message counts as informed: its CRLs are made from what is stored.
    """
    async with transaction(pool) as connection:
        unreported = await revocations.claim_unreported(connection, issuer.id, _AT_ONCE)
        if isinstance(issuer, RevocationRelay):
            for one in unreported:
                await issuer.revoke(one.serial, one.reason, one.revoked_at)
        if unreported:
            await revocations.mark_reported(connection, [one.serial for one in unreported])


def _serial(der: bytes) -> str:
    """The serial as stored: lower-case hexadecimal of even length."""
    try:
        number = x509.load_der_x509_certificate(der).serial_number
    except (ValueError, TypeError, x509.InvalidVersion) as error:
        raise CertificateUnreadable("The certificate cannot be read as DER.") from error
    text = f"{number:x}"
    return text if len(text) % 2 == 0 else f"0{text}"
