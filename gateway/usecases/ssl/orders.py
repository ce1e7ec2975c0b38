"""SSL certificate orders: apply, withdraw, revoke, and show them (docs/wire.md §8).

The runner (runner.py) does what takes time after an application, a withdrawal or a revocation; the
status shows the progress.
"""

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway import ids
from gateway.ca.csr import check_csr
from gateway.config import Settings
from gateway.errors.acme import BadCsr
from gateway.errors.ssl import BadMember, StatusForbids
from gateway.rules.organization.organizations import Subject
from gateway.rules.public_names import objection_to_any
from gateway.rules.ssl import orders as rules
from gateway.store.ca import revocations
from gateway.store.operation.audit import Change
from gateway.store.ssl import applications as ssl_applications
from gateway.store.ssl import due as ssl_due
from gateway.store.ssl import issuance as ssl_issuance
from gateway.store.ssl import orders as ssl_orders
from gateway.store.ssl import unsubscriptions
from gateway.store.ssl.applications import Application
from gateway.store.ssl.orders import SslOrder
from gateway.store.ssl.unsubscriptions import UnsubscriptionDecision
from gateway.usecases.ssl.lookup import locked, show
from gateway.usecases.ssl.proofs import new_proofs
from gateway.usecases.work import Work

_AT_ONCE = timedelta(0)
_LOOK_SOON = timedelta(seconds=1)
"""Servers of third parties are visited at most once in that time, however often a customer asks."""

_VERBS = {"apply": "applied", "cancel-apply": "withdrawn", "revoke": "revoked"}


@dataclass(frozen=True, slots=True)
class Apply:
    """An application: a CSR (DER, unchecked) for an order, and the method to prove control."""

    reseller_id: UUID
    cert_id: str
    csr: bytes
    method: str
    organization: Subject | None


@dataclass(frozen=True, slots=True)
class RevokeOrder:
    """`reason` is a CRLReason that subscribers may give."""

    reseller_id: UUID
    cert_id: str
    reason: int
    reason_name: str


async def apply(work: Work, settings: Settings, wanted: Apply) -> SslOrder:
    """Submits a CSR; control over the names is checked in the background.

    Applying again with the same key meanwhile makes the next check happen soon. Raises NotFound,
    StatusForbids, BadCsr, BadMember.
    """
    order = await locked(work, wanted.reseller_id, wanted.cert_id)
    if order.status in ("CHECKING", "SUPPLEMENTCHECKING") and order.application_id:
        return await _look_again(work, order, wanted)
    status = rules.next_status("apply", order.status)
    if status is None:
        raise StatusForbids(f"A certificate that is {order.status} cannot be applied for.")
    if rules.period_is_over(order.first_issued_at, order.months, work.now):
        raise StatusForbids(rules.PERIOD_OVER)
    if settings.ssl_public_only() and (why := objection_to_any(order.names)):
        raise StatusForbids(f"The certificate can never be issued: {why}.")
    key_hash = _key_hash(check_csr(wanted.csr, order.names, None))
    if await ssl_applications.key_is_compromised(work.connection, key_hash):
        raise BadCsr("The key of the CSR was reported as compromised; make a new key.")
    application = Application(
        ids.new_id(),
        order.cert_id,
        wanted.csr,
        key_hash,
        wanted.method,
        await _organization(work, order, wanted),
        work.now,
    )
    proofs = await new_proofs(work, settings, order, wanted.method)
    await ssl_applications.add(work.connection, application, proofs)
    await _operate(work, order, "apply", status)
    return await _after(work, order)


async def withdraw(work: Work, reseller_id: UUID, cert_id: str) -> SslOrder:
    """Withdraws an application. Raises NotFound, StatusForbids."""
    order = await locked(work, reseller_id, cert_id)
    status = rules.next_status("cancel-apply", order.status)
    if status is None:
        raise StatusForbids(f"A certificate that is {order.status} has no application to withdraw.")
    if order.status == "SUPPLEMENTCHECKING" and await _is_asked_for(work, cert_id):
        raise StatusForbids("The certificate is being issued; it is too late to withdraw.")
    await _operate(work, order, "cancel-apply", status)
    return await _after(work, order)


async def revoke(work: Work, wanted: RevokeOrder) -> SslOrder:
    """Revokes all certificates of an order; REVOKED once the CRL lists them.

    Raises NotFound, StatusForbids.
    """
    order = await locked(work, wanted.reseller_id, wanted.cert_id)
    status = rules.next_status("revoke", order.status)
    if status is None:
        raise StatusForbids(f"A certificate that is {order.status} cannot be revoked.")
    serials = await ssl_issuance.serials_to_revoke(work.connection, order.cert_id, work.now)
    revoked = await revocations.revoke(work.connection, serials, wanted.reason, work.now)
    reason = {"reason": wanted.reason_name, "certificateOrder": order.cert_id}
    changes = [Change("certificate.revoked", serial, after=reason) for serial in revoked]
    await work.record(*changes)
    await _operate(work, order, "revoke", status)
    return await _after(work, order)


async def _look_again(work: Work, order: SslOrder, wanted: Apply) -> SslOrder:
    assert order.application_id is not None
    application = await ssl_applications.find(work.connection, order.application_id)
    key_hash = _key_hash(check_csr(wanted.csr, order.names, None))
    if application.key_hash != key_hash or application.method != wanted.method:
        raise StatusForbids(
            f"The certificate is {order.status} with another application; withdraw that first."
        )
    await ssl_due.look_soon(work.connection, order.cert_id, _LOOK_SOON)
    return order


async def _organization(work: Work, order: SslOrder, wanted: Apply) -> dict[str, Any] | None:
    """The organization to apply with: none for DV; a re-issue keeps the one that was checked."""
    if not rules.TYPES[order.type]:
        if wanted.organization is not None:
            raise BadMember("organization is for OV_SSL_CERT only.")
        return None
    if order.first_issued_at is not None and order.application_id is not None:
        former = await ssl_applications.find(work.connection, order.application_id)
        return former.organization
    if wanted.organization is None:
        raise BadMember("organization is missing.")
    return wanted.organization.document()


async def _is_asked_for(work: Work, cert_id: str) -> bool:
    """Whether the issuer was asked, so that a certificate may come."""
    unfinished = await ssl_applications.read_unfinished(work.connection, cert_id)
    return unfinished is not None and unfinished.issuer_state is not None


async def _operate(work: Work, order: SslOrder, operation: str, status: str) -> None:
    """Moves the status. An unsubscription under review fails by it (docs/wire.md §8)."""
    waiting = await unsubscriptions.find_waiting(work.connection, order.cert_id)
    changes = []
    if waiting is not None:
        reason = f"{operation} came in between"
        decision = UnsubscriptionDecision("failed", work.now, work.origin.actor, reason=reason)
        await unsubscriptions.decide(work.connection, waiting, decision)
        changes.append(Change("unsubscription.failed", str(waiting), None, {"reason": reason}))
    due_in = None if status == "ISSUED" else _AT_ONCE
    await ssl_orders.move(work.connection, order.cert_id, status, work.now, due_in=due_in)
    changes.append(
        Change(
            f"ssl_order.{_VERBS[operation]}",
            order.cert_id,
            {"status": order.status},
            {"status": status},
        )
    )
    await work.record(*changes)


async def _after(work: Work, order: SslOrder) -> SslOrder:
    return await show(work, order.reseller_id, order.cert_id)


def _key_hash(key: CertificateIssuerPublicKeyTypes) -> bytes:
    return sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
