"""The refund of an order from the report: what it means, and then the refund (docs/wire.md §7.5).

Names of subscriptions are removed by it, and SiteLock licences end. An SSL certificate is refunded
by its unsubscription, on which an operator decides.
"""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from gateway.errors import NotFound
from gateway.errors.money import NotRefundable, QuoteChanged
from gateway.rules.money.refund_reasons import REFUND_REASONS
from gateway.store.ssl import orders as ssl_orders
from gateway.store.subscription.order_names import find_name
from gateway.usecases.money import order_report
from gateway.usecases.money.order_report import ReportLine
from gateway.usecases.sitelock import refunds as sitelock_refunds
from gateway.usecases.subscription.domains import credential_to_change
from gateway.usecases.subscription.remove_domain import RemoveDomain, remove_domain
from gateway.usecases.work import Work


@dataclass(frozen=True, slots=True)
class RefundOffer:
    """What a refund pays back, and what is lost by it: names, the dearest first."""

    line: ReportLine
    amount: Decimal
    names: tuple[str, ...]
    kid: str = ""
    """The EAB credential whose subscription the names are in; "" = they are in none."""
    cert_id: str = ""
    """The certificate to unsubscribe from instead; "" = there is none."""


@dataclass(frozen=True, slots=True)
class RefundOrder:
    """A refund as a customer confirmed it: the amount and the names that were shown."""

    reseller_id: UUID
    order_number: int
    quoted: Decimal
    names: tuple[str, ...]
    reason_code: int
    revoke_certificates: bool = False
    """Setting refund.revoke_certificates."""
    once_in_days: int = 0
    """R22 (setting refund.once_per_name_days)."""


async def offer(work: Work, reseller_id: UUID, number: int, once_in_days: int) -> RefundOffer:
    """Gives what a refund of an order would pay back and take; raises NotFound.

    An order that is not refunded now is offered nothing: its line says why.
    """
    line = await order_report.find(work, reseller_id, number, once_in_days)
    order = line.order
    if line.eligibility != "eligible":
        return RefundOffer(line, Decimal("0.00"), ())
    if order.family == "ssl":
        cert_id = await ssl_orders.find_by_number(work.connection, reseller_id, number)
        return RefundOffer(line, order.cost, tuple(order.names), cert_id=cert_id or "")
    if order.family == "sitelock":
        amount = await sitelock_refunds.refundable_amount(work, reseller_id, number)
        return RefundOffer(line, amount[1], (amount[0],))
    added = await find_name(work.connection, reseller_id, number)
    if added is None:
        raise NotFound
    return RefundOffer(line, order.cost, (added.name, *added.free_with_it), added.kid)


async def refund_order(work: Work, wanted: RefundOrder) -> Decimal:
    """Refunds an order as it was confirmed; gives the amount.

    Raises NotFound, NotRefundable, and QuoteChanged if the amount or the names are others now;
    then nothing is changed.
    """
    line = await order_report.find(
        work, wanted.reseller_id, wanted.order_number, wanted.once_in_days
    )
    if line.eligibility != "eligible":
        raise NotRefundable(_refusal(line))
    if line.order.family == "ssl":
        raise NotRefundable("An SSL certificate is refunded by its unsubscription.")
    if line.order.family == "sitelock":
        ended = await sitelock_refunds.refund(
            work,
            reseller_id=wanted.reseller_id,
            order_number=wanted.order_number,
            reason_code=wanted.reason_code,
            once_in_days=wanted.once_in_days,
        )
        refunded, names = ended.refunded, wanted.names
    else:
        refunded, names = await _remove_name(work, wanted)
    _require_shown(wanted, refunded, names, line.order.currency)
    return refunded


async def _remove_name(work: Work, wanted: RefundOrder) -> tuple[Decimal, tuple[str, ...]]:
    """Removes the name that the order added, and no other's of the same spelling."""
    added = await find_name(work.connection, wanted.reseller_id, wanted.order_number)
    if added is None:
        raise NotFound
    await credential_to_change(work, wanted.reseller_id, added.kid)
    added = await find_name(work.connection, wanted.reseller_id, wanted.order_number)
    if added is None:  # somebody else removed it while its lock was waited for
        raise NotRefundable("The name was removed before.")
    removed = await remove_domain(
        work,
        RemoveDomain(
            wanted.reseller_id,
            added.kid,
            added.name,
            wanted.revoke_certificates,
            wanted.once_in_days,
            reason=REFUND_REASONS[wanted.reason_code],
        ),
    )
    if removed.refund_refused is not None:
        raise NotRefundable(removed.refund_refused)
    return removed.refund, removed.names


def _require_shown(
    wanted: RefundOrder, refunded: Decimal, names: tuple[str, ...], currency: str
) -> None:
    """Raises QuoteChanged unless the customer saw this amount and these names."""
    if refunded != wanted.quoted:
        raise QuoteChanged(
            f"The refund is {refunded} {currency} now, not {wanted.quoted} {currency}."
            " Nothing was refunded; confirm the new amount."
        )
    if set(names) != set(wanted.names):
        raise QuoteChanged(
            f"Other names would be removed now: {', '.join(names)}."
            " Nothing was refunded; look at them, and confirm again."
        )


def _refusal(line: ReportLine) -> str:
    if line.eligibility == "refunded":
        return "The order was refunded before."
    return f"The order cannot be refunded. {line.detail}"
