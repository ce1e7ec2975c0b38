"""The list of a reseller's subscriptions, its CSV, and pre-registering a new account."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from aiohttp import web

from gateway.doors.console.access import RESELLER
from gateway.doors.console.forms import FilledForm, FormField, PageForm, Values
from gateway.doors.console.page import Done, PageRequest
from gateway.doors.console.routes import BASE, NavigationEntry, PageGroup, PageRoute
from gateway.rules.subscription.terms import TERMS
from gateway.usecases.acme import accounts
from gateway.usecases.reseller import resellers
from gateway.usecases.subscription import overview
from gateway.usecases.subscription.overview import (
    COLUMNS,
    STATES,
    SubscriptionLine,
    SubscriptionSearch,
)
from gateway.usecases.work import Work
from gateway.web.forms import choice, integer, text

LIST = f"{BASE}/subscriptions"
_MAXIMUM_NUMBER = 2**63 - 1

STATE_WORDS: Mapping[str, str] = {
    "active": "active",
    "grace": "expired, can be extended",
    "expired": "expired",
    "not started": "not started",
}
"""States of subscriptions in words."""

YEARS = [("1", "1 year"), *((str(each), f"{each} years") for each in range(2, len(TERMS) + 1))]
"""Options of a field for the length of a term."""

SEARCH = PageForm(
    "search",
    (
        FormField("name", "Name", text(255), required=False, hint="A part of it is enough."),
        FormField("kid", "EAB key id or account id", text(32), required=False),
        FormField(
            "orderNumber",
            "Order number",
            integer(1, _MAXIMUM_NUMBER),
            required=False,
            wrong="Enter the number of an order: digits only.",
        ),
        FormField(
            "status",
            "Status",
            choice(*STATES),
            control="select",
            options=[(each, STATE_WORDS[each]) for each in STATES],
            required=False,
        ),
    ),
)

PREREGISTER = PageForm(
    "preregister",
    (
        FormField(
            "serverUrl",
            "Server",
            text(2048),
            control="select",
            wrong="Choose one of the servers.",
        ),
        FormField(
            "years",
            "Term",
            integer(1, len(TERMS)),
            control="select",
            options=YEARS,
            hint="Of the subscription, which starts with its first name.",
            wrong="Choose one of the terms.",
        ),
    ),
)

_HEADER = (
    "EAB key id",
    "Server",
    "Status",
    "Credential",
    "Names",
    "Started",
    "Expires",
    "Last activity",
    "Pre-registered",
)


async def show(page: PageRequest) -> web.Response:
    """The list: what expires first stands first."""
    form, values = page.search(SEARCH)
    sorting, paging = page.sorting(COLUMNS, "expires"), page.paging()
    found, lines = 0, list[SubscriptionLine]()
    if values is not None:
        wanted = SubscriptionSearch(
            **_search(page, values),
            column=sorting.column,
            descending=sorting.descending,
            limit=paging.rows,
            offset=paging.offset,
        )
        async with page.open_reading() as work:
            found, lines = await overview.search(work, wanted)
    return page.render(
        "subscriptions.html",
        status=200 if values is not None else 422,
        form=form,
        searched=any(values.values()) if values is not None else True,
        lines=lines,
        sorting=sorting,
        paging=paging.of(found),
        words=STATE_WORDS,
        export=page.query.url(page=None, sort=None).replace(LIST, f"{LIST}/export", 1),
    )


async def export(page: PageRequest) -> web.StreamResponse:
    """All that the search finds, as a CSV file; a wrong search shows the list's page."""
    _, values = page.search(SEARCH)
    if values is None:
        return await show(page)
    wanted = SubscriptionSearch(**_search(page, values))
    return await page.csv("subscriptions.csv", _HEADER, _rows(page, wanted))


async def show_new(page: PageRequest, refused: FilledForm | None = None) -> web.Response:
    """The form for a new EAB credential with its first account."""
    async with page.open_reading() as work:
        servers = await resellers.list_servers(work)
    public = page.services.settings.public_url
    form = refused or page.form(PREREGISTER, f"{LIST}/new", {"years": 1})
    form.offer(
        "serverUrl",
        [(public + each.path, f"{each.name}: {each.description}") for each in servers],
    )
    return page.render("preregister.html", form=form, list_path=LIST)


async def preregister(page: PageRequest) -> web.Response:
    """Makes the credential; it costs nothing."""

    async def make(work: Work, values: Values) -> Done:
        public = page.services.settings.public_url
        made = await accounts.preregister(
            work,
            page.services.vault,
            reseller_id=page.session.owner_id,
            server_path=values["serverUrl"].removeprefix(public),
            term_days=TERMS[values["years"] - 1],
        )
        shown = (
            f"Account {made.kid} is pre-registered. Add its first name to start the subscription."
        )
        return Done(f"{LIST}/{made.kid}/add", shown)

    return await page.submit(PREREGISTER, make, show_new)


def _search(page: PageRequest, values: Values) -> dict[str, Any]:
    return {
        "reseller_id": page.session.owner_id,
        "name": values["name"],
        "kid": values["kid"],
        "order_number": values["orderNumber"],
        "state": values["status"],
    }


async def _rows(page: PageRequest, wanted: SubscriptionSearch) -> AsyncIterator[Sequence[object]]:
    async for line in overview.each(page.services.pool, page.now, wanted):
        yield (
            line.kid,
            line.server,
            STATE_WORDS[line.state or "not started"],
            "suspended" if line.suspended and line.status == "active" else line.status,
            line.number_of_names,
            *(
                "" if each is None else f"{each:%Y-%m-%dT%H:%M:%SZ}"
                for each in (line.started_at, line.expires_at, line.last_activity, line.created_at)
            ),
        )


GROUP = PageGroup(
    (
        PageRoute("GET", "/subscriptions", RESELLER, show),
        PageRoute("GET", "/subscriptions/export", RESELLER, export),
        PageRoute("GET", "/subscriptions/new", RESELLER, show_new),
        PageRoute("POST", "/subscriptions/new", RESELLER, preregister),
    ),
    (NavigationEntry("Subscriptions", "/subscriptions", RESELLER),),
)
