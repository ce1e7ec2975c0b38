"""Report on Your Orders: the search, its results, and an order's refund (docs/wire.md §7.5)."""

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from aiohttp import web

from gateway.db.counting import COUNTED_TO
from gateway.doors.console.access import RESELLER
from gateway.doors.console.forms import FilledForm, FormField, PageForm, Values
from gateway.doors.console.kinds import day
from gateway.doors.console.page import Done, PageRequest
from gateway.doors.console.rendering import ZONE_COOKIE, zone_of
from gateway.doors.console.routes import BASE, NavigationEntry, PageGroup, PageRoute
from gateway.errors import NotFound
from gateway.rules.money.refund_reasons import REFUND_REASONS
from gateway.rules.sitelock.licences import PRODUCTS
from gateway.store.money.order_report import SORTED_BY, ReportedOrder, Search
from gateway.usecases.money import order_report
from gateway.usecases.money.order_report import MOST_DESCRIBED, STATUSES, ReportLine
from gateway.usecases.reseller import refund_order
from gateway.usecases.reseller.refund_order import RefundOrder
from gateway.usecases.work import Work
from gateway.web.forms import ParameterKind, amount, choice, text

_REPORT = f"{BASE}/orders"
_LARGEST = 2**63 - 1
_LONGEST_LIST = 2000
_MOST_NUMBERS = 100


def _parse_numbers(sent: str) -> list[int]:
    found = [each for each in re.split(r"[\s,;]+", sent) if each]
    if not 1 <= len(found) <= _MOST_NUMBERS:
        raise ValueError(sent)
    return [_order_number(each) for each in found]


def _order_number(sent: str) -> int:
    if not re.fullmatch("[0-9]{1,19}", sent) or int(sent) > _LARGEST:
        raise ValueError(sent)
    return int(sent)


SEARCH = PageForm(
    "report",
    (
        FormField(
            "orders",
            "Order numbers",
            ParameterKind(_parse_numbers, {"type": "string"}, _LONGEST_LIST),
            required=False,
            hint="Several with commas or spaces between them.",
            wrong=f"Enter up to {_MOST_NUMBERS} order numbers, with commas or spaces between them.",
            default=[],
        ),
        day("from", "From"),
        day("to", "To"),
        FormField("name", "Name", text(255), required=False, hint="A domain name, or part of it."),
        FormField("product", "Product", text(64), required=False, hint="Such as SiteLock or 1060."),
        FormField(
            "status",
            "Status",
            choice(*STATUSES),
            "select",
            required=False,
            options=[(each, each) for each in STATUSES],
        ),
    ),
)
REFUND = PageForm(
    "refund",
    (
        FormField(
            "reason",
            "Reason",
            choice(*map(str, REFUND_REASONS)),
            "select",
            options=[(str(code), words) for code, words in REFUND_REASONS.items()],
            wrong="Choose a reason.",
        ),
        FormField("quoted", "Amount", amount, "hidden"),
        FormField("names", "Names", text(20_000), "hidden"),
    ),
)
_SORTABLE = tuple(SORTED_BY)
_HEADER = (
    "order number", "date", "product", "names", "cost", "currency", "days", "status",
    "refund", "refund details", "refunded", "refunded at",
)  # fmt: skip


async def show(page: PageRequest) -> web.Response:
    """The form; and the orders that it finds, once it was sent."""
    filled, search = _searched(page)
    wrong = bool(filled.errors)
    values: dict[str, Any] = {"found": None, "run": bool(page.query.fields) and not wrong}
    if search is not None and values["run"]:
        values |= await _results(page, search)
    status = 422 if wrong else 200
    return page.render("orders.html", status=status, search=filled, **values)


async def _results(page: PageRequest, search: Search) -> dict[str, Any]:
    sorting, paging = page.sorting(_SORTABLE, "-date"), page.paging()
    wanted = replace(
        search,
        sort=sorting.column,
        descending=sorting.descending,
        first=paging.offset + 1,
        limit=paging.rows,
        most_counted=COUNTED_TO,
        most_described=MOST_DESCRIBED,
    )
    async with page.open_reading() as work:
        found = await order_report.report(work, wanted)
        reasons = await order_report.refund_reasons(work, found.lines)
    return {
        "found": found.lines,
        "paging": paging.of(found.found),
        "sorting": sorting,
        "cut": not wanted.of_purchases_alone and found.looked_at == MOST_DESCRIBED,
        "most": MOST_DESCRIBED,
        "csv": page.query.url(page=None, sort=None).replace(_REPORT, f"{_REPORT}/csv", 1),
        "reason_of": lambda line: _reason(line, reasons),
        "product_of": product_of,
    }


async def export(page: PageRequest) -> web.StreamResponse:
    """All orders that a search finds, newest first, as a CSV file."""
    filled, search = _searched(page)
    if search is None:
        filled.action = _REPORT
        return page.render("orders.html", status=422, search=filled, found=None, run=False)
    return await page.csv("orders.csv", _HEADER, _rows(page, search))


