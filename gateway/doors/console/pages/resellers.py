"""The list of resellers, and adding one."""

from collections.abc import AsyncIterator

from aiohttp import web

from gateway.doors.console.access import allows, operators
from gateway.doors.console.forms import FilledForm, FormField, PageForm, Values
from gateway.doors.console.kinds import RENEWAL_MODE, new_password
from gateway.doors.console.page import Done, PageRequest
from gateway.doors.console.routes import BASE, NavigationEntry, PageGroup, PageRoute
from gateway.rules.operation.roles import Permission
from gateway.usecases.reseller import overview, resellers
from gateway.usecases.reseller.overview import ResellerOverview
from gateway.usecases.work import Work
from gateway.web.forms import choice, text

_RESELLERS = f"{BASE}/resellers"
_LOOK = operators(Permission.LOOK)
_CHANGE = operators(Permission.RESELLERS)

SEARCH = PageForm(
    "reseller-search",
    (
        FormField("login", "Part of the login", text(64), required=False),
        FormField(
            "status",
            "Status",
            choice("active", "suspended"),
            control="select",
            required=False,
            options=(("active", "active"), ("suspended", "suspended")),
        ),
    ),
)
ADD = PageForm(
    "add-reseller",
    (
        FormField("login", "Login", text(64), hint="Printable characters without a space."),
        new_password(),
        FormField("currency", "Currency", text(3), hint="Like USD. It stays for good."),
        RENEWAL_MODE,
    ),
)


async def show(page: PageRequest) -> web.Response:
    """The list, searched and sorted on the server."""
    form, values = page.search(SEARCH)
    paging, sorting = page.paging(), page.sorting(tuple(overview.SORTED), "login")
    found, total = list[ResellerOverview](), 0
    if values is not None:
        async with page.open_reading() as work:
            total, found = await overview.search_resellers(
                work,
                values["login"],
                values["status"],
                order=f"{'-' * sorting.descending}{sorting.column}",
                limit=paging.rows,
                offset=paging.offset,
            )
    return page.render(
        "resellers.html",
        status=200 if values is not None else 422,
        form=form,
        found=found,
        sorting=sorting,
        paging=paging.of(total),
        export=page.query.url(page=None).replace(_RESELLERS, f"{_RESELLERS}.csv", 1),
        may_add=allows(page.session, Permission.RESELLERS),
    )


async def export(page: PageRequest) -> web.StreamResponse:
    """All resellers that the search finds, as CSV."""
    _, values = page.search(SEARCH)
    if values is None:
        return page.see_other(page.query.url().replace(".csv", "", 1))  # says what is wrong
    async with page.open_reading() as work:
        _, found = await overview.search_resellers(work, values["login"], values["status"])

    async def rows() -> AsyncIterator[list[object]]:
        for each in found:
            yield [each.login, each.status, each.balance, each.currency, each.credit_limit]

    return await page.csv(
        "resellers.csv", ("login", "status", "balance", "currency", "creditLimit"), rows()
    )


async def show_add(page: PageRequest, refused: FilledForm | None = None) -> web.Response:
    """The form that adds a reseller."""
    form = refused or page.form(ADD, f"{_RESELLERS}/add", {"currency": "USD"})
    return page.render("add_reseller.html", form=form)


async def add(page: PageRequest) -> web.Response:
    """Adds a reseller, without money and with the default prices."""

    async def carry_out(work: Work, values: Values) -> Done:
        await resellers.add_reseller(
            work,
            login=values["login"],
            password=values["password"],
            currency=values["currency"],
            renewal_mode=values["renewal_mode"],
        )
        _, found = await overview.search_resellers(work, values["login"], None)
        [added] = [each for each in found if each.login == values["login"]]
        return Done(f"{_RESELLERS}/{added.id}", "Reseller added. Book a deposit next.")

    return await page.submit(ADD, carry_out, show_add)


GROUP = PageGroup(
    (
        PageRoute("GET", "/resellers", _LOOK, show),
        PageRoute("GET", "/resellers.csv", _LOOK, export),
        PageRoute("GET", "/resellers/add", _CHANGE, show_add),
        PageRoute("POST", "/resellers/add", _CHANGE, add),
    ),
    (NavigationEntry("Resellers", "/resellers", _LOOK),),
)
