"""Organizations: stated, changed, and pre-validations ordered for them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from aiohttp import web

from gateway.doors.console.access import RESELLER
from gateway.doors.console.documents import REMOVE, SEND, remove_buttons, send_form
from gateway.doors.console.forms import FilledForm, FormField, PageForm, Values
from gateway.doors.console.page import Done, PageRequest
from gateway.doors.console.routes import BASE, NavigationEntry, PageGroup, PageRoute
from gateway.rules.organization.organizations import IDENTIFIERS, OrganizationDetails
from gateway.rules.organization.prevalidations import TYPES
from gateway.usecases.organization import documents, organizations, prevalidations, shown
from gateway.usecases.organization.prevalidations import NewPrevalidation, Prevalidation
from gateway.usecases.work import Work
from gateway.web.forms import choice, integer, text

_ORGANIZATIONS = f"{BASE}/organizations"
_ADD = f"{_ORGANIZATIONS}/add"
_LONGEST_LIST = 32767
_RENEWABLE = ("valid", "expired")

_FIELDS = (
    FormField("name", "Legal name", text(64), autocomplete="organization"),
    FormField("country", "Country", text(2), hint="Two capital letters of ISO 3166-1, like DE."),
    FormField(
        "locality",
        "City",
        text(128),
        required=False,
        hint="This, the state or province, or both.",
    ),
    FormField("state_or_province", "State or province", text(128), required=False),
    FormField("street", "Street and number", text(128), required=False),
    FormField("postal_code", "Postal code", text(40), required=False),
    FormField("applicant_name", "Applicant", text(128), required=False),
    FormField("applicant_email", "Applicant's e-mail address", text(254), "email", required=False),
    FormField("applicant_phone", "Applicant's phone", text(32), required=False),
    FormField(
        "registrationNumber", "Number in the register of companies", text(64), required=False
    ),
    FormField(
        "vatNumber", "VAT number", text(15), required=False, hint="With the country: DE123456789."
    ),
    FormField("lei", "Legal Entity Identifier", text(20), required=False),
    FormField("duns", "D-U-N-S number", text(9), required=False),
)
ADD = PageForm("add-organization", _FIELDS)
CHANGE = PageForm("change-organization", _FIELDS)
ORDER = PageForm(
    "order-prevalidation",
    (
        FormField(
            "domains",
            "Domains",
            text(_LONGEST_LIST),
            control="textarea",
            hint="One a line, or with commas between them; each covers what is below it, too.",
        ),
        FormField(
            "type",
            "Type",
            choice(*TYPES),
            control="select",
            options=[(each, each) for each in TYPES],
            default=TYPES[0],
        ),
        FormField(
            "previous",
            "Takes the place of",
            integer(1, 2**63 - 1),
            control="select",
            required=False,
            hint="A pre-validation of this organization whose names it gets later.",
        ),
    ),
)


async def show_list(page: PageRequest) -> web.Response:
    """The list of organizations."""
    sorting, paging = page.sorting(shown.COLUMNS, "name"), page.paging()
    async with page.open_reading() as work:
        found, listed = await shown.list_organizations(
            work,
            page.session.owner_id,
            order=(sorting.column, sorting.descending),
            window=(paging.rows, paging.offset),
        )
        mode = await shown.renewal_mode(work, page.session.owner_id)
    return page.render(
        "organizations.html",
        organizations=listed,
        sorting=sorting,
        paging=paging.of(found),
        renewal_mode=mode,
    )


async def show_add(page: PageRequest, refused: FilledForm | None = None) -> web.Response:
    """The form of a new organization."""
    return page.render("organization_add.html", filled=refused or page.form(ADD, _ADD))


async def add(page: PageRequest) -> web.Response:
    """States a new organization; nothing is validated by that."""

    async def state(work: Work, values: Values) -> Done:
        made = await organizations.add_organization(
            work,
            reseller_id=page.session.owner_id,
            details=OrganizationDetails(**_stated(values)),
        )
        return Done(
            f"{_ORGANIZATIONS}/{made}", "The organization is stated. Order a pre-validation now."
        )

    return await page.submit(ADD, state, show_add)


async def show(page: PageRequest, refused: FilledForm | None = None) -> web.Response:
    """An organization: its details, its pre-validations, and what can be done."""
    return await show_organization(page, page.id_in("organization_id"), refused)


async def show_organization(
    page: PageRequest, organization_id: UUID, refused: FilledForm | None = None
) -> web.Response:
    """The page of an organization, one of its forms perhaps refused."""
    path = f"{_ORGANIZATIONS}/{organization_id}"
    async with page.open_reading() as work:
        found = await shown.show_organization(work, page.session.owner_id, organization_id)
        held = await prevalidations.list_prevalidations(
            work,
            reseller_id=page.session.owner_id,
            organization_id=organization_id,
        )
        papers = await documents.list_documents(work, organization_id)
    forms = {
        CHANGE.name: page.form(CHANGE, f"{path}/change", _sent(found.details)),
        ORDER.name: page.form(ORDER, f"{path}/order", {"type": TYPES[0]}),
    }
    if refused is not None:
        forms[refused.form.name] = refused
    forms[ORDER.name].form = _with_previous(held, page)
    return page.render(
        "organization.html",
        organization=found,
        prevalidations=list(reversed(held))[: shown.MOST_SHOWN],
        more=len(held) > shown.MOST_SHOWN,
        now=page.now,
        change=forms[CHANGE.name],
        order=forms[ORDER.name],
        papers=papers,
        send=send_form(page, organization_id, papers, forms.get(SEND.name)),
        remove=remove_buttons(page, papers),
        trouble=forms[REMOVE.name].trouble if REMOVE.name in forms else "",
    )


async def change(page: PageRequest) -> web.Response:
    """States all details anew; pre-validations keep what was validated."""

    async def state(work: Work, values: Values) -> Done:
        organization_id = await _own(page, work)
        await organizations.update_organization(
            work,
            reseller_id=page.session.owner_id,
            organization_id=organization_id,
            changes=_stated(values),
        )
        return Done(f"{_ORGANIZATIONS}/{organization_id}", "The organization is stated anew.")

    return await page.submit(CHANGE, state, show)


async def order(page: PageRequest) -> web.Response:
    """Orders a pre-validation; it costs nothing."""

    async def add_prevalidation(work: Work, values: Values) -> Done:
        organization_id = await _own(page, work)
        wanted = NewPrevalidation(
            page.session.owner_id,
            organization_id,
            values["type"],
            values["domains"].replace(",", " ").split(),
            previous_number=values["previous"],
        )
        number = await prevalidations.add_prevalidation(work, wanted)
        return Done(f"{BASE}/prevalidations/{number}", f"Pre-validation {number} is requested.")

    return await page.submit(ORDER, add_prevalidation, show)


def _with_previous(held: Sequence[Prevalidation], page: PageRequest) -> PageForm:
    """The form of an order, with the organization's own pre-validations to choose from."""
    options = [
        (str(each.number), f"{each.number}, {state}")
        for each in held
        if (state := each.validity.state_at(page.now)) in _RENEWABLE
    ]
    *others, previous = ORDER.fields
    return PageForm(ORDER.name, (*others, replace(previous, options=options)))


