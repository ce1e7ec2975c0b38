"""Organizations as operators decide on them: details, pre-validations, documents."""

from uuid import UUID

from aiohttp import web

from gateway.doors.console.access import allows, operators
from gateway.doors.console.documents import ASK, WITHDRAW, ask_form, download, withdraw_buttons
from gateway.doors.console.forms import FilledForm, Values
from gateway.doors.console.page import Done, PageRequest
from gateway.doors.console.routes import BASE, PageGroup, PageRoute
from gateway.rules.operation.roles import Permission
from gateway.usecases.organization import documents, organizations, prevalidations, shown
from gateway.usecases.work import Work

_LOOK = operators(Permission.LOOK)
_REVIEW = operators(Permission.REVIEW)


async def show(page: PageRequest, refused: FilledForm | None = None) -> web.Response:
    """An organization: what its reseller states and sent, and what was ordered for it."""
    return await _show(page, page.id_in("asked_organization"), refused)


async def ask(page: PageRequest) -> web.Response:
    """Asks the reseller for a document."""

    async def carry_out(work: Work, values: Values) -> Done:
        organization_id = page.id_in("asked_organization")
        await documents.ask_for_document(work, organization_id, values["text"])
        return Done(_path(organization_id), "The reseller sees it on the organization's page.")

    return await page.submit(ASK, carry_out, show)


async def withdraw(page: PageRequest) -> web.Response:
    """Asks for a document no more."""

    async def carry_out(work: Work, _: Values) -> Done:
        withdrawn = await documents.withdraw_asked(work, page.id_in("asked_document"))
        return Done(_path(withdrawn.organization_id), "This is not asked for any more.")

    async def show_again(page: PageRequest, refused: FilledForm) -> web.Response:
        async with page.open_reading() as work:
            found = await documents.find_asked(work, page.id_in("asked_document"))
        return await _show(page, found.organization_id, refused)

    return await page.submit(WITHDRAW, carry_out, show_again)


async def show_document(page: PageRequest) -> web.Response:
    """The file of a document."""
    async with page.open_reading() as work:
        found = await documents.open_document(work, page.id_in("sent_document"))
    return download(*found)


async def _show(
    page: PageRequest, organization_id: UUID, refused: FilledForm | None
) -> web.Response:
    async with page.open_reading() as work:
        found = await organizations.find_organization(work, organization_id)
        held = await prevalidations.list_prevalidations(work, organization_id=organization_id)
        papers = await documents.list_documents(work, organization_id)
    may_ask = allows(page.session, Permission.REVIEW)
    asks = refused is not None and refused.form.name == ASK.name
    return page.render(
        "queued_organization.html",
        organization=found,
        prevalidations=list(reversed(held))[: shown.MOST_SHOWN],
        now=page.now,
        papers=papers,
        ask=refused if asks else ask_form(page, organization_id) if may_ask else None,
        withdraw=withdraw_buttons(page, papers.unanswered) if may_ask else {},
        trouble=refused.trouble if refused is not None and not asks else "",
    )


def _path(organization_id: UUID) -> str:
    return f"{BASE}/queues/organizations/{organization_id}"


GROUP = PageGroup(
    (
        PageRoute("GET", "/queues/organizations/{asked_organization}", _LOOK, show),
        PageRoute("POST", "/queues/organizations/{asked_organization}/ask", _REVIEW, ask),
        PageRoute("POST", "/queues/asked-documents/{asked_document}/withdraw", _REVIEW, withdraw),
        PageRoute("GET", "/queues/documents/{sent_document}", _LOOK, show_document),
    )
)
