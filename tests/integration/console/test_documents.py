"""Documents of organizations: sent, asked for, downloaded, removed, kept."""

import asyncio
from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from aiohttp import FormData

from gateway.rules.organization.documents import MAXIMUM_BYTES, MOST_ASKED, MOST_DOCUMENTS
from tests.support.console import ConsolePerson, PageAnswer
from tests.support.gateway import RunningGateway
from tests.support.organizations import (
    PDF,
    add_organization,
    add_prevalidation,
    approve,
    ask_for_document,
    reject,
    send_document,
)

ORGANIZATIONS = "/console/organizations"
QUEUES = "/console/queues"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF"
SEND = "send-document"
ASKED = "register extract not older than 3 months"


async def documents(gateway: RunningGateway) -> list[dict[str, Any]]:
    rows = await gateway.pool.fetch("SELECT * FROM organization.document ORDER BY sent_at, name")
    return [dict(row) for row in rows]


async def events(gateway: RunningGateway) -> list[tuple[str, str, str]]:
    rows = await gateway.pool.fetch(
        """
        SELECT actor, action, subject
          FROM audit.event
         WHERE action LIKE 'organization.document%'
         ORDER BY id
        """
    )
    return [(row["actor"], row["action"].partition("_")[2], row["subject"]) for row in rows]


async def sent(
    person: ConsolePerson,
    organization: UUID,
    content: bytes = PDF,
    name: str = "register.pdf",
    **fields: str,
) -> PageAnswer:
    """Opens the organization's page, and sends a file by its form."""
    opened = await person.get(f"{ORGANIZATIONS}/{organization}")
    form = with_file({**opened.hidden(SEND), **fields}, content, name)
    return await person.post(opened.action(SEND), form)


def with_file(fields: Mapping[str, str], content: bytes, name: str) -> FormData:
    form = FormData(quote_fields=False)
    for field, value in fields.items():
        form.add_field(field, value)
    form.add_field("document", content, filename=name)
    return form


@pytest.fixture
async def organization(gateway: RunningGateway) -> UUID:
    return await add_organization(gateway)


@pytest.mark.parametrize(
    ("content", "name", "media_type"),
    [
        (PDF, "register.pdf", "application/pdf"),
        (PNG, "Bildschirmfoto\u202f1.PNG", "image/png"),
        (JPEG, "lettre signée.jpeg", "image/jpeg"),
        (PDF + b"\0" * (MAXIMUM_BYTES - len(PDF)), "largest.pdf", "application/pdf"),
    ],
)
async def test_a_document_is_downloaded_as_it_was_sent_and_never_shown_as_a_page(
    gateway: RunningGateway,
    reseller: ConsolePerson,
    operator: ConsolePerson,
    organization: UUID,
    content: bytes,
    name: str,
    media_type: str,
) -> None:
    answer = await sent(reseller, organization, content, name)
    assert (answer.status, answer.to) == (303, f"{ORGANIZATIONS}/{organization}")
    [row] = await documents(gateway)
    assert (row["name"], row["media_type"]) == (name.replace("\u202f", " "), media_type)
    assert (row["sha256"], row["content"]) == (sha256(content).digest(), content)
    for person, path in ((reseller, "documents"), (operator, "queues/documents")):
        file = await person.get(f"/console/{path}/{row['id']}")
        assert (file.status, file.content) == (200, content)
        assert file.headers["Content-Type"] == media_type
        assert file.headers["Content-Disposition"].startswith("attachment; filename=")
        assert file.headers["X-Content-Type-Options"] == "nosniff"
        assert file.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert file.headers["Cache-Control"] == "no-store"
    assert await events(gateway) == [("reseller:demo", "sent", str(organization))]


NO_DOCUMENTS = [
    (PDF + b"\0" * MAXIMUM_BYTES, "large.pdf", "more than 5 MB"),
    (b"MZ\x90\0", "register.pdf", "is no PDF, PNG or JPEG"),
    (b"<html>", "register.pdf", "is no PDF, PNG or JPEG"),
    (b" %PDF-1.7", "register.pdf", "is no PDF, PNG or JPEG"),
    (b"", "empty.pdf", "is no PDF, PNG or JPEG"),
    (b"", "", "Choose a file."),
    (PDF, "register.html", "its name must end with .pdf"),
    (PDF, "register.png", "its name must end with .pdf"),
    (JPEG, "letter", "its name must end with .jpg or .jpeg"),
    (PDF, "../../etc/register.pdf", "name holds a path"),
    (PDF, "C:/register.pdf", "name holds a path"),
    (PDF, "gnp.\u202eregister.pdf", "control or invisible characters"),
    (PDF, f"{'x' * 197}.pdf", "more than 200 characters"),
]


async def test_what_is_no_document_is_said_beside_the_file_and_nothing_is_stored(
    gateway: RunningGateway, reseller: ConsolePerson, organization: UUID
) -> None:
    for content, name, shown in NO_DOCUMENTS:
        answer = await sent(reseller, organization, content, name)
        assert answer.status == 422, name
        error = answer.text.partition('id="send-document-document-error">')[2].partition("<")[0]
        assert shown in error
    assert await documents(gateway) == []
    assert await events(gateway) == []


