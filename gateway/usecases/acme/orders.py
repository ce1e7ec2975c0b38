"""Orders, their authorizations and certificates, up to finalize (RFC 8555 §7.4, §7.5)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from gateway import ids
from gateway.ca.profiles import PROFILES, Profile, longest_validity
from gateway.config import Settings
from gateway.db.pool import Pool
from gateway.errors import NotFound
from gateway.errors.acme import Refusal, UnknownProfile
from gateway.rules.acme import issuance, lifecycle
from gateway.services import Services
from gateway.store.acme import certificates, new_orders, orders
from gateway.store.acme.admission import Ticket
from gateway.store.acme.certificates import Download
from gateway.store.acme.new_orders import OfferedAuthorization, ReusableAuthorization
from gateway.store.acme.orders import Order
from gateway.usecases.acme.admission import admit, require_terms
from gateway.usecases.acme.authorizations import new_authorization
from gateway.usecases.acme.refusals import GateQuestion, check_gate
from gateway.usecases.acme.renewal import CertificateId, check_replaceable


class PlaceOrder(Struct, frozen=True):
    """What a client asks for: unique lower-case A-labels, `*.` included."""

    server_id: UUID
    names: Sequence[str]
    replaces: CertificateId | None
    profile: str | None
    not_before: datetime | None
    not_after: datetime | None
    source: str | None
    refused: Sequence[Refusal] = ()
    """Identifiers of the same order that this CA certifies for nobody."""


async def place_order(services: Services, ticket: Ticket, wanted: PlaceOrder) -> Order:
    """Places an order with an authorization per name; gives an open one for the same names again.

    Names that are proven already need no new proof (RFC 8555 §7.4). Raises IssuanceRefused when the
    gate is closed, UnknownProfile, BadValidity, NotReplaceable, AlreadyReplaced.
    """
    now = await services.clock.now()
    name = wanted.profile or next(iter(PROFILES))
    known = name if name in PROFILES else ""  # an unknown name is not stored
    replaces = wanted.replaces.text if wanted.replaces else None
    admission, facts, reusable = await new_orders.read_gate(
        services.pool, ticket, wanted.names, known, replaces, now
    )
    admit(ticket, admission)
    require_terms(services.settings, admission.agreed_terms)
    asked = GateQuestion(ticket, admission.kid, wanted.names, wanted.source, wanted.refused)
    await check_gate(services.pool, facts, asked, now)
    longest = longest_validity(services.settings, _profile(name))
    rules = services.settings.issuance
    backdated = timedelta(seconds=rules.backdate_seconds)
    issuance.validity(now, wanted.not_before, wanted.not_after, longest, backdated)
    if rules.reuse_orders and reusable.order_id and not wanted.not_before and not wanted.not_after:
        return as_of(await orders.find(services.pool, reusable.order_id), now)
    if wanted.replaces:
        await check_replaceable(
            services, wanted.server_id, admission.kid, wanted.replaces, wanted.names
        )
    proofs = reusable.proofs if rules.reuse_authorizations else []
    order, authorizations = _new_order(
        services.settings, ticket.account_id, wanted, name, proofs, now
    )
    status = await new_orders.place(services.pool, order, authorizations, now, wanted.source)
    return order if status == order.status else replace(order, status=status)


async def read_order(services: Services, ticket: Ticket, order_id: UUID) -> Order:
    """Gives one of the signer's orders as it is now; raises NotFound."""
    admission, order = await orders.read(services.pool, ticket, order_id)
    admit(ticket, admission)
    if order is None:
        raise NotFound
    return as_of(order, await services.clock.now())


async def list_orders(
    pool: Pool, ticket: Ticket, before: UUID | None, size: int
) -> tuple[list[UUID], UUID | None]:
    """Gives a page of the signer's orders, newest first, and where the next one begins."""
    admission, found = await orders.list_ids(pool, ticket, before, size + 1)
    admit(ticket, admission)
    page = found[:size]
    return page, page[-1] if len(found) > size else None


async def download(pool: Pool, ticket: Ticket, order_id: UUID, chain: int) -> Download:
    """Gives the certificate of one of the signer's orders, with a chain; raises NotFound."""
    admission, found = await certificates.read(pool, ticket, order_id, chain)
    admit(ticket, admission)
    if found is None:
        raise NotFound
    return found


def as_of(order: Order, now: datetime) -> Order:
    status = lifecycle.order_status(order.status, order.expires_at, now)
    return order if status == order.status else replace(order, status=status)


def _profile(name: str) -> Profile:
    if name not in PROFILES:
        raise UnknownProfile(
            f"The profile {name[:64]!r} is not offered; choose one of {', '.join(PROFILES)}."
        )
    return PROFILES[name]


def _new_order(
    settings: Settings,
    account_id: str,
    wanted: PlaceOrder,
    profile: str,
    proofs: Sequence[ReusableAuthorization],
    now: datetime,
) -> tuple[Order, list[OfferedAuthorization]]:
    """The order and those of its authorizations that are new.

    The order expires with the first of its proofs.
    """
    held = {(proof.name, proof.wildcard): proof for proof in proofs}
    made: list[OfferedAuthorization] = []
    authorization_ids: list[UUID] = []
    ends = now + timedelta(hours=settings.issuance.order_hours)
    for name in wanted.names:
        key = (name.removeprefix("*."), name.startswith("*."))
        if proof := held.get(key):
            authorization_ids.append(proof.id)
            ends = min(ends, proof.expires_at)
        else:
            made.append(new_authorization(settings, *key))
            authorization_ids.append(made[-1].id)
    order = Order(
        ids.new_id(),
        account_id,
        "pending" if made else "ready",
        profile,
        wanted.not_before,
        wanted.not_after,
        ends,
        None,
        list(wanted.names),
        authorization_ids,
        wanted.replaces.text if wanted.replaces else None,
    )
    return order, made
