"""`gateway ca …`"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.commands.operation import Config, group, operate

if TYPE_CHECKING:
    from gateway.usecases.work import Work

app = group("The CA.")


@app.callback()
def ca() -> None:
    """The CA."""


@app.command("add-chain")
def add_chain(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="PEM, nearest certificate first.")],
    issuer: Annotated[str, typer.Option(metavar="NAME")] = "local",
    config: Config = None,
) -> None:
    """Offers clients another chain: the issuing certificate as another root has signed it."""
    from gateway.usecases.ca import chains

    pem = file.read_bytes()

    async def carry_out(work: Work) -> int:
        return await chains.add_chain(work, issuer, pem)

    typer.echo(f"chain {operate(config, carry_out)} of {issuer}")
