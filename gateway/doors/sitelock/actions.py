"""One function per endpoint: calls a use case with the arguments, and gives named values."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from gateway.config import Settings
from gateway.doors.sitelock.envelope import OK, SiteLockAnswer
from gateway.doors.sitelock.forms import organization_of
from gateway.errors.request import ArgumentInvalid
from gateway.store.money.order_report import Search
from gateway.usecases.money import order_report
from gateway.usecases.money.order_report import ReportLine
from gateway.usecases.sitelock import licences
from gateway.usecases.sitelock import refunds as sitelock_refunds
from gateway.usecases.work import Work

_DELIVERY_TIME = "1"  # deprecated, and always sent
_LONGEST_PAGE = 1000


@dataclass(frozen=True, slots=True)
class SiteLockCall:
    """One authenticated request, inside its unit of work."""

    work: Work
    reseller_id: UUID
    settings: Settings
    arguments: dict[str, Any]


async def order(call: SiteLockCall) -> SiteLockAnswer:
    """AutoApplyOrder (docs/wire.md §7.2)."""
    sent = call.arguments
    wanted = licences.LicenceOrder(
        reseller_id=call.reseller_id,
        products=sent["product"],
        days=sent["days"],
        domain_name=sent["domainName"],
        email=sent["appRepEmailAddress"],
        auto_renew=sent["enableAutoRenew"],
        organization=organization_of(sent),
        previous_order_number=sent["previousOrderNumber"],
        test_only=sent["test"],
    )
    ordered = await licences.order(call.work, wanted)
    return SiteLockAnswer(
        OK,
        [
            ("orderNumber", str(ordered.order_number)),
            ("totalCost", f"{ordered.cost:.2f}"),
            ("expectedDeliveryTime", _DELIVERY_TIME),
            ("siteLockSiteId", str(ordered.licence_number)),
        ],
    )


async def refund(call: SiteLockCall) -> SiteLockAnswer:
    """AutoRefund (docs/wire.md §7.3)."""
    ended = await sitelock_refunds.refund(
        call.work,
        reseller_id=call.reseller_id,
        order_number=call.arguments["orderNumber"],
        reason_code=call.arguments["refundReasonCode"],
        once_in_days=call.settings.refund.once_per_name_days,
    )
    return SiteLockAnswer(OK, [("refundedAmount", f"{ended.refunded:.2f}")])


async def cancel(call: SiteLockCall) -> SiteLockAnswer:
    """modifyThirdPartyDetails with action=cancel (docs/wire.md §7.4)."""
    ended = await sitelock_refunds.cancel(
        call.work,
        reseller_id=call.reseller_id,
        order_number=call.arguments["orderNumber"],
        products=call.arguments["product"],
        once_in_days=call.settings.refund.once_per_name_days,
    )
    return SiteLockAnswer(OK, [("refundedAmount", f"{ended.refunded:.2f}")])


async def report(call: SiteLockCall) -> SiteLockAnswer:
    """WebHostReport (docs/wire.md §7.6)."""
    sent = call.arguments
    first, last = sent["firstResultNo"], sent["lastResultNo"]
    if last is not None and last < first:
        raise ArgumentInvalid("lastResultNo")
    search = Search(
        call.reseller_id,
        sent["orderNumber"],
        sent["notBefore"],
        sent["notAfter"],
        sent["fqdn"],
        sent["product"],
        sent["orderStatus"],
        first,
        _LONGEST_PAGE if last is None else min(last - first + 1, _LONGEST_PAGE),
        call.settings.refund.once_per_name_days,
    )
    found = await order_report.report(call.work, search)
    values = [("noOfResults", str(found.found))]
    for number, line in enumerate(found.lines, start=first):
        values += [(f"{number}_{name}", value) for name, value in _described(line)]
        if sent["showStatusDetails"]:
            values.append((f"{number}_statusDetails", line.detail))
    return SiteLockAnswer(OK, values)


def _described(line: ReportLine) -> list[tuple[str, str]]:
    found = line.order
    return [
        ("orderNumber", str(found.order_number)),
        ("orderDate", str(int(found.purchased_at.timestamp()))),
        ("product", found.product),
        ("productDescription", found.description),
        ("fqdn", ",".join(found.names)),
        ("cost", f"{found.cost:.2f}"),
        ("currency", found.currency),
        ("days", str(found.days)),
        ("orderStatus", found.status),
        ("refund", line.eligibility),
        ("refundDetails", line.detail),
    ]


def packed(answer: SiteLockAnswer) -> bytes:
    """Encodes an answer, to be stored with an Idempotency-Key."""
    return msgspec.json.encode(answer)


def unpacked(stored: bytes) -> SiteLockAnswer:
    return msgspec.json.decode(stored, type=SiteLockAnswer)
