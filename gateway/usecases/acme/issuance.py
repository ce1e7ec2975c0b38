"""Finalize: from a ready order to a certificate (RFC 8555 §7.4).

Three steps: read and decide, record the intent to sign, store what was signed. A process may die
between any two; the issuance runner goes on from what is stored, under the same serial.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Protocol
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec import Struct
from msgspec.structs import replace

from gateway import ids
from gateway.ca.csr import check_csr
from gateway.ca.issuer import CertificateRequest, Issued
from gateway.ca.pkcs10 import public_key_of
from gateway.ca.profiles import PROFILES, longest_validity
from gateway.db.pool import transaction
from gateway.errors import NotFound
from gateway.errors.acme import BadCsr, IssuanceRefused, OrderNotReady, Refusal
from gateway.rules.acme import issuance as gate
from gateway.rules.acme.caa import is_fresh
from gateway.rules.acme.issuance import GateFacts
from gateway.rules.organization.organizations import Subject
from gateway.services import Services
from gateway.store.acme import issuance, orders, processing_orders
from gateway.store.acme.admission import Ticket
from gateway.store.acme.issuance import SignedCertificate
from gateway.store.acme.orders import Finalizable, Order
from gateway.store.acme.processing_orders import ProcessingOrder
from gateway.usecases.acme.admission import admit
from gateway.usecases.acme.caa import check_again
from gateway.usecases.acme.orders import as_of
from gateway.usecases.acme.refusals import GateQuestion, check_gate

SIGNING_LEASE = timedelta(seconds=15)
"""How long a process may work on a processing order before another takes it over."""

_TRIES = 5
_BEFORE_THERE_WERE_SEVERAL = "local"


class Finalize(Struct, frozen=True):
    """A client's finalize; `account_key` must not be the key of the certificate."""

    order_id: UUID
    csr: bytes
    account_key: Any
    source: str | None


class Finishes(Protocol):
    """What finishes orders of a slow issuer in this process: the IssuanceRunner."""

    def start(self, order_id: UUID) -> None:
        """Works on an order now; the caller has just recorded its intent and holds the lease."""


async def finalize(
    services: Services, finishes: Finishes, ticket: Ticket, wanted: Finalize
) -> Order:
    """Finalizes an order and gives it as it is afterwards: `valid`, or `processing`.

    It is `processing` if the issuer needs time; `start` then goes on in the background. Finalizing
    again with the same key gives the order as it is: a client that lost the answer may ask again.
    Raises NotFound, OrderNotReady, BadCsr, BadValidity, IssuanceRefused, CaaRefused, IssuerMissing.
    """
    now = await services.clock.now()
    found = await orders.read_for_finalize(services.pool, ticket, wanted.order_id)
    admit(ticket, found.admission)
    if found.order is None:
        raise NotFound
    order = as_of(found.order, now)
    if order.status == "ready":
        public_key = check_csr(wanted.csr, order.names, wanted.account_key)
        key_hash = sha256(_spki(public_key)).digest()
        if not is_fresh(found.caa_checked_at, now):
            await check_again(services, found.admission.kid, order.id, now, wanted.source)
        item = await _record_intent(services, ticket, wanted, found, key_hash, now)
        if item is not None:
            status = "processing"
            if issuer := services.issuers.immediate(issuer_of(item)):
                issued = issuer.issue_now(request_of(item, public_key))
                status = await keep(services, item, issued, key_hash, now, wanted.source)
            else:
                finishes.start(order.id)
            return replace(order, status=status)
    elif order.status not in ("processing", "valid"):
        raise OrderNotReady(_not_ready(order))
    return await _finalized_before(services, order, wanted)


async def keep(
    services: Services,
    item: ProcessingOrder,
    issued: Issued,
    key_hash: bytes,
    now: datetime,
    source: str | None,
) -> str:
    """Stores a signed certificate if the gate is still open; gives the order's status.

    Raises IssuanceRefused when it is closed: then the certificate is withheld and revoked.
    """
    signed = SignedCertificate(
        services.issuers.named(issuer_of(item)).id,
        issued.serial,
        issued.der,
        key_hash,
        item.names,
        issued.not_before,
        issued.not_after,
        now,
    )
    for _ in range(_TRIES):
        if refused := late_refusals(item, now):
            await _withhold(services, item, signed, refused)
            raise IssuanceRefused(refused)
        step = await issuance.store_certificate(
            services.pool,
            issuance.Result(item.kid, item.eab_version, item.order_id, signed, source),
        )
        if step.done:
            return "valid"
        fresh = await processing_orders.read_unfinished(services.pool, item.order_id)
        if fresh is None:  # another process was faster; the client sees it at its next request
            break
        item = fresh
    return "processing"


def late_refusals(item: ProcessingOrder, now: datetime) -> list[Refusal]:
    """Why an order whose intent is recorded must not be issued any more; empty = it may be."""
    return gate.late_refusals(item.facts, item.names, now, _subject(item.intent))