async def test_the_same_bytes_are_one_document_and_the_twentieth_is_the_last(
    gateway: RunningGateway, reseller: ConsolePerson, organization: UUID
) -> None:
    for number in range(MOST_DOCUMENTS):
        await send_document(gateway, organization, f"{number}.pdf", PDF + bytes([number]))
    again = await sent(reseller, organization, PDF + b"\3", "again.pdf")
    assert again.status == 303
    assert "3.pdf was sent before" in (await reseller.get(again.to)).text
    more = await sent(reseller, organization, PDF + b"more")
    assert more.status == 422
    assert "at most 20 documents" in more.text
    assert len(await documents(gateway)) == MOST_DOCUMENTS
    other = await add_organization(gateway)
    assert (await sent(reseller, other, PDF + b"\3", "other.pdf")).status == 303


async def test_two_documents_at_the_same_moment_are_not_one_too_many(
    gateway: RunningGateway, organization: UUID
) -> None:
    for number in range(MOST_DOCUMENTS - 1):
        await send_document(gateway, organization, f"{number}.pdf", PDF + bytes([number]))
    outcomes = await asyncio.gather(
        *(send_document(gateway, organization, "x.pdf", PDF + b"x%d" % n) for n in range(3)),
        return_exceptions=True,
    )
    assert sum(isinstance(each, BaseException) for each in outcomes) == 2
    assert len(await documents(gateway)) == MOST_DOCUMENTS


async def test_a_document_that_is_removed_while_it_is_sent_again_is_there_or_not(
    gateway: RunningGateway, reseller: ConsolePerson, organization: UUID
) -> None:
    own = f"{ORGANIZATIONS}/{organization}"
    for _ in range(3):
        await send_document(gateway, organization)
        asked = [await ask_for_document(gateway, organization) for _ in range(3)]
        page = await reseller.get(own)
        removal = (page.action("remove-document-0"), page.hidden("remove-document-0"))
        opened = [await reseller.get(own) for _ in asked]
        answers = await asyncio.gather(
            *(
                reseller.post(
                    each.action(SEND),
                    with_file({**each.hidden(SEND), "answers": str(wanted.id)}, PDF, "a.pdf"),
                )
                for each, wanted in zip(opened, asked, strict=True)
            ),
            reseller.post(*removal),
        )
        assert {each.status for each in answers} == {303}
        await gateway.pool.execute("DELETE FROM organization.asked_document")
        await gateway.pool.execute("DELETE FROM organization.document")


async def test_a_form_with_a_file_is_carried_out_once_and_no_other_file_under_its_key(
    gateway: RunningGateway, reseller: ConsolePerson, organization: UUID
) -> None:
    opened = await reseller.get(f"{ORGANIZATIONS}/{organization}")
    hidden, action = opened.hidden(SEND), opened.action(SEND)
    answers = await asyncio.gather(
        *(reseller.post(action, with_file(hidden, PDF, "a.pdf")) for _ in range(3))
    )
    assert {each.status for each in answers} == {303}
    for content, name in ((PNG, "a.png"), (PDF, "b.pdf")):
        other = await reseller.post(action, with_file(hidden, content, name))
        assert other.status == 409
    assert len(await documents(gateway)) == 1
    assert await events(gateway) == [("reseller:demo", "sent", str(organization))]


async def test_the_reseller_sees_what_is_asked_for_until_a_document_is_sent_for_it(
    gateway: RunningGateway,
    reseller: ConsolePerson,
    operator: ConsolePerson,
    organization: UUID,
) -> None:
    own = f"{ORGANIZATIONS}/{organization}"
    assert "No document was sent, and none is asked for." in (await reseller.get(own)).text
    number = await add_prevalidation(gateway, "a.example", organization=organization, expires=None)
    queued = f"{QUEUES}/prevalidations/{number}"
    assert "No document was sent." in (await operator.get(queued)).text
    answer = await operator.submit(queued, "ask", text=ASKED)
    assert (answer.status, answer.to) == (303, f"{QUEUES}/organizations/{organization}")
    assert "<td>0, 1 asked for</td>" in (await operator.get(QUEUES)).text
    page = await reseller.get(own)
    assert "Support asks for these documents." in page.text
    [asked] = await gateway.pool.fetch("SELECT * FROM organization.asked_document")
    assert f'<option value="{asked["id"]}" selected>{ASKED}</option>' in page.text
    assert "demo-operator" not in page.text and asked["asked_by"] not in page.text
    answer = await sent(reseller, organization, answers=str(asked["id"]))
    assert answer.status == 303
    page = await reseller.get(own)
    assert "Support asks for these documents." not in page.text
    assert f"<td>{ASKED}</td>" in page.text
    for path in (queued, f"{QUEUES}/organizations/{organization}"):
        seen = (await operator.get(path)).text
        assert f"<td>{ASKED}</td>" in seen
        assert "data-asked" not in seen
    assert "<td>1</td>" in (await operator.get(QUEUES)).text
    actors = [asked["asked_by"], "reseller:demo", "reseller:demo"]
    assert [(actor, verb) for actor, verb, _ in await events(gateway)] == list(
        zip(actors, ("asked", "sent", "answered"), strict=True)
    )
    assert asked["asked_by"].startswith("operator:")


