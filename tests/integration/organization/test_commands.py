"""`gateway organization` and `gateway prevalidation` on a running gateway."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.integration.operation.test_cli import Run, run
from tests.integration.organization.test_ov_gate import NAME
from tests.support.organizations import (
    PDF,
    add_ov_name,
    ask_for_document,
    ov_client,
    ov_credential,
    send_document,
)
from tests.support.shop import Shop

__all__ = ["run"]

ACME = ("--name", "Acme Hosting Ltd", "--country", "GB", "--locality", "London")
INVALID = "The value of the 'ovAnchorOrderNumber' argument is invalid!"


async def printed(run: Run, *words: str) -> str:
    """The output of a command that must work."""
    status, output, errors = await run(*words)
    assert status == 0, errors
    return output


async def mistake(run: Run, *words: str) -> str:
    """The one line in which a command is refused."""
    status, output, errors = await run(*words)
    assert (status, output) == (1, ""), (output, errors)
    assert errors.startswith("gateway: ")
    assert errors.count("\n") == 1
    return errors.removeprefix("gateway: ").rstrip("\n")


@pytest.fixture
async def organization(run: Run, shop: Shop) -> str:
    made: dict[str, str] = json.loads(
        await printed(run, "organization", "add", "demo", *ACME, "--json")
    )
    assert list(made) == ["id"]
    return made["id"]


async def added(run: Run, organization: str, *words: str) -> int:
    answer = await printed(
        *(run, "prevalidation", "add", "demo", "--organization", organization),
        *("--type", "OV", "--domain", "example.org", *words, "--json"),
    )
    document: dict[str, int] = json.loads(answer)
    assert list(document) == ["ovAnchorOrderNumber"]
    return document["ovAnchorOrderNumber"]


async def shown(run: Run, number: int) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(
        await printed(run, "prevalidation", "show", str(number), "--json")
    )
    return document


async def test_o3_one_validated_elsewhere_serves_at_once_and_approving_it_is_harmless(
    run: Run, shop: Shop, organization: str
) -> None:
    number = await added(run, organization, "--expires", "2025-12-31T23:59:59Z")
    account = (await ov_credential(shop)).kid
    await add_ov_name(shop, account, NAME, number)
    approved = await printed(run, "prevalidation", "approve", str(number))
    assert approved == f"pre-validation {number} is valid until 2025-12-31T23:59:59Z already\n"


async def test_one_that_is_asked_for_serves_once_approved_for_a_year(
    run: Run, shop: Shop, organization: str
) -> None:
    number = await added(run, organization)
    account = (await ov_credential(shop)).kid
    fields = {"acmeAccountID": account, "domainName": NAME, "ovAnchorOrderNumber": str(number)}
    assert (await shop.refused("ADDDOMAIN", **fields)).detail == INVALID
    begun = await printed(
        run, "prevalidation", "begin", str(number), "--evidence", "register asked"
    )
    assert begun == f"pre-validation {number} is in_validation\n"
    assert (await shop.refused("ADDDOMAIN", **fields)).detail == INVALID
    approved = await printed(
        run, "prevalidation", "approve", str(number), "--evidence", "called back"
    )
    assert approved == f"pre-validation {number} is valid until 2026-01-10T15:30:00Z\n"
    await shop.do("ADDDOMAIN", **fields)
    await printed(run, "prevalidation", "note", str(number), "filed as 4711")
    document = await shown(run, number)
    assert [line.partition(": ")[2] for line in document["evidence"].splitlines()] == [
        "register asked",
        "called back",
        "filed as 4711",
    ]
    assert document["evidence"].startswith("2025-01-10T15:30:00Z operator:")
    actions = await shop.gateway.pool.fetch(
        "SELECT action FROM audit.event WHERE subject = $1 ORDER BY id", str(number)
    )
    assert [row["action"].removeprefix("prevalidation.") for row in actions] == [
        *("added", "begun", "approved", "noted")
    ]


async def test_a_rejection_works_at_once_and_twice_is_harmless(
    run: Run, shop: Shop, organization: str
) -> None:
    number = await added(run, organization, "--expires", "2026-12-31")
    _, client = await ov_client(shop, number, NAME)
    assert (await client.new_order(NAME)).status == 201
    rejected = await printed(run, "prevalidation", "reject", str(number), "--evidence", "dissolved")
    assert rejected == f"pre-validation {number} is rejected\n"
    assert "was rejected" in (await client.new_order(NAME)).detail
    again = await printed(run, "prevalidation", "reject", str(number))
    assert again == f"pre-validation {number} is rejected already\n"
    refused = await mistake(run, "prevalidation", "approve", str(number))
    assert refused == f"pre-validation {number} is rejected; order a new one"


async def test_what_is_shown_is_what_was_said(run: Run, shop: Shop, organization: str) -> None:
    words = ("--expires", "2025-06-30", "--valid-from", "2025-01-01T00:00:00+01:00")
    number = await added(run, organization, "--domain", "Example.NET.", *words)
    document = await shown(run, number)
    assert {**document, "organization": None} == {
        "ovAnchorOrderNumber": number,
        "reseller": "demo",
        "organizationID": organization,
        "type": "OV",
        "state": "valid",
        "requestedAt": "2025-01-10T15:30:00Z",
        "validFrom": "2024-12-31T23:00:00Z",
        "expiresAt": "2025-06-30T23:59:59Z",
        "renews": None,
        "domains": ["example.net", "example.org"],
        "organization": None,
        "evidence": "",
    }
    assert document["organization"]["name"] == "Acme Hosting Ltd"
    assert document in json.loads(await printed(run, "prevalidation", "list", "demo", "--json"))
    assert str(number) in await printed(run, "prevalidation", "list")
    await shop.at("2025-07-01T00:00:00Z")
    assert (await shown(run, number))["state"] == "expired"


async def test_organizations_are_listed_shown_and_changed(run: Run, organization: str) -> None:
    words = ("--identifier", "duns=150483782", "--name", "Acme Cloud Ltd")
    await printed(run, "organization", "set", organization, *words)
    document = json.loads(await printed(run, "organization", "show", organization, "--json"))
    assert document["name"] == "Acme Cloud Ltd"
    assert document["locality"] == "London"
    assert document["identifiers"] == {"duns": "150483782"}
    assert document in json.loads(await printed(run, "organization", "list", "--json"))
    await printed(run, "organization", "set", organization, "--identifier", "duns=")
    assert "identifiers: {}" in await printed(run, "organization", "show", organization)
    assert organization in await printed(run, "organization", "list", "demo")


async def test_operators_move_all_names_of_a_reseller(
    run: Run, shop: Shop, organization: str
) -> None:
    old = await added(run, organization, "--expires", "2026-12-31")
    accounts = [(await ov_credential(shop)).kid for _ in range(2)]
    for account in accounts:
        await add_ov_name(shop, account, NAME, old)
    new = await added(run, organization, "--expires", "2027-12-31", "--renews", str(old))
    moved = await printed(run, "prevalidation", "reassign", str(old), str(new))
    assert moved == f"2 names depend on pre-validation {new} now\n"
    assert (await shown(run, old))["state"] == "superseded"
    refused = await mistake(run, "prevalidation", "reject", str(old))
    assert refused == f"pre-validation {old} is superseded; no name depends on it"
    refused = await mistake(run, "prevalidation", "reassign", str(new), str(old))
    assert "not valid now" in refused


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--name", ""), "the name of the organization is empty"),
        (("--name", "x" * 65), "the name has more than 64 characters"),
        (("--name", "a\tb"), "the name holds control or invisible characters"),
        (("--country", "UK"), "the country is not a two-letter code of ISO 3166-1 in capitals"),
        (("--locality", ""), "a locality, a state or province, or both must be given"),
        (("--applicant-email", "x"), "the applicant's e-mail is not a mail address"),
        (("--identifier", "lei=x"), "the lei is not a Legal Entity Identifier"),
        (("--identifier", "x=y"), "'x' is no kind of identifier; there are registrationNumber"),
        (("--identifier", "lei"), "an identifier is given as KIND=VALUE"),
    ],
)
async def test_a_malformed_organization_is_refused_in_one_line(
    run: Run, shop: Shop, words: tuple[str, ...], said: str
) -> None:
    before = await shop.state()
    assert said in await mistake(run, "organization", "add", "demo", *ACME, *words)
    assert await shop.state() == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--organization", "x"), "'x' is no id: see `gateway organization list`"),
        (("--organization", "01890a5d-ac96-774b-bcce-b302099a8057"), "there is no organization"),
        (("--type", "QWAC"), "a pre-validation is for OV, EV, OV+SMIME; not 'QWAC'"),
        (("--domain", "*.example.org"), "give example.org instead of *.example.org"),
        (("--domain", "org"), "'org' is not a domain"),
        (("--expires", "tomorrow"), "'tomorrow' is no instant like 2026-06-30T23:59:59Z"),
        (("--expires", "2026-02-30"), "'2026-02-30' is no instant"),
        (("--valid-from", "2026-01-01"), "what was valid from a certain day on also expires"),
        (("--valid-from", "2026-01-01", "--expires", "2025-01-01"), "it would expire before"),
        (("--renews", "1"), "the organization has no pre-validation 1"),
        (("--evidence", "a\nb"), "a note is one line of printable text"),
    ],
)
async def test_a_malformed_pre_validation_is_refused_in_one_line(
    run: Run, shop: Shop, organization: str, words: tuple[str, ...], said: str
) -> None:
    good = ("--organization", organization, "--domain", "example.org")
    before = await shop.state()
    assert said in await mistake(run, "prevalidation", "add", "demo", *good, *words)
    assert await shop.state() == before


async def test_who_or_what_does_not_exist_is_named(run: Run, shop: Shop) -> None:
    nobody = "there is no reseller 'nobody'"
    assert await mistake(run, "organization", "add", "nobody", *ACME) == nobody
    assert await mistake(run, "organization", "list", "nobody") == nobody
    assert await mistake(run, "prevalidation", "list", "nobody") == nobody
    for command in ("approve", "reject", "show", "begin"):
        refused = await mistake(run, "prevalidation", command, "1")
        assert refused == "there is no pre-validation 1"


async def test_operators_list_and_save_the_documents_of_an_organization(
    run: Run, shop: Shop, organization: str, tmp_path: Path
) -> None:
    await ask_for_document(shop.gateway, UUID(organization), "letter of the bank")
    sent = await send_document(shop.gateway, UUID(organization), "régistre 1.pdf")
    listed = await printed(run, "organization", "documents", organization)
    first, asked = listed.splitlines()
    assert first.split("  ") == [str(sent.id), sent.sent_at.isoformat(), "17", "régistre 1.pdf"]
    assert asked == "asked for: letter of the bank"
    save = ("organization", "documents", organization, "--save", str(tmp_path))
    assert await printed(run, *save) == listed
    file = tmp_path / f"{sent.id}-régistre 1.pdf"
    assert file.read_bytes() == PDF
    assert await mistake(run, *save) == f"{file} cannot be written: File exists"
    nowhere = str(tmp_path / "nowhere")
    assert await mistake(run, *save[:-1], nowhere) == f"{nowhere} is no directory"
    unknown = str(sent.id)
    assert "there is no organization" in await mistake(run, "organization", "documents", unknown)
