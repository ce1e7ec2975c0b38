"""The order report: what was bought, and whether it may be paid back now (docs/wire.md §7.5)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from gateway.db.pool import Connection
from gateway.rules import refund_policy
from gateway.rules.money.once_per_name import NameRefunds
from gateway.rules.money.purchases import ReportedPurchase
from gateway.store.money import order_report as store
from gateway.store.money.order_report import ReportedOrder, Search

Eligibility = Literal["eligible", "not eligible", "refunded"]
STATUSES = ("Current", "Expired", "Cancelled", "Refunded")


@dataclass(frozen=True, slots=True)
class ReportLine:
    """An order as it stands now. `detail` says why it is not eligible, or what was refunded."""

    order: ReportedOrder
    eligibility: Eligibility
    detail: str


@dataclass(frozen=True, slots=True)
class Report:
    """A page of the report: `found` counts all orders that match, `lines` are the wanted page."""

    found: int
    lines: list[ReportLine]


async def report(connection: Connection, now: datetime, search: Search) -> Report:
    """Gives the orders that match, newest first."""
    found, orders = await store.search(connection, search, now)
    return Report(found, [_line(order, now, search) for order in orders])


def _line(order: ReportedOrder, now: datetime, search: Search) -> ReportLine:
    if order.status == "Refunded":
        return ReportLine(order, "refunded", _paid_back(order))
    refunds = NameRefunds(search.refund_once_in_days, order.last_refunded_at)
    purchased = ReportedPurchase(order.kind, order.cost, order.purchased_at, order.facts, refunds)
    objection = refund_policy.objection(order.family, purchased, now)
    eligibility: Eligibility = "eligible" if objection is None else "not eligible"
    return ReportLine(order, eligibility, objection or "")


def _paid_back(order: ReportedOrder) -> str:
    text = f"{order.refunded} {order.currency} paid back"
    if order.refunded_at is not None:
        text += f" on {order.refunded_at:%Y-%m-%dT%H:%M:%SZ}"
    reason = order.facts.get("refund_reason")
    return f"{text}, reason {reason}" if reason else text
