"""`gateway organization …`"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from gateway.commands.inputs import input_mistakes
from gateway.commands.operation import Config, group, operate
from gateway.errors import OperatorMistake
from gateway.rules.organization.organizations import IDENTIFIERS, OrganizationDetails

if TYPE_CHECKING:
    from gateway.usecases.organization.documents import DocumentsOf
    from gateway.usecases.organization.organizations import StoredOrganization
    from gateway.usecases.work import Work

app = group("Organizations of resellers.")

Login = Annotated[str, typer.Argument(metavar="LOGIN")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]
Identifiers = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KIND=VALUE", help=f"Repeatable; {', '.join(IDENTIFIERS)}. 'KIND=' removes it."
    ),
]
Text = Annotated[str | None, typer.Option(metavar="TEXT")]


def uuid_of(text: str) -> UUID:
    """An organization's id as typed; raises OperatorMistake."""
    try:
        return UUID(text)
    except ValueError:
        raise OperatorMistake(f"{text!r} is no id: see `gateway organization list`") from None


@app.command()
def add(
    login: Login,
    name: Annotated[str, typer.Option(metavar="N", help="Legal name, at most 64 characters.")],
    country: Annotated[str, typer.Option(metavar="CC", help="ISO 3166-1, like DE.")],
    locality: Annotated[str, typer.Option(metavar="L")] = "",
    state_or_province: Annotated[str, typer.Option(metavar="S")] = "",
    street: Annotated[str, typer.Option(metavar="TEXT")] = "",
    postal_code: Annotated[str, typer.Option(metavar="TEXT")] = "",
    applicant_name: Annotated[str, typer.Option(metavar="TEXT")] = "",
    applicant_email: Annotated[str, typer.Option(metavar="TEXT")] = "",
    applicant_phone: Annotated[str, typer.Option(metavar="TEXT")] = "",
    identifier: Identifiers = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """A new organization; nothing is validated by that."""
    from gateway.usecases.organization import organizations

    details = OrganizationDetails(
        name,
        country,
        locality,
        state_or_province,
        street,
        postal_code,
        applicant_name,
        applicant_email,
        applicant_phone,
        _identifiers(identifier),
    )

    async def carry_out(work: Work) -> UUID:
        with input_mistakes():
            return await organizations.add_organization(
                work,
                reseller_id=await organizations.reseller_called(work, login),
                details=details,
            )

    made = operate(config, carry_out)
    typer.echo(json.dumps({"id": str(made)}) if as_json else f"organization {made} added")


@app.command("set")
def set_(
    organization: Annotated[str, typer.Argument(metavar="ID")],
    name: Text = None,
    country: Text = None,
    locality: Text = None,
    state_or_province: Text = None,
    street: Text = None,
    postal_code: Text = None,
    applicant_name: Text = None,
    applicant_email: Text = None,
    applicant_phone: Text = None,
    identifier: Identifiers = None,
    config: Config = None,
) -> None:
    """Changes what is given. Pre-validations keep what was validated: order a new one."""
    from gateway.usecases.organization import organizations

    organization_id = uuid_of(organization)
    given = {
        "name": name,
        "country": country,
        "locality": locality,
        "state_or_province": state_or_province,
        "street": street,
        "postal_code": postal_code,
        "applicant_name": applicant_name,
        "applicant_email": applicant_email,
        "applicant_phone": applicant_phone,
        "identifiers": _identifiers(identifier) or None,
    }

    async def carry_out(work: Work) -> None:
        with input_mistakes():
            before = await organizations.show_organization(work, organization_id)
            await organizations.update_organization(
                work,
                reseller_id=before.reseller_id,
                organization_id=organization_id,
                changes={field: value for field, value in given.items() if value is not None},
            )

    operate(config, carry_out)
    typer.echo(f"organization {organization_id} changed")


@app.command("list")
def list_(
    login: Annotated[str | None, typer.Argument(metavar="LOGIN", help="Default: all.")] = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Organizations as their resellers state them now."""
    from gateway.usecases.organization import organizations

    async def carry_out(work: Work) -> list[StoredOrganization]:
        owner = None
        if login is not None:
            owner = await organizations.reseller_called(work, login)
        return await organizations.list_organizations(work, owner)

    found = operate(config, carry_out)
    if as_json:
        typer.echo(json.dumps([_document(each) for each in found]))
        return
    for each in found:
        typer.echo(f"{each.id}  {each.reseller}  {each.details.name}  {each.details.country}")


@app.command()
def show(
    organization: Annotated[str, typer.Argument(metavar="ID")],
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """One organization with all details."""
    from gateway.usecases.organization import organizations

    organization_id = uuid_of(organization)

    async def carry_out(work: Work) -> StoredOrganization:
        with input_mistakes():
            return await organizations.show_organization(work, organization_id)

    document = _document(operate(config, carry_out))
    if as_json:
        typer.echo(json.dumps(document))
        return
    for field, value in document.items():
        typer.echo(f"{field}: {value}")


@app.command()
def documents(
    organization: Annotated[str, typer.Argument(metavar="ID")],
    save: Annotated[
        Path | None, typer.Option(metavar="DIRECTORY", help="Writes the files there, as ID-NAME.")
    ] = None,
    config: Config = None,
) -> None:
    """The documents that the reseller sent, and those that it was asked for."""
    from gateway.usecases.organization import documents as use_cases
    from gateway.usecases.organization import organizations

    organization_id = uuid_of(organization)
    if save is not None and not save.is_dir():
        raise OperatorMistake(f"{save} is no directory")

    async def carry_out(work: Work) -> DocumentsOf:
        with input_mistakes():
            await organizations.show_organization(work, organization_id)
        found = await use_cases.list_documents(work, organization_id)
        if save is not None:
            for each in found.sent:
                _, content = await use_cases.open_document(work, each.id)
                _write(save / f"{each.id}-{each.name}", content)
        return found

    found = operate(config, carry_out)
    for each in found.sent:
        kept = f"  kept for {each.decided_on}" if each.decided_on else ""
        typer.echo(f"{each.id}  {each.sent_at.isoformat()}  {each.size}  {each.name}{kept}")
    for asked in found.unanswered:
        typer.echo(f"asked for: {asked.text}")


def _write(file: Path, content: bytes) -> None:
    try:
        with file.open("xb") as opened:
            opened.write(content)
    except OSError as error:
        raise OperatorMistake(f"{file} cannot be written: {error.strerror}") from None


def _identifiers(given: list[str] | None) -> dict[str, str]:
    pairs = [each.partition("=") for each in given or []]
    if any(not equals for _, equals, _ in pairs):
        raise OperatorMistake("an identifier is given as KIND=VALUE, like vatNumber=DE123456789")
    return {kind: value for kind, _, value in pairs}


def _document(organization: StoredOrganization) -> dict[str, Any]:
    details = organization.details
    return {
        "id": str(organization.id),
        "reseller": organization.reseller,
        "name": details.name,
        "street": details.street,
        "locality": details.locality,
        "stateOrProvince": details.state_or_province,
        "postalCode": details.postal_code,
        "country": details.country,
        "applicantName": details.applicant_name,
        "applicantEmail": details.applicant_email,
        "applicantPhone": details.applicant_phone,
        "identifiers": dict(details.identifiers),
        "createdAt": organization.created_at.isoformat(),
        "changedAt": organization.changed_at.isoformat(),
    }
