"""Documents that resellers send for the validation of an organization, and operators ask for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from gateway import ids
from gateway.errors import NotFound
from gateway.errors.organization import DocumentKept, InvalidDetail
from gateway.rules.organization.documents import check_room, checked_file, checked_text
from gateway.store.operation.audit import Change
from gateway.store.organization import documents, organizations
from gateway.store.organization.documents import AskedDocument, StoredDocument
from gateway.usecases.work import Work

__all__ = ["AskedDocument", "StoredDocument"]


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A file that is sent, with its SHA-256.

    `answers` is what was asked for and it is sent for; None = unasked.
    """

    name: str
    content: bytes
    sha256: bytes
    answers: UUID | None = None


@dataclass(frozen=True, slots=True)
class DocumentsOf:
    """The documents of an organization, and those that it was asked for, oldest first each."""

    sent: Sequence[StoredDocument]
    asked: Sequence[AskedDocument]

    @property
    def unanswered(self) -> list[AskedDocument]:
        """What was asked for and was not sent yet."""
        return [each for each in self.asked if each.answer is None]

    def answered_by(self, document: StoredDocument) -> list[AskedDocument]:
        """What a document was sent for."""
        return [each for each in self.asked if each.answer == document.id]


async def send_document(
    work: Work, reseller_id: UUID, organization_id: UUID, sent: NewDocument
) -> tuple[StoredDocument, bool]:
    """Stores a document of the reseller's organization; False = the same bytes were there before.

    Marks what it answers. Raises NotFound and InvalidDetail.
    """
    facts = checked_file(sent.name, sent.content)
    if await organizations.lock(work.connection, organization_id, reseller_id) is None:
        raise NotFound
    there = await documents.list_all(work.connection, organization_id)
    document = next((each for each in there if each.sha256 == sent.sha256), None)
    is_new = document is None
    if document is None:
        check_room(len(there))
        document = StoredDocument(
            ids.new_id(),
            organization_id,
            facts.name,
            facts.media_type,
            sent.sha256,
            len(sent.content),
            work.now,
            None,
        )
        await documents.add(work.connection, document, sent.content)
        await work.record(_change("sent", organization_id, None, _shown(document)))
    if sent.answers is not None:
        await _answer(work, sent.answers, document)
    return document, is_new


async def remove_document(work: Work, reseller_id: UUID, document_id: UUID) -> StoredDocument:
    """Removes a document on which no pre-validation was decided. Raises NotFound, DocumentKept."""
    document = await find_document(work, document_id, reseller_id)
    await organizations.lock(work.connection, document.organization_id, reseller_id)
    if not await documents.remove(work.connection, document_id):
        kept = await find_document(work, document_id, reseller_id)
        raise DocumentKept(
            f"Pre-validation {kept.decided_on} was decided on this document: it is kept as"
            " the evidence of that."
        )
    await work.record(_change("removed", document.organization_id, _shown(document), None))
    return document


async def ask_for_document(work: Work, organization_id: UUID, text: str) -> AskedDocument:
    """Asks the reseller of an organization for a document. Raises NotFound and InvalidDetail."""
    if await organizations.lock(work.connection, organization_id) is None:
        raise NotFound
    known = DocumentsOf([], await documents.list_asked(work.connection, organization_id))
    stored = checked_text(text, len(known.unanswered))
    asked = AskedDocument(ids.new_id(), organization_id, stored, work.now, work.origin.actor, None)
    await documents.ask(work.connection, asked)
    await work.record(_change("asked", organization_id, None, _asked(asked)))
    return asked


async def withdraw_asked(work: Work, asked_id: UUID) -> AskedDocument:
    """Asks no more for a document that was not sent yet. Raises NotFound."""
    asked = await find_asked(work, asked_id)
    if not await documents.withdraw(work.connection, asked_id):
        raise NotFound
    await work.record(_change("asked_withdrawn", asked.organization_id, _asked(asked), None))
    return asked


async def list_documents(work: Work, organization_id: UUID) -> DocumentsOf:
    """Gives the documents of an organization, and those that it was asked for."""
    sent = await documents.list_all(work.connection, organization_id)
    return DocumentsOf(sent, await documents.list_asked(work.connection, organization_id))


async def find_document(
    work: Work, document_id: UUID, reseller_id: UUID | None = None
) -> StoredDocument:
    """Gives a document, with `reseller_id` only one of that reseller. Raises NotFound."""
    found = await documents.find(work.connection, document_id, reseller_id=reseller_id)
    if found is None:
        raise NotFound
    return found


async def find_asked(work: Work, asked_id: UUID) -> AskedDocument:
    """Gives what was asked for. Raises NotFound."""
    found = await documents.find_asked(work.connection, asked_id)
    if found is None:
        raise NotFound
    return found


async def open_document(
    work: Work, document_id: UUID, reseller_id: UUID | None = None
) -> tuple[StoredDocument, bytes]:
    """Gives a document with its content, as `find_document` finds it. Raises NotFound."""
    found = await find_document(work, document_id, reseller_id)
    content = await documents.read_content(work.connection, document_id)
    if content is None:
        raise NotFound
    return found, content


async def _answer(work: Work, asked_id: UUID, document: StoredDocument) -> None:
    if not await documents.answer(work.connection, asked_id, document):
        raise InvalidDetail("answers", "this is not asked for any more")
    after = {"asked": str(asked_id), "document": str(document.id)}
    await work.record(_change("answered", document.organization_id, None, after))


def _change(
    verb: str, organization_id: UUID, before: dict[str, Any] | None, after: dict[str, Any] | None
) -> Change:
    return Change(f"organization.document_{verb}", str(organization_id), before, after)


def _shown(document: StoredDocument) -> dict[str, Any]:
    return {
        "document": str(document.id),
        "name": document.name,
        "type": document.media_type,
        "bytes": document.size,
        "sha256": document.sha256.hex(),
    }


def _asked(asked: AskedDocument) -> dict[str, Any]:
    return {"asked": str(asked.id), "text": asked.text}