async def _own(page: PageRequest, work: Work) -> UUID:
    """The id in the path; raises NotFound for another reseller's organization."""
    found = await shown.show_organization(
        work, page.session.owner_id, page.id_in("organization_id")
    )
    return found.id


def _stated(values: Values) -> dict[str, Any]:
    """All details: those that were not entered become empty."""
    entered = {name: value or "" for name, value in values.items()}
    identifiers = {kind: entered.pop(kind) for kind in IDENTIFIERS}
    return {**entered, "identifiers": identifiers}


def _sent(details: OrganizationDetails) -> Mapping[str, str]:
    document = details.document()
    identifiers: Mapping[str, str] = document.pop("identifiers")
    return {**document, **identifiers}


GROUP = PageGroup(
    (
        PageRoute("GET", "/organizations", RESELLER, show_list),
        PageRoute("GET", "/organizations/add", RESELLER, show_add),
        PageRoute("POST", "/organizations/add", RESELLER, add),
        PageRoute("GET", "/organizations/{organization_id}", RESELLER, show),
        PageRoute("POST", "/organizations/{organization_id}/change", RESELLER, change),
        PageRoute("POST", "/organizations/{organization_id}/order", RESELLER, order),
    ),
    (NavigationEntry("Organizations", "/organizations", RESELLER),),
)
