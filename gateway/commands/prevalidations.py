"""`gateway prevalidation …`"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.commands.inputs import input_mistakes, instant_of
from gateway.commands.operation import Config, group, operate, settings_of
from gateway.commands.organizations import AsJson, Login, uuid_of
from gateway.errors import OperatorMistake
from gateway.errors.request import ArgumentInvalid

if TYPE_CHECKING:
    from gateway.usecases.organization.prevalidations import Prevalidation
    from gateway.usecases.work import Work

app = group(
    "What is validated about organizations, for OV.",
)

Number = Annotated[
    int, typer.Argument(metavar="NUMBER", min=0, max=2**63 - 1, help="Anchor order number.")
]
Evidence = Annotated[str, typer.Option(metavar="TEXT", help="A line for the notes.")]
Instant = Annotated[
    str | None, typer.Option(metavar="ISO", help="Like 2026-06-30T23:59:59Z, or 2026-06-30.")
]


@app.command()
def add(
    login: Login,
    organization: Annotated[str, typer.Option(metavar="ID")],
    domain: Annotated[list[str], typer.Option(metavar="D", help="Repeatable.")],
    type_: Annotated[str, typer.Option("--type", metavar="OV|EV|OV+SMIME")] = "OV",
    expires: Instant = None,
    valid_from: Instant = None,
    renews: Annotated[int | None, typer.Option(metavar="NUMBER", min=0, max=2**63 - 1)] = None,
    evidence: Evidence = "",
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """A pre-validation to be decided on; with --expires one that was made elsewhere and is valid.

    It keeps the organization's details as they are now.
    """
    from gateway.usecases.organization import organizations, prevalidations
    from gateway.usecases.organization.prevalidations import NewPrevalidation

    organization_id = uuid_of(organization)
    begins = None if valid_from is None else instant_of(valid_from)
    ends = None if expires is None else instant_of(expires)

    async def carry_out(work: Work) -> int:
        owner = await organizations.reseller_called(work, login)
        wanted = NewPrevalidation(
            owner, organization_id, type_, domain, begins, ends, renews, evidence
        )
        with input_mistakes():
            return await prevalidations.add_prevalidation(work, wanted)

    number = operate(config, carry_out)
    if as_json:
        typer.echo(json.dumps({"ovAnchorOrderNumber": number}))
    else:
        typer.echo(f"pre-validation {number} added")


@app.command()
def begin(number: Number, evidence: Evidence = "", config: Config = None) -> None:
    """Shows the reseller that somebody is at work on it."""
    from gateway.usecases.organization import prevalidations

    async def carry_out(work: Work) -> Prevalidation:
        with input_mistakes():
            return await prevalidations.begin_validation(work, number, evidence)

    typer.echo(f"pre-validation {number} is {operate(config, carry_out).state}")


@app.command()
def approve(
    number: Number,
    expires: Instant = None,
    evidence: Evidence = "",
    config: Config = None,
) -> None:
    """Valid from now on; without --expires for `prevalidations.days`."""
    from gateway.usecases.organization import prevalidations

    ends = None if expires is None else instant_of(expires)
    term = timedelta(days=settings_of(config).prevalidations.days)

    async def carry_out(work: Work) -> tuple[Prevalidation, bool]:
        with input_mistakes():
            return await prevalidations.approve(
                work, number, expires_at=ends, term=term, evidence=evidence
            )

    found, changed = operate(config, carry_out)
    until = "" if found.expires_at is None else f" until {_shown(found.expires_at)}"
    typer.echo(f"pre-validation {number} is valid{until}{'' if changed else ' already'}")


@app.command()
def reject(number: Number, evidence: Evidence = "", config: Config = None) -> None:
    """Rejects it for good: names that depend on it get no more certificates from now on."""
    from gateway.usecases.organization import prevalidations

    async def carry_out(work: Work) -> tuple[Prevalidation, bool]:
        with input_mistakes():
            return await prevalidations.reject(work, number, evidence)

    _, changed = operate(config, carry_out)
    typer.echo(f"pre-validation {number} is rejected{'' if changed else ' already'}")


@app.command()
def reassign(
    old: Annotated[int, typer.Argument(metavar="OLD", min=0, max=2**63 - 1)],
    new: Annotated[int, typer.Argument(metavar="NEW", min=0, max=2**63 - 1)],
    config: Config = None,
) -> None:
    """Makes all names that depend on OLD depend on NEW, in each subscription of the reseller."""
    from gateway.usecases.organization import prevalidations, reassignment

    async def carry_out(work: Work) -> int:
        owner = (await prevalidations.show_prevalidation(work, old)).reseller_id
        try:
            moved = await reassignment.reassign(
                work, reseller_id=owner, old_number=old, new_number=new
            )
        except ArgumentInvalid:
            raise OperatorMistake(
                f"pre-validation {new} is another reseller's, not valid now, "
                "or does not cover every name"
            ) from None
        return len(moved)

    typer.echo(f"{operate(config, carry_out)} names depend on pre-validation {new} now")


@app.command()
def note(
    number: Number,
    evidence: Annotated[str, typer.Argument(metavar="TEXT")],
    config: Config = None,
) -> None:
    """Adds a line of evidence."""
    from gateway.usecases.organization import prevalidations

    async def carry_out(work: Work) -> None:
        with input_mistakes():
            await prevalidations.note(work, number, evidence)

    operate(config, carry_out)
    typer.echo(f"noted on pre-validation {number}")


@app.command("list")
def list_(
    login: Annotated[str | None, typer.Argument(metavar="LOGIN", help="Default: all.")] = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Pre-validations with their states now."""
    from gateway.usecases.organization import organizations, prevalidations

    async def carry_out(work: Work) -> list[dict[str, Any]]:
        owner = None
        if login is not None:
            owner = await organizations.reseller_called(work, login)
        found = await prevalidations.list_prevalidations(work, reseller_id=owner)
        return [_document(each, work.now) for each in found]

    documents = operate(config, carry_out)
    if as_json:
        typer.echo(json.dumps(documents))
        return
    for each in documents:
        domains = ", ".join(each["domains"])
        typer.echo(
            f"{each['ovAnchorOrderNumber']}  {each['reseller']}  {each['organization']['name']}  "
            f"{each['type']}  {each['state']}  {each['expiresAt'] or '-'}  {domains}"
        )


@app.command()
def show(number: Number, as_json: AsJson = False, config: Config = None) -> None:
    """One pre-validation with what was validated and the notes."""
    from gateway.usecases.organization import prevalidations

    async def carry_out(work: Work) -> dict[str, Any]:
        found = await prevalidations.show_prevalidation(work, number)
        return _document(found, work.now)

    document = operate(config, carry_out)
    if as_json:
        typer.echo(json.dumps(document))
        return
    for field, value in document.items():
        typer.echo(f"{field}: {value}")


def _document(prevalidation: Prevalidation, now: datetime) -> dict[str, Any]:
    return {
        "ovAnchorOrderNumber": prevalidation.number,
        "reseller": prevalidation.reseller,
        "organizationID": str(prevalidation.organization_id),
        "type": prevalidation.type,
        "state": prevalidation.validity.state_at(now),
        "requestedAt": _shown(prevalidation.requested_at),
        "validFrom": _shown(prevalidation.valid_from),
        "expiresAt": _shown(prevalidation.expires_at),
        "renews": prevalidation.previous_number,
        "domains": prevalidation.domains,
        "organization": prevalidation.details.document(),
        "evidence": prevalidation.evidence,
    }


def _shown(moment: datetime | None) -> str | None:
    from gateway.rules.organization.prevalidations import instant

    return None if moment is None else instant(moment)
