"""One SSL certificate order with its proofs of control and its certificate."""

from dataclasses import dataclass
from uuid import UUID

from gateway.store.ssl import applications as ssl_applications
from gateway.store.ssl import issuance as ssl_issuance
from gateway.store.ssl import orders as ssl_orders
from gateway.store.ssl.orders import ListedOrder, Page, SslOrder
from gateway.usecases.ssl.lookup import show
from gateway.usecases.ssl.proofs import location_and_value
from gateway.usecases.work import Work


@dataclass(frozen=True, slots=True)
class ShownProof:
    """A proof as shown: what to put where, and whether it was found."""

    name: str
    method: str
    location: str
    value: str
    validated: bool
    problem: str | None


@dataclass(frozen=True, slots=True)
class CertificateDetails:
    """`leaf` and `chain` are DER; None and empty before the first issuance."""

    order: SslOrder
    proofs: list[ShownProof]
    leaf: bytes | None
    chain: list[bytes]


async def details(work: Work, reseller_id: UUID, cert_id: str) -> CertificateDetails:
    """Gives an order with its proofs and certificate; raises NotFound, as `show`."""
    order = await show(work, reseller_id, cert_id)
    leaf, chain = None, []
    if order.serial is not None:
        leaf, issuer, above = await ssl_issuance.certificate_pem_parts(
            work.connection, order.serial
        )
        chain = [issuer, *above]
    return CertificateDetails(order, await _proofs(work, order), leaf, chain)


async def list_page(work: Work, reseller_id: UUID, page: Page) -> tuple[list[SslOrder], int]:
    """Gives a page of a reseller's orders, and how many there are on all pages."""
    return await ssl_orders.list_page(work.connection, reseller_id, page, work.now)


async def list_for_operators(work: Work, *, waiting_only: bool) -> list[ListedOrder]:
    """Gives orders of all resellers, or only those whose organization waits for a check."""
    return await ssl_orders.list_for_operators(work.connection, work.now, waiting_only=waiting_only)


async def _proofs(work: Work, order: SslOrder) -> list[ShownProof]:
    if order.application_id is None:
        return []
    application = await ssl_applications.find(work.connection, order.application_id)
    shown = []
    for proof in await ssl_applications.proofs_of(work.connection, application.id):
        location, value = location_and_value(proof, application.key_hash)
        validated = proof.proven_at is not None
        problem = None if validated else proof.problem
        shown.append(ShownProof(proof.name, proof.method, location, value, validated, problem))
    return shown
