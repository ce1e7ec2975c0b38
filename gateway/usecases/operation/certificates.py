"""Operators' view of any certificate, and its revocation by them (BR §4.9.1)."""

from collections.abc import Mapping, Sequence

from gateway.errors import NotFound
from gateway.errors.acme import AlreadyRevoked
from gateway.rules.operation.clues import serial_of
from gateway.rules.operation.revocation_reasons import REASONS, require_reason
from gateway.rules.ssl.orders import next_status
from gateway.store.acme import certificates
from gateway.store.acme.issuance import KEY_COMPROMISE
from gateway.store.ca import issued, revocations
from gateway.store.ca.issued import IssuedRow
from gateway.store.operation.audit import Change
from gateway.store.ssl import issuance as ssl_issuance
from gateway.store.ssl import orders as ssl_orders
from gateway.usecases.ssl import orders
from gateway.usecases.ssl.orders import RevokeOrder
from gateway.usecases.work import Work

__all__ = ["IssuedRow"]


async def show_certificate(work: Work, text: str) -> IssuedRow:
    """Gives a certificate by its serial, in any usual spelling; raises NotFound."""
    serial = serial_of(text)
    found = None if serial is None else await issued.find(work.connection, serial)
    if found is None:
        raise NotFound
    return found


async def revoke(work: Work, text: str, reason: int) -> list[str]:
    """Revokes a certificate, with what goes with it (`revoke_all`); gives the serials revoked now.

    Raises NotFound, AlreadyRevoked and BadRevocationReason.
    """
    require_reason(reason)
    found = await show_certificate(work, text)
    revoked = await revoke_all(work, [found.serial], reason)
    if not revoked:
        raise AlreadyRevoked("The certificate was revoked before.")
    return revoked


async def revoke_all(
    work: Work, serials: Sequence[str], reason: int, about: Mapping[str, str] | None = None
) -> list[str]:
    """Revokes certificates that exist; gives the serials that are revoked now.

    For keyCompromise it revokes all of their keys. Those of an SSL order are revoked together, as
    its customer would. `about` is what the audit trail is to have with each besides the reason.
    """
    if reason == KEY_COMPROMISE:
        serials = await certificates.serials_sharing_keys(work.connection, serials, work.now)
    facts = dict(about or {})
    with_orders = await _revoked_with_orders(work, serials, reason, facts)
    alone = await revocations.revoke(work.connection, serials, reason, work.now)
    after = {"reason": REASONS[reason], **facts}
    await work.record(*(Change("certificate.revoked", serial, after=after) for serial in alone))
    return [*with_orders, *alone]


async def _revoked_with_orders(
    work: Work, serials: Sequence[str], reason: int, about: Mapping[str, str]
) -> list[str]:
    """Revokes what belongs to SSL orders whose status allows it, and moves that status."""
    revoked: list[str] = []
    for cert_id in await ssl_issuance.orders_to_revoke(work.connection, serials):
        order = await ssl_orders.find(work.connection, cert_id, work.now)
        if order is None or next_status("revoke", order.status) is None:
            continue
        wanted = RevokeOrder(order.reseller_id, cert_id, reason, REASONS[reason], about)
        revoked += await orders.revoke_certificates(work, wanted)
    return revoked