async def test_a_document_that_was_sent_before_answers_what_is_asked_for_later(
    gateway: RunningGateway, reseller: ConsolePerson, organization: UUID
) -> None:
    document = await send_document(gateway, organization)
    asked = await ask_for_document(gateway, organization)
    assert (await sent(reseller, organization, answers=str(asked.id))).status == 303
    query = "SELECT answered_by FROM organization.asked_document"
    assert await gateway.pool.fetchval(query) == document.id
    twice = await sent(reseller, organization, PNG, "a.png", answers=str(asked.id))
    assert (twice.status, len(await documents(gateway))) == (422, 1)
    removed = await reseller.submit(f"{ORGANIZATIONS}/{organization}", "remove-document-0")
    assert removed.status == 303
    assert await gateway.pool.fetchval(query) is None, "it is asked for again"


async def test_what_another_organization_is_asked_for_is_not_answered(
    gateway: RunningGateway, reseller: ConsolePerson, organization: UUID
) -> None:
    theirs = await ask_for_document(gateway, await add_organization(gateway))
    await ask_for_document(gateway, organization)
    for wrong in (str(theirs.id), str(organization), "x"):
        assert (await sent(reseller, organization, answers=wrong)).status == 422
    assert await documents(gateway) == []


async def test_what_was_asked_for_by_mistake_is_withdrawn_and_answered_ones_stay(
    gateway: RunningGateway,
    reseller: ConsolePerson,
    operator: ConsolePerson,
    organization: UUID,
) -> None:
    path = f"{QUEUES}/organizations/{organization}"
    asked = await ask_for_document(gateway, organization)
    seen = await operator.get(path)
    assert (await operator.submit(path, "withdraw-asked-0")).status == 303
    assert ASKED not in (await reseller.get(f"{ORGANIZATIONS}/{organization}")).text
    answered = await ask_for_document(gateway, organization, "letter of the bank")
    await send_document(gateway, organization, answers=answered.id)
    for wrong in (asked.id, answered.id):
        action = f"{QUEUES}/asked-documents/{wrong}/withdraw"
        again = await operator.post(action, (await operator.get(path)).hidden("ask"))
        assert again.status == 404
    assert await gateway.pool.fetchval("SELECT count(*) FROM organization.asked_document") == 1
    assert seen.status == 200


async def test_texts_that_ask_are_bounded_in_length_and_number(
    gateway: RunningGateway, operator: ConsolePerson, organization: UUID
) -> None:
    path = f"{QUEUES}/organizations/{organization}"
    for wrong in ("", " ", "x" * 501, "a\nb", "a\u202eb", "a\0b"):
        answer = await operator.submit(path, "ask", text=wrong)
        assert answer.status == 422, wrong
        assert 'id="ask-text-error"' in answer.text
    for number in range(MOST_ASKED):
        await ask_for_document(gateway, organization, f"letter {number}")
    answer = await operator.submit(path, "ask", text="one more")
    assert answer.status == 422
    assert "20 documents are asked for already" in answer.text


@pytest.mark.parametrize("decide", [approve, reject])
async def test_a_document_is_removed_until_a_prevalidation_was_decided_on_it(
    gateway: RunningGateway, reseller: ConsolePerson, organization: UUID, decide: Any
) -> None:
    own = f"{ORGANIZATIONS}/{organization}"
    await send_document(gateway, organization, "wrong.pdf", PDF + b"wrong")
    answer = await reseller.submit(own, "remove-document-0")
    assert (answer.status, answer.to) == (303, own)
    assert await documents(gateway) == []
    document = await send_document(gateway, organization)
    before = await reseller.get(own)
    number = await add_prevalidation(gateway, "a.example", organization=organization, expires=None)
    await decide(gateway, number)
    later = await send_document(gateway, organization, "later.pdf", PDF + b"later")
    late = await reseller.post(
        before.action("remove-document-0"), before.hidden("remove-document-0")
    )
    assert late.status == 422
    assert f"Pre-validation {number} was decided on this document: it is kept" in late.text
    page = await reseller.get(own)
    assert page.text.count('id="remove-document') == 1
    assert "it is the evidence of what was validated" in page.text
    assert [(row["id"], row["decided_on"]) for row in await documents(gateway)] == [
        (document.id, number),
        (later.id, None),
    ]
    verbs = [verb for _, verb, _ in await events(gateway)]
    assert verbs == ["sent", "removed", "sent", "sent"]


async def test_an_auditor_sees_documents_and_asks_for_none(
    gateway: RunningGateway, operator: ConsolePerson, organization: UUID
) -> None:
    await ask_for_document(gateway, organization)
    await send_document(gateway, organization)
    await gateway.pool.execute("UPDATE operation.operator SET role = 'auditor'")
    page = await operator.get(f"{QUEUES}/organizations/{organization}")
    assert "register.pdf" in page.text
    assert page.text.count('<form method="post"') == 1  # that to sign out
