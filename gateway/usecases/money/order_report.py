"""The order report: what was bought, and whether it may be paid back now (docs/wire.md §7.5)."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from gateway.errors import NotFound
from gateway.rules import refund_policy
from gateway.rules.money.once_per_name import NameRefunds
from gateway.rules.money.purchases import ReportedPurchase
from gateway.store.money import order_report as store
from gateway.store.money.order_report import ReportedOrder, Search
from gateway.usecases.work import Work

Eligibility = Literal["eligible", "not eligible", "refunded"]
STATUSES = ("Current", "Expired", "Cancelled", "Refunded")
_PART = 2000
_BEFORE_ALL = 2**63 - 1
MOST_DESCRIBED = 10_000
"""The newest orders of which a page looks at what they bought: each takes as long as a line."""


@dataclass(frozen=True, slots=True)
class ReportLine:
    """An order as it stands now. `detail` says why it is not eligible, or what was refunded."""

    order: ReportedOrder
    eligibility: Eligibility
    detail: str
    deadline: datetime
    """The first instant without a refund."""


@dataclass(frozen=True, slots=True)
class Report:
    """A page of the report: `found` counts all orders that match, `lines` are the wanted page.

    Of `looked_at` orders it was asked what they bought; the oldest of them is number `oldest`.
    """

    found: int
    lines: list[ReportLine]
    looked_at: int
    oldest: int | None


async def report(work: Work, search: Search) -> Report:
    """Gives the orders that match, in the order that the search names.

    A part of a name that hardly any of the newest orders has is looked for among all names.
    """
    found = await store.search(work.connection, search, work.now)
    if found.looked_at == search.most_described and _is_rare(search, found.total):
        found = await store.search(work.connection, replace(search, names_first=True), work.now)
    lines = [_line(order, work.now, search) for order in found.orders]
    return Report(found.total, lines, found.looked_at, found.oldest)


async def find(work: Work, reseller_id: UUID, order_number: int, once_in_days: int) -> ReportLine:
    """Gives one order of a reseller; raises NotFound."""
    wanted = Search(reseller_id, [order_number], refund_once_in_days=once_in_days)
    found = await report(work, wanted)
    if not found.lines:
        raise NotFound
    return found.lines[0]


async def all_lines(
    open_reading: Callable[[], AbstractAsyncContextManager[Work]], search: Search
) -> AsyncIterator[ReportLine]:
    """Gives all orders that match, newest first, in parts, so that no list of them is held.

    Each part looks at the next orders, whether they match or not.
    """
    part = replace(
        search,
        first=1,
        limit=_PART,
        most_counted=1,
        most_described=_PART,
        sort="order",
        descending=True,
        before=_BEFORE_ALL,
    )
    while True:
        async with open_reading() as work:
            found = await report(work, part)
        for line in found.lines:
            yield line
        if found.looked_at < _PART:
            return
        part = replace(part, before=found.oldest)


async def refund_reasons(work: Work, lines: Sequence[ReportLine]) -> dict[int, str]:
    """Gives the reasons of those orders that were paid back with one, by order number."""
    refunded = [each.order.order_number for each in lines if each.eligibility == "refunded"]
    return await store.refund_reasons(work.connection, refunded) if refunded else {}


def _is_rare(search: Search, found: int) -> bool:
    """Whether so few orders of a name were found that a page of them is not full."""
    by_page = search.names is not None and search.before is None
    return by_page and found < search.first - 1 + search.limit


def _line(order: ReportedOrder, now: datetime, search: Search) -> ReportLine:
    refunds = NameRefunds(search.refund_once_in_days, order.last_refunded_at)
    purchased = ReportedPurchase(order.kind, order.cost, order.purchased_at, order.facts, refunds)
    facts = refund_policy.facts_of(order.family, purchased, now)
    if order.status == "Refunded":
        return ReportLine(order, "refunded", _paid_back(order), facts.deadline)
    objection = facts.objection()
    eligibility: Eligibility = "eligible" if objection is None else "not eligible"
    return ReportLine(order, eligibility, objection or "", facts.deadline)


def _paid_back(order: ReportedOrder) -> str:
    text = f"{order.refunded} {order.currency} paid back"
    if order.refunded_at is not None:
        text += f" on {order.refunded_at:%Y-%m-%dT%H:%M:%SZ}"
    reason = order.facts.get("refund_reason")
    return f"{text}, reason {reason}" if reason else text
