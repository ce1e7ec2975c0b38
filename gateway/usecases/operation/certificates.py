"""Operators' view of any certificate, and its revocation by them (BR §4.9.1)."""

from collections.abc import Mapping

from gateway.errors import NotFound
from gateway.errors.acme import AlreadyRevoked, BadRevocationReason
from gateway.rules.operation.clues import serial_of
from gateway.rules.ssl.orders import next_status
from gateway.store.acme import certificates
from gateway.store.acme.issuance import KEY_COMPROMISE
from gateway.store.ca import issued, revocations
from gateway.store.ca.issued import IssuedRow
from gateway.store.operation.audit import Change
from gateway.store.ssl import orders as ssl_orders
from gateway.usecases.acme.revocation import PRIVILEGE_WITHDRAWN
from gateway.usecases.ssl import orders
from gateway.usecases.ssl.orders import RevokeOrder
from gateway.usecases.work import Work

__all__ = ["IssuedRow"]

REASONS: Mapping[int, str] = {
    0: "unspecified",
    KEY_COMPROMISE: "keyCompromise",
    3: "affiliationChanged",
    4: "superseded",
    5: "cessationOfOperation",
    PRIVILEGE_WITHDRAWN: "privilegeWithdrawn",
}
"""CRLReasons of certificates of servers (RFC 5280 §5.3.1, BR §7.2.2)."""


async def show_certificate(work: Work, text: str) -> IssuedRow:
    """Gives a certificate by its serial, in any usual spelling; raises NotFound."""
    serial = serial_of(text)
    found = None if serial is None else await issued.find(work.connection, serial)
    if found is None:
        raise NotFound
    return found


async def revoke(work: Work, text: str, reason: int) -> list[str]:
    """Revokes a certificate, for keyCompromise all of its key; gives the serials revoked now.

    Those of an SSL order are revoked together, as its customer would. Raises NotFound,
    AlreadyRevoked and BadRevocationReason.
    """
    if reason not in REASONS:
        raise BadRevocationReason(f"The reason must be one of {', '.join(map(str, REASONS))}.")
    found = await show_certificate(work, text)
    done = await _revoked_with_order(work, found, reason)
    serials = [] if done else [found.serial]
    if reason == KEY_COMPROMISE:
        serials = await certificates.serials_of_key(work.connection, found.key_hash, work.now)
    revoked = await revocations.revoke(work.connection, serials, reason, work.now)
    if not done and not revoked:
        raise AlreadyRevoked("The certificate was revoked before.")
    after = {"reason": REASONS[reason]}
    await work.record(*(Change("certificate.revoked", serial, after=after) for serial in revoked))
    return [*done, *revoked]


async def _revoked_with_order(work: Work, found: IssuedRow, reason: int) -> list[str]:
    """Revokes with its SSL order, whose status moves then; [] = it has none that allows that."""
    if found.cert_id is None or found.reseller_id is None or found.revoked_at is not None:
        return []
    order = await ssl_orders.find(work.connection, found.cert_id, work.now)
    if order is None or next_status("revoke", order.status) is None:
        return []
    wanted = RevokeOrder(found.reseller_id, found.cert_id, reason, REASONS[reason])
    await orders.revoke(work, wanted)
    return [found.serial]
