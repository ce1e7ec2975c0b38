"""An ACME account's orders, and the events of one from newOrder to its certificate."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from gateway.errors import NotFound
from gateway.rules.acme.lifecycle import authorization_status, order_status
from gateway.store.acme import history as store
from gateway.store.acme.history import AccountDetails, AcmeOrderLine, OrderDetails, ProofLine
from gateway.usecases.work import Work

__all__ = ["AccountDetails", "AcmeOrderLine", "OrderDetails", "ProofLine"]


@dataclass(frozen=True, slots=True)
class OrderEvent:
    """Something that happened to an order. `name` is the domain name it is about, if it is one.

    `problem` is the text of the problem document that the client got; "" = none.
    """

    at: datetime
    action: str
    name: str
    method: str
    problem: str


@dataclass(frozen=True, slots=True)
class OrderHistory:
    """An order as it stands, its proofs, and what happened, oldest first."""

    order: OrderDetails
    proofs: Sequence[ProofLine]
    events: Sequence[OrderEvent]


async def find_account(work: Work, reseller_id: UUID, account_id: str) -> AccountDetails:
    """Gives an account of a reseller; raises NotFound for anybody else's."""
    found = await store.find_account(work.connection, reseller_id, account_id)
    if found is None:
        raise NotFound
    return found


async def orders_of(
    work: Work, account: AccountDetails, *, limit: int, offset: int
) -> tuple[int, list[AcmeOrderLine]]:
    """Gives the number of an account's orders, and the wanted ones of them, the newest first."""
    found, orders = await store.orders_of(work.connection, account.id, limit=limit, offset=offset)
    return found, [
        replace(each, status=order_status(each.status, each.expires_at, work.now))
        for each in orders
    ]


async def find_order(work: Work, reseller_id: UUID, order_id: UUID) -> OrderHistory:
    """Gives an order of a reseller's account with its events; raises NotFound for others'."""
    order = await store.find_order(work.connection, reseller_id, order_id)
    if order is None:
        raise NotFound
    proofs = await store.proofs_of(work.connection, order_id)
    names = {str(each.authorization_id): _written(each) for each in proofs}
    subjects = [str(order_id), *names, *([order.serial] if order.serial else [])]
    events = [
        OrderEvent(
            each.at,
            each.action,
            names.get(each.subject, ""),
            _text(each.after, "method"),
            problem_of(each.after),
        )
        for each in await store.events_of(work.connection, subjects)
    ]
    status = order_status(order.status, order.expires_at, work.now)
    if status != order.status:
        events.append(OrderEvent(order.expires_at, "order.expired", "", "", ""))
    shown = [
        replace(each, status=authorization_status(each.status, each.expires_at, work.now))
        for each in proofs
    ]
    return OrderHistory(replace(order, status=status), shown, events)


def problem_of(document: dict[str, Any] | None) -> str:
    """The text of a problem document, or of the one in `error`; "" = there is none."""
    if document is None:
        return ""
    error = document.get("error")
    return _text(error if isinstance(error, dict) else document, "detail")


def _text(document: dict[str, Any] | None, member: str) -> str:
    found = (document or {}).get(member)
    return found if isinstance(found, str) else ""


def _written(proof: ProofLine) -> str:
    return f"*.{proof.name}" if proof.wildcard else proof.name
