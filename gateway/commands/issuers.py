"""`gateway issuer …`"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.commands.operation import Config, group, operate, settings_of

if TYPE_CHECKING:
    from gateway.usecases.ca.issuers import Known
    from gateway.usecases.work import Work

app = group("Who signs certificates.")


@app.callback()
def issuer() -> None:
    """Who signs certificates."""


@app.command("list")
def list_(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    config: Config = None,
) -> None:
    """All issuers of the settings: what they can do, and which servers they are for."""
    from gateway.usecases.ca.issuers import list_known

    async def carry_out(work: Work) -> list[Known]:
        return await list_known(work, settings_of(config))

    found = operate(config, carry_out)
    if as_json:
        typer.echo(json.dumps([_document(known) for known in found]))
        return
    for known in found:
        servers = ", ".join(known.servers) or "no server"
        typer.echo(f"{known.name}  {known.kind}  {' '.join(known.capabilities)}  for {servers}")


def _document(known: Known) -> dict[str, object]:
    return {
        "name": known.name,
        "kind": known.kind,
        "capabilities": known.capabilities,
        "servers": known.servers,
    }
