"""`gateway prevalidation …`"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.commands.operation import Config, group, operate, settings_of
from gateway.commands.organizations import AsJson, Login, uuid_of
from gateway.commands.told import inputs_told, instant_of
from gateway.errors import ArgumentInvalid, OperatorMistake
from gateway.origin import Origin

if TYPE_CHECKING:
    from gateway.db.pool import Connection
    from gateway.usecases.organization.prevalidations import Prevalidation

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

    async def work(connection: Connection, now: datetime, origin: Origin) -> int:
        owner = await organizations.reseller_called(connection, login)
        wanted = NewPrevalidation(
            owner, organization_id, type_, domain, begins, ends, renews, evidence
        )
        with inputs_told():
            return await prevalidations.add_prevalidation(connection, now, origin, wanted)

    number = operate(config, work)
    if as_json:
        typer.echo(json.dumps({"ovAnchorOrderNumber": number}))
    else:
        typer.echo(f"pre-validation {number} added")


@app.command()
def begin(number: Number, evidence: Evidence = "", config: Config = None) -> None:
    """Shows the reseller that somebody is at work on it."""
    from gateway.usecases.organization import prevalidations

    async def work(connection: Connection, now: datetime, origin: Origin) -> Prevalidation:
        with inputs_told():
            return await prevalidations.begin_validation(connection, now, origin, number, evidence)

    typer.echo(f"pre-validation {number} is {operate(config, work).state}")


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

    async def work(
        connection: Connection, now: datetime, origin: Origin
    ) -> tuple[Prevalidation, bool]:
        with inputs_told():
            return await prevalidations.approve(
                connection, now, origin, number, expires_at=ends, term=term, evidence=evidence
            )

    found, changed = operate(config, work)
    until = "" if found.expires_at is None else f" until {_shown(found.expires_at)}"
    typer.echo(f"pre-validation {number} is valid{until}{'' if changed else ' already'}")


@app.command()
def reject(number: Number, evidence: Evidence = "", config: Config = None) -> None:
    """For good; the names that lean on it get no certificates from this moment on."""
    from gateway.usecases.organization import prevalidations

    async def work(
        connection: Connection, now: datetime, origin: Origin
    ) -> tuple[Prevalidation, bool]:
        with inputs_told():
            return await prevalidations.reject(connection, now, origin, number, evidence)

    _, changed = operate(config, work)
    typer.echo(f"pre-validation {number} is rejected{'' if changed else ' already'}")


@app.command()
def reassign(
    old: Annotated[int, typer.Argument(metavar="OLD", min=0, max=2**63 - 1)],
    new: Annotated[int, typer.Argument(metavar="NEW", min=0, max=2**63 - 1)],
    config: Config = None,
) -> None:
    """Lets all names that lean on OLD lean on NEW, in every subscription of the reseller."""
    from gateway.usecases.organization import prevalidations, reassignment

    async def work(connection: Connection, now: datetime, origin: Origin) -> int:
        owner = (await prevalidations.show_prevalidation(connection, old)).reseller_id
        try:
            moved = await reassignment.reassign(
                connection, now, origin, reseller_id=owner, old_number=old, new_number=new
            )
        except ArgumentInvalid:
            raise OperatorMistake(
                f"pre-validation {new} is another reseller's, not valid now, "
                "or does not cover every name"
            ) from None
        return len(moved)

    typer.echo(f"{operate(config, work)} names lean on pre-validation {new} now")


@app.command()
def note(
    number: Number,
    evidence: Annotated[str, typer.Argument(metavar="TEXT")],
    config: Config = None,
) -> None:
    """Adds a line of evidence."""
    from gateway.usecases.organization import prevalidations

    async def work(connection: Connection, now: datetime, origin: Origin) -> None:
        with inputs_told():
            await prevalidations.note(connection, now, origin, number, evidence)

    operate(config, work)
    typer.echo(f"noted on pre-validation {number}")


@app.command("list")
def list_(
    login: Annotated[str | None, typer.Argument(metavar="LOGIN", help="Default: all.")] = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Pre-validations with their states now."""
    from gateway.usecases.organization import organizations, prevalidations

    async def work(connection: Connection, now: datetime, origin: Origin) -> list[dict[str, Any]]:
        owner = None
        if login is not None:
            owner = await organizations.reseller_called(connection, login)
        found = await prevalidations.list_prevalidations(connection, reseller_id=owner)
        return [_document(each, now) for each in found]

    documents = operate(config, work)
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

    async def work(connection: Connection, now: datetime, origin: Origin) -> dict[str, Any]:
        found = await prevalidations.show_prevalidation(connection, number)
        return _document(found, now)

    document = operate(config, work)
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
    from gateway.rules.organization.prevalidation import instant

    return None if moment is None else instant(moment)
