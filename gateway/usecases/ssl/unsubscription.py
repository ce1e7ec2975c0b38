"""Unsubscribing from an SSL certificate: a request, a review, and the refund (docs/wire.md §8)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from gateway.errors import NotFound, OperatorMistake
from gateway.errors.money import NotRefundable
from gateway.errors.ssl import UnsubscriptionWaits
from gateway.rules.operation.input import check_note
from gateway.rules.ssl.orders import CERT_ID
from gateway.rules.ssl.refund import CertificateFacts
from gateway.store.operation.audit import Change
from gateway.store.ssl import orders as ssl_orders
from gateway.store.ssl import unsubscriptions
from gateway.store.ssl.orders import SslOrder
from gateway.store.ssl.unsubscriptions import (
    ListedUnsubscription,
    OwnUnsubscription,
    Unsubscription,
    UnsubscriptionDecision,
)
from gateway.usecases.money.refund_purchase import refund_purchase
from gateway.usecases.ssl.lookup import locked
from gateway.usecases.work import Work

_LARGEST_NUMBER = 2**63 - 1
_MOST_DIGITS = 40
_REASON = "The certificate was unsubscribed."


async def request(work: Work, reseller_id: UUID, cert_id: str, *, acknowledged: str) -> int:
    """Puts an eligible certificate under review; gives the number of the unsubscription.

    Any later operation on the certificate makes it fail. Raises NotFound, UnsubscriptionWaits
    (G3) and NotRefundable.
    """
    order = await locked(work, reseller_id, cert_id)
    waiting = await unsubscriptions.find_waiting(work.connection, cert_id)
    if waiting is not None:
        raise UnsubscriptionWaits(f"Unsubscription {waiting} of it waits for review.")
    reason = _objection(order, work.now)
    if reason is not None:
        raise NotRefundable(f"The certificate cannot be unsubscribed. {reason}")
    number = await unsubscriptions.add(work.connection, cert_id, acknowledged, work.now)
    after = {"certificateOrder": cert_id, "acknowledged": acknowledged}
    change = Change("unsubscription.requested", str(number), None, after)
    await work.record(change)
    return number


async def approve(work: Work, number: int) -> Decimal:
    """Pays the cash part back and removes the certificate from its owner's list; gives the amount.

    The rules are applied again, as of the instant of the request. Raises OperatorMistake: there is
    no such request, it was decided, an operation came in between, or the rules refuse.
    """
    waiting, order = await _to_decide(work, number)
    reason = _objection(order, waiting.requested_at)
    if reason is not None or order.order_number is None or order.cash is None:
        raise OperatorMistake(f"unsubscription {number} cannot be approved: {reason}")
    facts = _facts(order, waiting.requested_at)
    await refund_purchase(work, facts, {order.order_number: order.cash}, _REASON)
    await ssl_orders.mark_unsubscribed(work.connection, order.cert_id, work.now)
    decision = UnsubscriptionDecision("approved", work.now, work.origin.actor, refunded=order.cash)
    await unsubscriptions.decide(work.connection, number, decision)
    after = {"certificateOrder": order.cert_id, "refunded": str(order.cash)}
    change = Change("unsubscription.approved", str(number), None, after)
    await work.record(change)
    return order.cash


async def reject(work: Work, number: int, reason: str) -> None:
    """Rejects a request: the customer keeps the certificate, and may ask again.

    Raises OperatorMistake.
    """
    check_note(reason)
    _, order = await _to_decide(work, number)
    decision = UnsubscriptionDecision("rejected", work.now, work.origin.actor, reason=reason)
    await unsubscriptions.decide(work.connection, number, decision)
    after = {"certificateOrder": order.cert_id, "reason": reason}
    change = Change("unsubscription.rejected", str(number), None, after)
    await work.record(change)


async def number_of(work: Work, text: str) -> int:
    """Reads an operator's argument: the number of a request, or the cert_id of a waiting one.

    Raises OperatorMistake.
    """
    if text.isascii() and text.isdigit():
        return int(text[:_MOST_DIGITS])
    number = None
    if CERT_ID.fullmatch(text):
        number = await unsubscriptions.find_waiting(work.connection, text)
    if number is None:
        raise OperatorMistake(f"there is no unsubscription {text!r}")
    return number


async def objections(work: Work, orders: Sequence[SslOrder]) -> dict[str, str | None]:
    """Gives why certificates cannot be unsubscribed now, by cert_id; None = they can be."""
    waiting = await unsubscriptions.waiting_among(
        work.connection, [each.cert_id for each in orders]
    )
    return {
        each.cert_id: replace(
            _facts(each, work.now), under_review=each.cert_id in waiting
        ).objection()
        for each in orders
    }


async def list_own(
    work: Work, reseller_id: UUID, limit: int, offset: int
) -> tuple[list[OwnUnsubscription], int]:
    """Gives a page of a reseller's requests, the newest first, and how many there are."""
    return await unsubscriptions.list_own(work.connection, reseller_id, limit, offset)


async def list_all(work: Work, *, waiting_only: bool) -> list[ListedUnsubscription]:
    """Gives all requests; those that wait for a decision come first."""
    return await unsubscriptions.list_all(work.connection, waiting_only=waiting_only)


async def show(work: Work, number: int) -> ListedUnsubscription:
    """Gives a request, decided or not; raises NotFound."""
    found = None
    if 0 < number <= _LARGEST_NUMBER:
        found = await unsubscriptions.find_listed(work.connection, number)
    if found is None:
        raise NotFound
    return found


async def _to_decide(work: Work, number: int) -> tuple[Unsubscription, SslOrder]:
    """Gives a waiting request and its order, locked as every operation locks it."""
    found = None
    if 0 < number <= _LARGEST_NUMBER:
        found = await unsubscriptions.find(work.connection, number)
    if found is None:
        raise OperatorMistake(f"there is no unsubscription {number}")
    await ssl_orders.lock(work.connection, found.cert_id)
    found = await unsubscriptions.find(work.connection, number)
    assert found is not None
    if found.status != "waiting":
        why = f": {found.reason}" if found.reason else ""
        raise OperatorMistake(f"unsubscription {number} is {found.status} already{why}")
    order = await ssl_orders.find(work.connection, found.cert_id, work.now)
    assert order is not None  # only an approval removes it from the list
    return found, order


def _objection(order: SslOrder, requested_at: datetime) -> str | None:
    return _facts(order, requested_at).objection()


def _facts(order: SslOrder, requested_at: datetime) -> CertificateFacts:
    return CertificateFacts(
        order.status,
        bought_here=order.order_number is not None,
        paid_at=order.purchased_at or order.created_at,
        asked_at=requested_at,
        revoked_at=order.revoked_at,
        under_review=False,
        refunded=bool(order.refunded),
    )
