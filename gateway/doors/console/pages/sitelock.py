"""SiteLock licences: the list, and each licence with what can be done with it."""

from urllib.parse import urlencode

from aiohttp import web

from gateway.doors.console.access import RESELLER
from gateway.doors.console.forms import FilledForm, FormField, PageForm, Values
from gateway.doors.console.page import Done, PageRequest
from gateway.doors.console.pages.statement import report_of
from gateway.doors.console.routes import BASE, NavigationEntry, PageGroup, PageRoute
from gateway.errors import NotFound
from gateway.rules.sitelock.licences import PRODUCTS
from gateway.usecases.sitelock import refunds, shown
from gateway.usecases.sitelock.shown import COLUMNS, STATES, ShownLicence
from gateway.usecases.work import Work
from gateway.web.forms import amount, choice, flag

_SITELOCK = f"{BASE}/sitelock"
_ORDER = f"{_SITELOCK}/order"
_LARGEST = 2**63 - 1
_ADD_ONS = [str(each.number) for each in PRODUCTS.values() if each.kind == "add_on"]

SEARCH = PageForm(
    "licences",
    (
        FormField(
            "state",
            "State",
            choice(*STATES),
            control="select",
            required=False,
            options=[(each, each) for each in STATES],
        ),
    ),
)
CANCEL = PageForm(
    "cancel",
    (
        FormField(
            "acknowledged",
            "The licence and its add-ons end now; they cannot be restored.",
            flag,
            control="checkbox",
        ),
        FormField("quoted", "Paid back", amount, control="hidden"),
    ),
)
CANCEL_ADD_ON = PageForm(
    "cancel-add-on",
    (FormField("product", "Add-on", choice(*_ADD_ONS), control="hidden"),),
)


async def show_list(page: PageRequest) -> web.Response:
    """The list of licences, the newest first."""
    filled, values = page.search(SEARCH)
    sorting, paging = page.sorting(COLUMNS, "-number"), page.paging()
    async with page.open_reading() as work:
        found, listed = await shown.list_licences(
            work,
            page.session.owner_id,
            values["state"] if values else None,
            order=(sorting.column, sorting.descending),
            window=(paging.rows, paging.offset),
        )
    return page.render(
        "sitelock.html",
        search=filled,
        licences=listed,
        products=PRODUCTS,
        sorting=sorting,
        paging=paging.of(found),
        chosen=values is not None and values["state"] is not None,
    )


async def show(page: PageRequest, refused: FilledForm | None = None) -> web.Response:
    """A licence: its products, orders, and what can be done with it."""
    async with page.open_reading() as work:
        found = await _find(page, work)
    path = _path_of(page)
    held = found.known.stored.facts.add_ons if found.status == "active" else {}
    cancel = page.form(CANCEL, f"{path}/cancel", {"quoted": f"{found.refund:.2f}"})
    add_ons = {
        number: page.form(
            CANCEL_ADD_ON,
            f"{path}/cancel-add-on",
            {"product": number},
            key=str(number),
        )
        for number, ends in held.items()
        if ends > page.now
    }
    if refused is not None and refused.form is CANCEL:
        # What is paid back is as it is now: that is what is confirmed next.
        cancel = refused
        refused.entered["quoted"] = [f"{found.refund:.2f}"]
    return page.render(
        "licence.html",
        licence=found,
        known=found.known,
        facts=found.known.stored.facts,
        products=PRODUCTS,
        cancel=cancel if found.status == "active" else None,
        trouble=refused.trouble if refused is not None and refused.form is not CANCEL else "",
        add_ons=add_ons,
        order_url=_order_url(found),
        report=report_of,
    )


async def cancel(page: PageRequest) -> web.Response:
    """Ends a licence, and pays back what can be paid back."""

    async def end(work: Work, values: Values) -> Done:
        found = await _find(page, work)
        ended = await refunds.cancel(
            work,
            reseller_id=page.session.owner_id,
            order_number=found.order_number,
            products=[found.known.stored.facts.product],
            once_in_days=page.services.settings.refund.once_per_name_days,
            expected=values["quoted"],
        )
        currency = page.session.currency
        paid = f"{ended.refunded} {currency} paid back" if ended.refunded else "nothing paid back"
        return Done(_path_of(page), f"The licence has ended; {paid}.")

    return await page.submit(CANCEL, end, show)


async def cancel_add_on(page: PageRequest) -> web.Response:
    """Ends one add-on of a licence; nothing is paid back."""

    async def end(work: Work, values: Values) -> Done:
        found = await _find(page, work)
        product = int(values["product"])
        await refunds.cancel(
            work,
            reseller_id=page.session.owner_id,
            order_number=found.order_number,
            products=[product],
        )
        return Done(_path_of(page), f"{PRODUCTS[product].name} has ended.")

    return await page.submit(CANCEL_ADD_ON, end, show)


async def _find(page: PageRequest, work: Work) -> ShownLicence:
    """The licence of the path; raises NotFound for another reseller's."""
    sent = page.part("licence_number")
    if len(sent) > len(str(_LARGEST)) or int(sent) > _LARGEST:
        raise NotFound
    return await shown.show_licence(
        work,
        page.session.owner_id,
        int(sent),
        page.services.settings.refund.once_per_name_days,
    )


def _path_of(page: PageRequest) -> str:
    return f"{_SITELOCK}/{page.part('licence_number')}"


def _order_url(found: ShownLicence) -> dict[int, str]:
    """Where each product can be ordered for the licence; 0 = only add-ons."""
    wanted = [0, found.known.stored.facts.product, *(each.number for each in found.upgrades)]
    common = {
        "days": found.known.stored.facts.days,
        "domainName": found.known.stored.domain_name,
        "email": found.known.email,
        "previousOrderNumber": found.order_number,
    }
    return {each: f"{_ORDER}?{urlencode({'product': each, **common})}" for each in wanted}


GROUP = PageGroup(
    (
        PageRoute("GET", "/sitelock", RESELLER, show_list),
        PageRoute("GET", "/sitelock/{licence_number:[0-9]+}", RESELLER, show),
        PageRoute("POST", "/sitelock/{licence_number:[0-9]+}/cancel", RESELLER, cancel),
        PageRoute(
            "POST", "/sitelock/{licence_number:[0-9]+}/cancel-add-on", RESELLER, cancel_add_on
        ),
    ),
    (NavigationEntry("SiteLock", "/sitelock", RESELLER),),
)