async def _rows(page: PageRequest, search: Search) -> AsyncIterator[Sequence[object]]:
    async for line in order_report.all_lines(page.open_reading, search):
        order = line.order
        yield (
            order.order_number, order.purchased_at.isoformat(), product_of(order),
            " ".join(order.names), order.cost, order.currency, order.days, order.status,
            line.eligibility, line.detail, order.refunded,
            order.refunded_at.isoformat() if order.refunded_at else "",
        )  # fmt: skip


async def show_refund(page: PageRequest, refused: FilledForm | None = None) -> web.Response:
    """Customer Refund Order: what is paid back, until when, what is lost, and why it is asked."""
    number = _number_in(page)
    once_in_days = page.services.settings.refund.once_per_name_days
    async with page.open_reading() as work:
        offered = await refund_order.offer(work, page.session.owner_id, number, once_in_days)
        reasons = await order_report.refund_reasons(work, [offered.line])
    return page.render(
        "refund.html",
        offer=offered,
        order=offered.line.order,
        line=offered.line,
        reason=_reason(offered.line, reasons),
        product=product_of(offered.line.order),
        form=refused or page.form(REFUND, f"{_REPORT}/{number}/refund"),
    )


async def refund(page: PageRequest) -> web.Response:
    """Pays an order back, as it was confirmed."""
    settings = page.services.settings.refund

    async def carry_out(work: Work, values: Values) -> Done:
        number = _number_in(page)
        wanted = RefundOrder(
            page.session.owner_id,
            number,
            values["quoted"],
            tuple(values["names"].split()),
            int(values["reason"]),
            settings.revoke_certificates,
            settings.once_per_name_days,
        )
        refunded: Decimal = await refund_order.refund_order(work, wanted)
        shown = f"Order {number} is refunded: {refunded:.2f} {page.session.currency} paid back."
        return Done(f"{_REPORT}?orders={number}", shown)

    return await page.submit(REFUND, carry_out, show_refund)


def product_of(order: ReportedOrder) -> str:
    """The product in words that tell products of a family apart."""
    if order.family != "sitelock":
        return order.description
    numbers = [int(each) for each in order.product.split(",")]
    return " + ".join(PRODUCTS[each].name if each in PRODUCTS else str(each) for each in numbers)


def _searched(page: PageRequest) -> tuple[FilledForm, Search | None]:
    """The form as it was sent, and what it asks for; None = some of it is wrong."""
    filled, values = page.search(SEARCH)
    if values is None:
        return filled, None
    begins, ends = values["from"], values["to"]
    if begins and ends and begins > ends:
        filled.errors["to"] = "The last day comes before the first."
        filled.trouble = "Check the marked fields."
        return filled, None
    name, product = values["name"], values["product"]
    return filled, Search(
        page.session.owner_id,
        values["orders"],
        _midnight(page, begins),
        _end_of(page, ends),
        _containing(name.lower()) if name else None,
        _products(product) if product else (),
        values["status"],
        refund_once_in_days=page.services.settings.refund.once_per_name_days,
        described=_containing(product) if product else None,
    )


def _midnight(page: PageRequest, day: date | None) -> datetime | None:
    """The first instant of a day where the viewer is; None = any, or before all times."""
    if day is None:
        return None
    zone = zone_of(page.request.cookies.get(ZONE_COOKIE))
    try:
        return datetime.combine(day, time(), zone).astimezone(UTC)
    except OverflowError:
        return None


def _end_of(page: PageRequest, day: date | None) -> datetime | None:
    """The last instant of a day where the viewer is."""
    if day is None or day == date.max:
        return None
    after = _midnight(page, day + timedelta(days=1))
    return after - timedelta(microseconds=1) if after else None


def _containing(part: str) -> str:
    """The pattern of texts that have this part."""
    escaped = re.sub(r"([\\%_])", r"\\\1", part)
    return f"%{escaped}%"


def _products(sent: str) -> list[str]:
    """The number that was entered, and those of SiteLock products with such a name."""
    named = (each for each in PRODUCTS.values() if sent.lower() in each.name.lower())
    return [sent, *(str(each.number) for each in named)]


def _number_in(page: PageRequest) -> int:
    try:
        return _order_number(page.part("order_number"))
    except ValueError:
        raise NotFound from None


def _reason(line: ReportLine, reasons: dict[int, str]) -> str:
    """Why an order was paid back; "" = nobody noted it."""
    return reasons.get(line.order.order_number, "")


GROUP = PageGroup(
    (
        PageRoute("GET", "/orders", RESELLER, show),
        PageRoute("GET", "/orders/csv", RESELLER, export),
        PageRoute("GET", "/orders/{order_number}/refund", RESELLER, show_refund),
        PageRoute("POST", "/orders/{order_number}/refund", RESELLER, refund),
    ),
    (NavigationEntry("Report on Your Orders", "/orders", RESELLER),),
)
