"""Documents of organizations at the console: their forms, and how a file is given out."""

import re
from urllib.parse import quote
from uuid import UUID

from aiohttp import web

from gateway import ids
from gateway.doors.console.forms import FilledForm, FormField, PageForm
from gateway.doors.console.kinds import file
from gateway.doors.console.page import PageRequest
from gateway.doors.console.routes import BASE
from gateway.rules.organization.documents import LONGEST_TEXT, MAXIMUM_BYTES, TYPES
from gateway.usecases.organization.documents import AskedDocument, DocumentsOf, StoredDocument
from gateway.web.forms import ParameterKind, text

_UUID_LENGTH = 36
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9 ._-]")

FILE = file(
    "document",
    "File",
    MAXIMUM_BYTES,
    list(TYPES),
    f"PDF, PNG or JPEG, at most {MAXIMUM_BYTES // 1024**2} MB.",
)
ANSWERS = FormField(
    "answers",
    "Sent for",
    ParameterKind(ids.read_id, {"type": "string", "format": "uuid"}, _UUID_LENGTH),
    control="select",
    required=False,
    unchosen="something that was not asked for",
)
SEND = PageForm("send-document", (ANSWERS, FILE))
REMOVE = PageForm("remove-document")
ASK = PageForm(
    "ask",
    (
        FormField(
            "text",
            "Ask for a document",
            text(LONGEST_TEXT),
            hint="The reseller reads it, like: register extract not older than 3 months.",
        ),
    ),
)
WITHDRAW = PageForm("withdraw-asked")

_HEADERS = {
    # Nothing of a stranger's file is ever shown or run as a page of the console.
    "Content-Security-Policy": "default-src 'none'; sandbox",
}


def send_form(
    page: PageRequest, organization_id: UUID, documents: DocumentsOf, refused: FilledForm | None
) -> FilledForm:
    """The form by which a document is sent, with what is asked for to choose from."""
    to = f"{BASE}/organizations/{organization_id}/documents"
    filled = refused or page.form(SEND, to, _usual(documents))
    if documents.unanswered:
        filled.offer(ANSWERS.name, [(str(each.id), each.text) for each in documents.unanswered])
    else:
        filled.form = PageForm(SEND.name, (FILE,))
    return filled


def remove_buttons(page: PageRequest, documents: DocumentsOf) -> dict[UUID, FilledForm]:
    """The buttons that remove documents, of those that may be removed."""
    return {
        each.id: page.form(REMOVE, f"{BASE}/documents/{each.id}/remove", key=str(number))
        for number, each in enumerate(documents.sent)
        if each.decided_on is None
    }


def ask_form(page: PageRequest, organization_id: UUID) -> FilledForm:
    """The form by which an operator asks for a document."""
    return page.form(ASK, f"{BASE}/queues/organizations/{organization_id}/ask")


def withdraw_buttons(page: PageRequest, asked: list[AskedDocument]) -> dict[UUID, FilledForm]:
    """The buttons by which a document is asked for no more."""
    return {
        each.id: page.form(
            WITHDRAW, f"{BASE}/queues/asked-documents/{each.id}/withdraw", key=str(number)
        )
        for number, each in enumerate(asked)
    }


def download(document: StoredDocument, content: bytes) -> web.Response:
    """A document as a file to be saved, which no browser shows as a page (RFC 6266)."""
    plain = _NOT_PLAIN.sub("_", document.name)
    name = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(document.name, safe='')}"
    return web.Response(
        body=content,
        content_type=document.media_type,
        headers={**_HEADERS, "Content-Disposition": name},
    )


def _usual(documents: DocumentsOf) -> dict[str, str]:
    """What is most likely meant: the only document that is asked for."""
    only = documents.unanswered
    return {ANSWERS.name: str(only[0].id)} if len(only) == 1 else {}
