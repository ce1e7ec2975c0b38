"""Report on your orders: what was bought, and may it be paid back now? (§7.5)"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from gateway.db.pool import Connection
from gateway.rules import refund_policy
from gateway.rules.refund_policies.acme_domains import DomainFacts
from gateway.rules.refund_policies.sitelock import LicenceFacts
from gateway.rules.refund_policies.ssl_certificates import CertificateFacts
from gateway.store import order_report as store
from gateway.store.order_report import ReportedOrder, Search

Eligibility = Literal["eligible", "not eligible", "refunded"]
STATUSES = ("Current", "Expired", "Cancelled", "Refunded")


@dataclass(frozen=True, slots=True)
class ReportLine:
    """An order as it stands now. `detail` says why it is not eligible, or what was refunded."""

    order: ReportedOrder
    status: str
    eligibility: Eligibility
    detail: str


async def report(
    connection: Connection, now: datetime, search: Search, status: str | None = None
) -> list[ReportLine]:
    """The newest first; with `status` only those."""
    lines = [_line(order, now) for order in await store.search(connection, search)]
    return [line for line in lines if status in (None, line.status)]


def _line(order: ReportedOrder, now: datetime) -> ReportLine:
    if order.refunded_at is not None or order.facts.get("status") == "refunded":
        when = f" on {order.refunded_at:%Y-%m-%dT%H:%M:%SZ}" if order.refunded_at else ""
        detail = f"{order.refunded} {order.currency} paid back{when}"
        return ReportLine(order, "Refunded", "refunded", detail)
    objection = refund_policy.objection(_FACTS[order.family](order, now))
    eligibility: Eligibility = "eligible" if objection is None else "not eligible"
    return ReportLine(order, _status(order, now), eligibility, objection or "")


def _status(order: ReportedOrder, now: datetime) -> str:
    if order.facts.get("status") == "cancelled" or order.facts.get("removed"):
        return "Cancelled"
    return "Expired" if order.ends_at is not None and order.ends_at <= now else "Current"


def _of_acme(order: ReportedOrder, now: datetime) -> refund_policy.Facts:
    return DomainFacts(
        charged=order.cost,
        added_at=datetime.fromisoformat(order.facts["added_at"]),
        asked_at=now,
        removed=order.facts["removed"],
        extension=order.kind == "extend_domains",
    )


def _of_sitelock(order: ReportedOrder, now: datetime) -> refund_policy.Facts:
    return LicenceFacts(
        days=order.facts["days"],
        purchased_at=order.purchased_at,
        period_started_at=datetime.fromisoformat(order.facts["period_started_at"]),
        asked_at=now,
        status=order.facts["status"],
        only_add_ons=order.facts["only_add_ons"],
    )


def _of_ssl(order: ReportedOrder, now: datetime) -> refund_policy.Facts:
    revoked_at = order.facts["revoked_at"]
    return CertificateFacts(
        order.facts["status"],
        bought_here=True,
        paid_at=order.purchased_at,
        requested_at=now,
        revoked_at=datetime.fromisoformat(revoked_at) if revoked_at else None,
        under_review=order.facts["under_review"],
        refunded=False,
    )


_FACTS: Mapping[str, Callable[[ReportedOrder, datetime], Any]] = {
    "acme": _of_acme,
    "sitelock": _of_sitelock,
    "ssl": _of_ssl,
}
