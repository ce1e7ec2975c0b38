"""`gateway operator …`"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.commands.inputs import password_in
from gateway.commands.operation import Config, group, operate

if TYPE_CHECKING:
    from gateway.usecases.operation.operators import OperatorChanges, OperatorRow
    from gateway.usecases.work import Work

app = group("People who work at the console.")

Name = Annotated[str, typer.Argument(metavar="NAME")]


@app.command()
def add(
    name: Name,
    role: Annotated[str, typer.Option(metavar="admin|support|auditor")],
    password_file: Annotated[
        Path, typer.Option("--password-file", metavar="F", help="One trailing newline is dropped.")
    ],
    config: Config = None,
) -> None:
    """A new operator, who may do at the console what the role allows."""
    from gateway.usecases.operation import operators

    password = password_in(password_file)

    async def carry_out(work: Work) -> None:
        await operators.add_operator(work, name=name, role=role, password=password)

    operate(config, carry_out)
    typer.echo(f"operator {name} added")


@app.command("list")
def list_(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    config: Config = None,
) -> None:
    """All operators with their roles."""
    from gateway.usecases.operation import operators

    async def carry_out(work: Work) -> list[OperatorRow]:
        return await operators.list_operators(work)

    found = operate(config, carry_out)
    if as_json:
        rows = [{"name": each.name, "role": each.role, "status": each.status} for each in found]
        typer.echo(json.dumps(rows))
        return
    for each in found:
        typer.echo(f"{each.name}  {each.role}  {each.status}")


@app.command("set")
def set_(
    name: Name,
    role: Annotated[str | None, typer.Option(metavar="admin|support|auditor")] = None,
    password_file: Annotated[Path | None, typer.Option(metavar="F")] = None,
    config: Config = None,
) -> None:
    """Changes what is given; a new password ends all sessions and lifts a lock."""
    from gateway.usecases.operation.operators import OperatorChanges

    password = None if password_file is None else password_in(password_file)
    _change(config, name, OperatorChanges(role=role, password=password))
    typer.echo(f"operator {name} changed")


@app.command()
def suspend(name: Name, config: Config = None) -> None:
    """Ends all sessions of an operator, who cannot sign in any more."""
    from gateway.usecases.operation.operators import OperatorChanges

    _change(config, name, OperatorChanges(status="suspended"))
    typer.echo(f"operator {name} suspended")


@app.command()
def reinstate(name: Name, config: Config = None) -> None:
    """Lets a suspended operator sign in again."""
    from gateway.usecases.operation.operators import OperatorChanges

    _change(config, name, OperatorChanges(status="active"))
    typer.echo(f"operator {name} reinstated")


@app.command("reset-factor")
def reset_factor(name: Name, config: Config = None) -> None:
    """Removes the second factor of an operator who has lost it, and ends all their sessions."""
    from gateway.usecases.operation import factor_reset

    async def carry_out(work: Work) -> None:
        await factor_reset.reset_of_operator(work, name)

    operate(config, carry_out)
    typer.echo(f"operator {name} has no second factor now")


def _change(config: Path | None, name: str, wanted: OperatorChanges) -> None:
    from gateway.usecases.operation import operators

    async def carry_out(work: Work) -> None:
        await operators.set_operator(work, name, wanted)

    operate(config, carry_out)
