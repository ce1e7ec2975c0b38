"""Documents of a reseller's organizations: sent, downloaded, removed."""

from uuid import UUID

from aiohttp import web

from gateway.doors.console.access import RESELLER
from gateway.doors.console.documents import REMOVE, SEND, download
from gateway.doors.console.forms import FilledForm, Values
from gateway.doors.console.page import Done, PageRequest
from gateway.doors.console.pages import organizations
from gateway.doors.console.routes import BASE, PageGroup, PageRoute
from gateway.usecases.organization import documents
from gateway.usecases.organization.documents import NewDocument
from gateway.usecases.work import Work
from gateway.web.uploads import SentFile


async def send(page: PageRequest) -> web.Response:
    """Stores a document, and marks what it was sent for."""

    async def carry_out(work: Work, values: Values) -> Done:
        organization_id = page.id_in("organization_id")
        file: SentFile = values["document"]
        new = NewDocument(file.name, file.content, file.sha256, values.get("answers"))
        document, is_new = await documents.send_document(
            work, page.session.owner_id, organization_id, new
        )
        came = "is sent" if is_new else "was sent before, and is kept once"
        return Done(_organization(organization_id), f"{document.name} {came}.")

    return await page.submit(SEND, carry_out, organizations.show)


async def show(page: PageRequest) -> web.Response:
    """The file."""
    async with page.open_reading() as work:
        found = await documents.open_document(
            work, page.id_in("document_id"), page.session.owner_id
        )
    return download(*found)


async def remove(page: PageRequest) -> web.Response:
    """Removes a document, unless something was decided on it."""

    async def carry_out(work: Work, _: Values) -> Done:
        removed = await documents.remove_document(
            work, page.session.owner_id, page.id_in("document_id")
        )
        return Done(_organization(removed.organization_id), f"{removed.name} is removed.")

    async def show_organization(page: PageRequest, refused: FilledForm) -> web.Response:
        async with page.open_reading() as work:
            found = await documents.find_document(
                work, page.id_in("document_id"), page.session.owner_id
            )
        return await organizations.show_organization(page, found.organization_id, refused)

    return await page.submit(REMOVE, carry_out, show_organization)


def _organization(organization_id: UUID) -> str:
    return f"{BASE}/organizations/{organization_id}"


GROUP = PageGroup(
    (
        PageRoute(
            "POST", "/organizations/{organization_id}/documents", RESELLER, send, takes_file=True
        ),
        PageRoute("GET", "/documents/{document_id}", RESELLER, show),
        PageRoute("POST", "/documents/{document_id}/remove", RESELLER, remove),
    )
)
