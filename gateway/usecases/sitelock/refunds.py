"""Refunding and cancelling SiteLock licences (docs/wire.md §7.3, §7.4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from gateway.errors import NotFound
from gateway.errors.money import QuoteChanged
from gateway.errors.request import ArgumentInvalid
from gateway.errors.sitelock import AlreadyCancelled, AlreadyRefunded, OnlyAddOns
from gateway.rules.money.once_per_name import NameRefunds
from gateway.rules.money.refund_reasons import REFUND_REASONS
from gateway.rules.sitelock.licences import PRODUCTS
from gateway.rules.sitelock.refund import LicenceFacts
from gateway.store.operation.audit import Change
from gateway.store.sitelock import licences
from gateway.store.sitelock.licences import OrderLine, StoredLicence
from gateway.usecases.money.refund_purchase import earlier_refunds, refund_purchase
from gateway.usecases.work import Work

_NOTHING = Decimal("0.00")
_CANCELLED = "The licence was cancelled."


@dataclass(frozen=True, slots=True)
class Ended:
    """The result of a refund or cancellation."""

    refunded: Decimal


async def refund(
    work: Work, *, reseller_id: UUID, order_number: int, reason_code: int, once_in_days: int = 0
) -> Ended:
    """Refunds what the order's licence cost in its present period, and ends the licence.

    `once_in_days` is the setting refund.once_per_name_days (R22).

    Raises ArgumentInvalid (no such order), AlreadyRefunded, AlreadyCancelled, OnlyAddOns and
    NotRefundable; then nothing is changed.
    """
    licence = await licences.lock_of_order(work.connection, reseller_id, order_number)
    if licence is None:
        raise ArgumentInvalid("orderNumber")
    lines = await licences.lines_of(work.connection, licence.id)
    refunds = await _refunds(work, reseller_id, licence, once_in_days)
    facts = facts_of(licence, lines, order_number, work.now, refunds)
    _refuse_ended(facts.status)
    if facts.only_add_ons:
        raise OnlyAddOns
    return await _pay_back(work, licence, lines, facts, reason_code)


async def refundable_amount(
    work: Work, reseller_id: UUID, order_number: int
) -> tuple[str, Decimal]:
    """Gives the domain of an order's licence, and what a refund pays back; raises NotFound.

    Whether it is refunded at all, the report on orders says.
    """
    licence = await licences.find_of_order(work.connection, reseller_id, order_number)
    if licence is None:
        raise NotFound
    lines = await licences.lines_of(work.connection, licence.id)
    return licence.domain_name, sum(amounts_to_refund(licence, lines).values(), _NOTHING)


async def cancel(
    work: Work,
    *,
    reseller_id: UUID,
    order_number: int,
    products: Sequence[int],
    once_in_days: int = 0,
    expected: Decimal | None = None,
) -> Ended:
    """Ends a licence, or only some of its add-ons, even after the refund period.

    A licence that can still be refunded is refunded (R22 too). `expected` is the refund that a
    person was shown; None = none was. Raises ArgumentInvalid, AlreadyRefunded, AlreadyCancelled,
    QuoteChanged.
    """
    licence = await licences.lock_of_order(work.connection, reseller_id, order_number)
    if licence is None:
        raise ArgumentInvalid("orderNumber")
    _refuse_ended(licence.facts.status)
    if not licence.facts.is_active(work.now):
        raise AlreadyCancelled
    if licence.facts.product not in products:
        await _cancel_add_ons(work, licence, products)
        return Ended(_NOTHING)
    lines = await licences.lines_of(work.connection, licence.id)
    refunds = await _refunds(work, reseller_id, licence, once_in_days)
    facts = facts_of(licence, lines, order_number, work.now, refunds)
    refundable = facts.objection() is None
    amounts = amounts_to_refund(licence, lines) if refundable else {}
    _require_expected(expected, sum(amounts.values(), _NOTHING))
    if refundable:
        return await _pay_back(work, licence, lines, facts)
    await licences.end(work.connection, licence.id, "cancelled", work.now)
    change = Change("licence.cancelled", str(licence.number), {"status": licence.facts.status})
    await work.record(change)
    return Ended(_NOTHING)


def facts_of(
    licence: StoredLicence,
    lines: Sequence[OrderLine],
    order_number: int,
    now: datetime,
    refunds: NameRefunds,
) -> LicenceFacts:
    """The facts that decide whether an order of the licence is paid back now."""
    own = [line for line in lines if line.order_number == order_number]
    return LicenceFacts(
        days=licence.facts.days,
        purchased_at=own[0].purchased_at,
        period_started_at=licence.facts.period_started_at,
        asked_at=now,
        status=licence.facts.status,
        only_add_ons=all(line.kind == "add_on" for line in own),
        refunds=refunds,
    )


def amounts_to_refund(licence: StoredLicence, lines: Sequence[OrderLine]) -> dict[int, Decimal]:
    """What each order of the present period cost that bought the licence itself, or upgraded it."""
    main = {line.order_number for line in lines if line.kind != "add_on"}
    cost_by_order: dict[int, Decimal] = {}
    for line in lines:
        if line.order_number in main and line.purchased_at >= licence.facts.period_started_at:
            cost_by_order[line.order_number] = (
                cost_by_order.get(line.order_number, _NOTHING) + line.cost
            )
    return cost_by_order


async def _refunds(
    work: Work, reseller_id: UUID, licence: StoredLicence, once_in_days: int
) -> NameRefunds:
    name = licence.domain_name
    return await earlier_refunds(work, "sitelock", reseller_id, name, once_in_days)


def _require_expected(expected: Decimal | None, refund: Decimal) -> None:
    if expected is not None and expected != refund:
        raise QuoteChanged(
            f"Cancelling pays back {refund} now, not {expected}."
            " Nothing was cancelled; confirm the new amount."
        )


def _refuse_ended(status: str) -> None:
    if status == "refunded":
        raise AlreadyRefunded
    if status == "cancelled":
        raise AlreadyCancelled


async def _pay_back(
    work: Work,
    licence: StoredLicence,
    lines: Sequence[OrderLine],
    facts: LicenceFacts,
    reason_code: int | None = None,
) -> Ended:
    """Refunds what the licence cost, and ends it."""
    amounts = amounts_to_refund(licence, lines)
    reason = _CANCELLED if reason_code is None else REFUND_REASONS[reason_code]
    refunded = await refund_purchase(work, facts, amounts, reason)
    await licences.end(work.connection, licence.id, "refunded", work.now, reason_code)
    after = {"status": "refunded", "refunded": str(refunded), "reasonCode": reason_code}
    change = Change(
        "licence.refunded", str(licence.number), {"status": licence.facts.status}, after
    )
    await work.record(change)
    return Ended(refunded)


async def _cancel_add_ons(work: Work, licence: StoredLicence, products: Sequence[int]) -> None:
    if any(PRODUCTS[number].kind != "add_on" for number in products if number in PRODUCTS):
        raise ArgumentInvalid("product")
    if not products or not set(products) <= set(licence.facts.add_ons):
        raise ArgumentInvalid("product")
    await licences.end_add_ons(work.connection, licence.id, products, work.now)
    change = Change("licence.add_ons_cancelled", str(licence.number), None, {"products": products})
    await work.record(change)
