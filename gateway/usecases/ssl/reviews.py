"""Operators' check of the organization in an order for an OV certificate (CHECKING_ORG)."""

from datetime import timedelta

from gateway.config import Settings
from gateway.errors import NotFound, OperatorMistake
from gateway.rules.operation.input import check_note
from gateway.rules.ssl.orders import CERT_ID
from gateway.store.operation.audit import Change
from gateway.store.ssl import applications as ssl_applications
from gateway.store.ssl import issuance as ssl_issuance
from gateway.store.ssl import orders as ssl_orders
from gateway.store.ssl import reviews as waiting_checks
from gateway.store.ssl.orders import SslOrder
from gateway.store.ssl.reviews import WaitingCheck
from gateway.usecases.ssl.intents import intent_of
from gateway.usecases.work import Work

__all__ = ["WaitingCheck"]

_AT_ONCE = timedelta(0)


async def list_waiting(work: Work, limit: int) -> list[WaitingCheck]:
    """Gives the checks that have waited longest, at most `limit`."""
    return await waiting_checks.list_waiting(work.connection, limit)


async def show_waiting(work: Work, cert_id: str) -> WaitingCheck:
    """Gives a check that waits; raises NotFound when none does for the order."""
    found = await waiting_checks.find_waiting(work.connection, cert_id)
    if found is None:
        raise NotFound
    return found


async def approve(work: Work, settings: Settings, cert_id: str) -> None:
    """Moves CHECKING_ORG → ISSUING. Raises OperatorMistake, also when the proofs are too old."""
    order = await _in_review(work, cert_id)
    assert order.application_id is not None
    proofs = await ssl_applications.proofs_of(work.connection, order.application_id)
    oldest = work.now - timedelta(days=settings.issuance.authorization_days)
    if any(proof.proven_at is None or proof.proven_at < oldest for proof in proofs):
        raise OperatorMistake(
            "control over the names was proven too long ago; reject it, the customer applies again"
        )
    intent = intent_of(settings, work.now, order.first_issued_at, order.months)
    await ssl_issuance.record_intent(work.connection, order.application_id, intent)
    await _decide(work, order, "ISSUING", None)


async def reject(work: Work, cert_id: str, reason: str) -> None:
    """Moves CHECKING_ORG → UNPASSED; the customer reads `reason`. Raises OperatorMistake."""
    check_note(reason)
    order = await _in_review(work, cert_id)
    await _decide(work, order, "UNPASSED", reason or "The check failed.")


async def _in_review(work: Work, cert_id: str) -> SslOrder:
    order = None
    if CERT_ID.fullmatch(cert_id):
        await ssl_orders.lock(work.connection, cert_id)
        order = await ssl_orders.find(work.connection, cert_id, work.now)
    if order is None:
        raise OperatorMistake(f"there is no certificate order {cert_id!r}")
    if order.status != "CHECKING_ORG":
        raise OperatorMistake(
            f"{cert_id} is {order.status}: its organization does not wait for a check"
        )
    return order


async def _decide(work: Work, order: SslOrder, status: str, problem: str | None) -> None:
    assert order.application_id is not None
    await ssl_issuance.note_reviewer(work.connection, order.application_id, work.origin.actor)
    due_in = _AT_ONCE if status == "ISSUING" else None
    await ssl_orders.move(
        work.connection, order.cert_id, status, work.now, due_in=due_in, problem=problem
    )
    change = Change(
        "ssl_order.reviewed",
        order.cert_id,
        {"status": order.status},
        {"status": status, "reason": problem},
    )
    await work.record(change)