def issuer_of(item: ProcessingOrder) -> str:
    """The name of the issuer that is asked, even if the server has been given another since."""
    name: str = item.intent.get("issuer", _BEFORE_THERE_WERE_SEVERAL)
    return name


def key_hash_of(item: ProcessingOrder) -> bytes:
    """SHA-256 of the SubjectPublicKeyInfo that is to be certified."""
    return sha256(_spki(public_key_of(item.csr))).digest()


def request_of(
    item: ProcessingOrder, public_key: CertificateIssuerPublicKeyTypes | None = None
) -> CertificateRequest:
    """The request to the issuer, made from the recorded intent; the same each time it is sent."""
    return CertificateRequest(
        item.order_id,
        int(item.intent["serial"], 16),
        item.csr,
        public_key or public_key_of(item.csr),
        item.names,
        item.profile,
        datetime.fromisoformat(item.intent["not_before"]),
        datetime.fromisoformat(item.intent["not_after"]),
        _subject(item.intent),
    )


def problem_of(refused: list[Refusal]) -> dict[str, Any]:
    """What the order shows when the gate closed after finalize (RFC 8555 §7.1.3, `error`)."""
    return failure("unauthorized", " ".join(refusal.text for refusal in refused), 403)


def failure(kind: str, detail: str, status: int) -> dict[str, Any]:
    """A problem document to be stored with an order."""
    return {"type": f"urn:ietf:params:acme:error:{kind}", "detail": detail, "status": status}


async def _record_intent(
    services: Services,
    ticket: Ticket,
    wanted: Finalize,
    found: Finalizable,
    key_hash: bytes,
    now: datetime,
) -> ProcessingOrder | None:
    """Moves an order from ready to processing while the gate is open.

    None when another request has just done so.
    """
    order = found.order
    assert order is not None
    admission, facts, version = found.admission, found.facts, found.admission.eab_version
    settled = _intent(services, order, found.issuers, now)
    asked = GateQuestion(ticket, admission.kid, order.names, wanted.source)
    for _ in range(_TRIES):
        await check_gate(services.pool, facts, asked, now)
        intent = settled | _organization(facts)
        step = await issuance.record_intent(
            services.pool,
            issuance.Intent(
                admission.kid, version, order.id, wanted.csr, key_hash, intent, SIGNING_LEASE
            ),
        )
        if step.done:
            return ProcessingOrder(
                order.id,
                order.account_id,
                admission.kid,
                version,
                order.names,
                order.profile,
                wanted.csr,
                intent,
                None,
                facts,
            )
        if step.key_compromised:
            raise BadCsr("The key of the CSR was reported as compromised; make a new key.")
        if step.unchanged:
            return None
        version, facts = await issuance.read_gate(services.pool, order.account_id, order.names)
    raise OrderNotReady("The subscription is being changed right now; finalize again in a moment.")


def _intent(
    services: Services, order: Order, issuers: Sequence[str], now: datetime
) -> dict[str, Any]:
    """The issuer, serial and validity; they stay the same until the certificate is stored."""
    longest = longest_validity(services.settings, PROFILES[order.profile])
    backdated = timedelta(seconds=services.settings.issuance.backdate_seconds)
    # The requested start may by now lie further back than a certificate may be backdated.
    start = order.not_before and max(order.not_before, now - backdated)
    not_before, not_after = gate.validity(now, start, order.not_after, longest, backdated)
    return {
        "issuer": services.issuers.of(issuers).name,
        "serial": f"{ids.new_serial_number():x}",
        "not_before": not_before.isoformat(),
        "not_after": not_after.isoformat(),
    }


def _organization(facts: GateFacts) -> dict[str, Any]:
    return {} if facts.subject is None else {"subject": facts.subject.document()}


def _subject(intent: dict[str, Any]) -> Subject | None:
    document = intent.get("subject")
    return None if document is None else Subject(**document)


async def _finalized_before(services: Services, order: Order, wanted: Finalize) -> Order:
    stored = await issuance.find_csr(services.pool, order.id)
    key = check_csr(wanted.csr, order.names, wanted.account_key)
    if stored is None or _spki(public_key_of(stored)) != _spki(key):
        raise OrderNotReady("The order was finalized with another key; place a new order.")
    return replace(order, status="processing") if order.status == "ready" else order


async def _withhold(
    services: Services, item: ProcessingOrder, signed: SignedCertificate, refused: list[Refusal]
) -> None:
    async with transaction(services.pool) as connection:
        await processing_orders.withhold_certificate(
            connection,
            order_id=item.order_id,
            signed=signed,
            error=problem_of(refused),
        )


def _not_ready(order: Order) -> str:
    if order.status == "pending":
        return "The order is pending: its authorizations are not valid yet."
    if order.error:
        return f"The order is invalid: {order.error.get('detail', '')}"
    return f"The order is invalid: it expired on {order.expires_at:%Y-%m-%dT%H:%M:%SZ}."


def _spki(key: Any) -> bytes:
    encoded: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return encoded
