"""Forms with a file: what is read of them, in which order, and what is refused."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from random import Random
from uuid import UUID

import pytest

from tests.integration.console.test_documents import (
    ORGANIZATIONS,
    SEND,
    documents,
    organization,
    sent,
)
from tests.support.amount import share_of
from tests.support.console import ConsolePerson, PageAnswer
from tests.support.gateway import RunningGateway
from tests.support.organizations import PDF
from tests.support.spoiling import spoilt_bytes

__all__ = ["organization"]

# The reader of parts warns of what it refuses; the gateway silences that.
BROKEN_PARTS = pytest.mark.filterwarnings("ignore::RuntimeWarning:aiohttp.multipart")
BOUNDARY = "a-boundary"


def part(name: str, value: str | bytes, filename: str | None = None, more: str = "") -> bytes:
    file = "" if filename is None else f'; filename="{filename}"'
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n{more}\r\n'
    content = value if isinstance(value, bytes) else value.encode()
    return head.encode() + content + b"\r\n"


def body_of(fields: Mapping[str, str], *parts: bytes) -> bytes:
    return b"".join([*(part(*each) for each in fields.items()), *parts]) + END


END = f"--{BOUNDARY}--\r\n".encode()
FILE = part("document", PDF, "register.pdf", "Content-Type: application/pdf\r\n")
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


async def raw(person: ConsolePerson, path: str, body: bytes, kind: str = MULTIPART) -> PageAnswer:
    return await person.post(path, body, **{"Content-Type": kind})


async def test_a_form_is_refused_before_its_file_is_read(
    gateway: RunningGateway, reseller: ConsolePerson, organization: UUID
) -> None:
    """The file never comes, and the answer does."""
    opened = await reseller.get(f"{ORGANIZATIONS}/{organization}")
    hidden, action = opened.hidden(SEND), opened.action(SEND)

    async def begun(body: bytes) -> AsyncIterator[bytes]:
        yield body
        await asyncio.Event().wait()

    for wrong in ({**hidden, "csrf": "x"}, {**hidden, "once": ""}):
        head = b"".join(part(*each) for each in wrong.items())
        kind = {"Content-Type": MULTIPART, "Content-Length": str(10**6)}
        body = head + FILE[:-2] + b"\0" * 40_000
        answer = await reseller.post(action, begun(body), **kind)
        assert answer.status == 403
    assert await documents(gateway) == []


async def test_a_body_that_is_no_form_with_one_file_stores_nothing(
    gateway: RunningGateway, reseller: ConsolePerson, organization: UUID
) -> None:
    opened = await reseller.get(f"{ORGANIZATIONS}/{organization}")
    fields, action = opened.hidden(SEND), opened.action(SEND)
    for body, status in no_forms_with_one_file(fields):
        answer = await raw(reseller, action, body)
        assert answer.status == status, body[:1000]
    assert await documents(gateway) == []


def no_forms_with_one_file(fields: Mapping[str, str]) -> Iterator[tuple[bytes, int]]:
    whole = body_of(fields, FILE)
    yield body_of(fields, FILE, FILE), 400
    yield body_of(fields, FILE, part("late", "x")), 400
    yield whole[: -len(END)], 400
    yield whole[:-6], 400
    yield whole[: -len(END) - 10], 400
    yield whole.replace(BOUNDARY.encode(), b"other"), 400
    yield b"", 400
    yield END, 403
    yield body_of(fields), 422
    yield body_of(fields, part("document", PDF)), 422
    yield body_of(fields, part("document", "", "")), 422
    yield body_of(fields, part("x" * 3000, PDF, "a.pdf")), 400
    for head in (
        "A: b\r\n" * 9,
        "Content-Transfer-Encoding: base64\r\n",
        "Content-Encoding: gzip\r\n",
        "Content-Type: multipart/mixed; boundary=b\r\n",
    ):
        yield body_of(fields, part("document", PDF, "a.pdf", head)), 400
    yield whole.replace(b"form-data; name", b"attachment; name"), 400
    yield body_of({"_charset_": "utf-7", **fields}), 400
    yield body_of({**fields, "more": "x" * 70_000}, FILE), 413
    yield body_of({**fields, **{f"f{n}": "" for n in range(300)}}, FILE), 413
    yield b"preamble\r\n" * 10_000 + whole, 413


@pytest.mark.parametrize(
    "kind",
    [
        "multipart/form-data",
        f"multipart/form-data; boundary={'x' * 71}",
        "multipart/form-data; boundary=",
        'multipart/form-data; boundary="',
    ],
)
async def test_a_boundary_that_cannot_be_is_a_broken_form(
    reseller: ConsolePerson, organization: UUID, kind: str
) -> None:
    path = f"{ORGANIZATIONS}/{organization}/documents"
    assert (await raw(reseller, path, body_of({}, FILE), kind)).status == 400


async def test_forms_with_files_are_taken_only_where_a_page_has_one(
    reseller: ConsolePerson, organization: UUID
) -> None:
    opened = await reseller.get(f"{ORGANIZATIONS}/{organization}")
    body = body_of(opened.hidden("change-organization"), FILE)
    assert (await raw(reseller, opened.action("change-organization"), body)).status == 415


async def test_a_form_with_a_file_that_came_without_a_session_is_kept_but_for_the_file(
    gateway: RunningGateway, reseller: ConsolePerson, organization: UUID
) -> None:
    path = f"{ORGANIZATIONS}/{organization}"
    opened = await reseller.get(path)
    reseller.cookies.clear()
    answer = await raw(reseller, opened.action(SEND), body_of(opened.hidden(SEND), FILE))
    assert answer.status == 401
    kept = re.search('name="kept" value="([^"]+)"', answer.text)
    assert kept is not None
    signed_in = await reseller.sign_in(kept=kept[1])
    assert (signed_in.status, signed_in.to) == (303, path)
    assert "Look at what you entered, and send it again." in (await reseller.get(path)).text
    assert await documents(gateway) == []
    assert (await sent(reseller, organization)).status == 303
    assert "send it again" not in (await reseller.get(path)).text


@BROKEN_PARTS
async def test_a_spoilt_form_with_a_file_is_never_our_fault_and_stores_a_document_or_nothing(
    gateway: RunningGateway, reseller: ConsolePerson, organization: UUID
) -> None:
    opened = await reseller.get(f"{ORGANIZATIONS}/{organization}")
    hidden, action = opened.hidden(SEND), opened.action(SEND)
    random = Random(1)
    for number in range(share_of(2000)):
        body = spoilt_bytes(random, body_of({**hidden, "once": f"{number:022d}"}, FILE))
        answer = await raw(reseller, action, body)
        assert answer.status in (303, 400, 403, 409, 413, 422), (answer.status, body)
    for row in await documents(gateway):
        assert row["content"].startswith(b"%PDF-")
        assert row["name"].isprintable()
