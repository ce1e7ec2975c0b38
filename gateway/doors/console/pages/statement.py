"""The statement: balance, entries of a month or of any days, what ends soon, low balance."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from urllib.parse import urlencode

from aiohttp import web

from gateway.doors.console.access import RESELLER
from gateway.doors.console.forms import FilledForm, FormField, PageForm, Values
from gateway.doors.console.kinds import WRONG_DAY, day
from gateway.doors.console.page import Done, PageRequest
from gateway.doors.console.routes import BASE, NavigationEntry, PageGroup, PageRoute
from gateway.usecases.money import statement as usecase
from gateway.usecases.money.statement import COLUMNS, Days, Entry
from gateway.usecases.notice import destinations
from gateway.usecases.notice.destinations import Recipient
from gateway.usecases.work import Work
from gateway.web.forms import amount

_STATEMENT = f"{BASE}/statement"
_LOW_BALANCE = f"{_STATEMENT}/low-balance"
_DAY = timedelta(days=1)
_FIRST, _LAST = date(2000, 1, 1), date(2199, 12, 31)
_HEADER = ("Booked (UTC)", "Kind", "Amount", "Currency", "Balance after", "Order number", "Names")
KINDS = {"deposit": "Payment", "charge": "Charge", "refund": "Refund"}
"""Kinds of entries in words."""


SEARCH = PageForm(
    "days",
    (
        day("from", "From"),
        day("to", "To"),
    ),
)
LOW_BALANCE = PageForm(
    "low-balance",
    (
        FormField(
            "amount",
            "Notify below",
            amount,
            required=False,
            hint="An amount like 250.00; empty is the usual threshold.",
            wrong="Enter an amount like 250.00.",
        ),
    ),
)


async def show(page: PageRequest, refused: FilledForm | None = None) -> web.Response:
    """The page; without days it shows the present month."""
    filled, values = page.search(SEARCH)
    first, last = _wanted(filled, values, page.now)
    sorting = page.sorting(COLUMNS, "-booked")
    paging = page.paging()
    async with page.open_reading() as work:
        totals, entries = await usecase.statement(
            work,
            page.session.owner_id,
            _days(first, last),
            order=(sorting.column, sorting.descending),
            window=(paging.rows, paging.offset),
        )
        threshold = await destinations.find_low_balance(work, _owner(page))
    usual = Decimal(page.services.settings.notices.low_balance)
    given = {} if threshold is None else {"amount": threshold}
    return page.render(
        "statement.html",
        status=422 if filled.errors else 200,
        search=filled,
        first=first,
        last=last,
        months=_months_around(first),
        totals=totals,
        ledger=entries,
        kinds=KINDS,
        sorting=sorting,
        paging=paging.of(totals.found),
        csv=f"{_STATEMENT}.csv?{_query(first, last)}",
        report=report_of,
        threshold=usual if threshold is None else threshold,
        usual=usual,
        low_balance=refused or page.form(LOW_BALANCE, _LOW_BALANCE, given),
    )


async def csv(page: PageRequest) -> web.StreamResponse:
    """All entries of the days in one file, oldest first."""
    filled, values = page.search(SEARCH)
    first, last = _wanted(filled, values, page.now)
    if filled.errors:
        return page.see_other(page.query.url().replace(".csv", "", 1))  # says what is wrong
    currency = page.session.currency

    async def rows() -> AsyncIterator[tuple[object, ...]]:
        days = _days(first, last)
        async for each in usecase.all_entries(page.services.pool, page.session.owner_id, days):
            yield (
                f"{each.booked_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
                KINDS[each.kind],
                each.amount,
                currency,
                each.balance_after,
                each.order_number,
                _about(each),
            )

    return await page.csv(f"statement-{first}-{last}.csv", _HEADER, rows())


async def show_due(page: PageRequest) -> web.Response:
    """What ends in the next 90 days."""
    async with page.open_reading() as work:
        currency, due = await usecase.due_soon(work, page.session.owner_id)
    costs = [each.cost for each in due if each.cost is not None]
    return page.render(
        "due.html",
        due=due,
        currency=currency,
        cost=sum(costs, Decimal("0.00")),
        now=page.now,
        most=usecase.MOST_DUE,
    )


async def set_low_balance(page: PageRequest) -> web.Response:
    """Sets the balance below which a purchase makes a notice."""

    async def change(work: Work, values: Values) -> Done:
        await destinations.set_low_balance(work, _owner(page), values["amount"])
        return Done(_STATEMENT, "The threshold is set.")

    return await page.submit(LOW_BALANCE, change, show)


def report_of(order_number: int) -> str:
    """Where the report shows an order."""
    return f"{BASE}/orders?orders={order_number}"


def _owner(page: PageRequest) -> Recipient:
    return Recipient(page.session.owner_id, page.session.name)


def _wanted(filled: FilledForm, values: Values | None, now: datetime) -> tuple[date, date]:
    """The first and the last day that are asked for; else those of the present month."""
    today = now.astimezone(UTC).date()
    sent = values or {"from": None, "to": None}
    for name, day_sent in sent.items():
        if day_sent is not None and not _FIRST <= day_sent <= _LAST:
            filled.errors[name] = WRONG_DAY
            sent = {**sent, name: None}
    first = sent["from"] or (sent["to"] or today).replace(day=1)
    last = sent["to"] or _end_of_month(max(first, today))
    if last < first:
        filled.errors["to"] = "The last day is before the first."
        last = _end_of_month(first)
    return first, last


def _days(first: date, last: date) -> Days:
    midnight = time(0, tzinfo=UTC)
    return Days(datetime.combine(first, midnight), datetime.combine(last + _DAY, midnight))


def _months_around(first: date) -> list[tuple[str, str]]:
    """The month before that of the day, its own, and the next: name and address of each."""
    own = first.replace(day=1)
    around = ((own - _DAY).replace(day=1), own, _end_of_month(own) + _DAY)
    return [
        (f"{each:%B %Y}", f"{_STATEMENT}?{_query(each, _end_of_month(each))}") for each in around
    ]


def _end_of_month(day: date) -> date:
    return (day.replace(day=28) + 4 * _DAY).replace(day=1) - _DAY


def _query(first: date, last: date) -> str:
    return urlencode({"from": first, "to": last})


def _about(entry: Entry) -> str:
    return entry.note or ", ".join(entry.names or ())


GROUP = PageGroup(
    (
        PageRoute("GET", "/statement", RESELLER, show),
        PageRoute("GET", "/statement.csv", RESELLER, csv),
        PageRoute("GET", "/statement/due", RESELLER, show_due),
        PageRoute("POST", "/statement/low-balance", RESELLER, set_low_balance),
    ),
    (NavigationEntry("Statement", "/statement", RESELLER),),
)
