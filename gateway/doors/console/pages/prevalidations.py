"""Pre-validations: what was validated, until when, and the names that depend on one."""

from dataclasses import replace

from aiohttp import web

from gateway.doors.console.access import RESELLER
from gateway.doors.console.forms import FilledForm, FormField, PageForm, Values
from gateway.doors.console.page import Done, PageRequest
from gateway.doors.console.routes import BASE, PageGroup, PageRoute
from gateway.errors import NotFound
from gateway.rules.organization.prevalidations import number_of
from gateway.usecases.organization import reassignment, shown
from gateway.usecases.organization.shown import ShownPrevalidation
from gateway.usecases.subscription import domains
from gateway.usecases.subscription.domains import UpdateDomains
from gateway.usecases.work import Work
from gateway.web.forms import integer, text

_PREVALIDATIONS = f"{BASE}/prevalidations"

REASSIGN = PageForm(
    "reassign",
    (
        FormField(
            "ovAnchorOrderNumber",
            "Pre-validation",
            integer(1, 2**63 - 1),
            control="select",
            hint="It must be valid now, and cover all of the names.",
        ),
        FormField(
            "acmeAccountID",
            "Only the names of this account",
            text(32),
            required=False,
            hint="Empty: all names that depend on this one.",
        ),
    ),
)


async def show(page: PageRequest, refused: FilledForm | None = None) -> web.Response:
    """A pre-validation with its names, and the form that moves them to another."""
    number, paging = _number(page), page.paging()
    async with page.open_reading() as work:
        found = await shown.show_prevalidation(
            work,
            page.session.owner_id,
            number,
            limit=paging.rows,
            offset=paging.offset,
        )
    reassign = refused or page.form(REASSIGN, f"{_PREVALIDATIONS}/{number}/reassign")
    reassign.form = _with_successors(found)
    return page.render(
        "prevalidation.html",
        shown=found,
        own=found.own,
        state=found.own.validity.state_at(page.now),
        paging=paging.of(found.found),
        reassign=reassign if refused or (found.found and found.successors) else None,
    )


async def reassign(page: PageRequest) -> web.Response:
    """Moves names to another pre-validation (UPDATEDOMAINS)."""

    async def move(work: Work, values: Values) -> Done:
        own = await shown.find_prevalidation(work, page.session.owner_id, _number(page))
        new = values["ovAnchorOrderNumber"]
        if values["acmeAccountID"] is None:
            moved = await reassignment.reassign(
                work, reseller_id=page.session.owner_id, old_number=own.number, new_number=new
            )
            number = len(moved)
        else:
            request = UpdateDomains(
                page.session.owner_id, values["acmeAccountID"], str(new), str(own.number)
            )
            number = await domains.update_domains(work, request)
        return Done(f"{_PREVALIDATIONS}/{new}", f"Names that were moved here: {number}.")

    return await page.submit(REASSIGN, move, show)


def _with_successors(found: ShownPrevalidation) -> PageForm:
    options = [
        (str(each.number), f"{each.number}, {each.details.name}, until {each.expires_at:%Y-%m-%d}")
        for each in found.successors
    ]
    first, *others = REASSIGN.fields
    return PageForm(REASSIGN.name, (replace(first, options=options), *others))


def _number(page: PageRequest) -> int:
    number = number_of(page.part("prevalidation_number"))
    if number is None:
        raise NotFound
    return number


GROUP = PageGroup(
    (
        PageRoute("GET", "/prevalidations/{prevalidation_number}", RESELLER, show),
        PageRoute("POST", "/prevalidations/{prevalidation_number}/reassign", RESELLER, reassign),
    )
)
