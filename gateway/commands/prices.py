"""`gateway price …`"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.commands.operation import Config, group, operate
from gateway.commands.resellers import amount
from gateway.errors import OperatorMistake
from gateway.origin import Origin

if TYPE_CHECKING:
    from gateway.db.pool import Connection

app = group("What a name costs for 365 days.")

_DEFAULT_LIST = "default"


@app.callback()
def prices() -> None:
    """What a name costs for 365 days."""


@app.command("set")
def set_(
    login: Annotated[str, typer.Argument(metavar="LOGIN", help="'default' = the list for all.")],
    server: Annotated[str, typer.Option(metavar="DV")],
    fqdn: Annotated[str | None, typer.Option(metavar="365.00")] = None,
    wildcard: Annotated[str | None, typer.Option(metavar="1095.00")] = None,
    currency: Annotated[str | None, typer.Option(metavar="USD")] = None,
    config: Config = None,
) -> None:
    """Sets prices; purchases already made keep theirs."""
    from gateway.usecases import resellers

    given = {"fqdn": fqdn, "wildcard": wildcard}
    yearly = {kind: amount(text) for kind, text in given.items() if text is not None}
    if not yearly:
        raise OperatorMistake("give a price with --fqdn or --wildcard")

    async def work(connection: Connection, now: datetime, origin: Origin) -> None:
        for name_type, price in yearly.items():
            await resellers.set_price(
                connection,
                now,
                origin,
                login=None if login == _DEFAULT_LIST else login,
                server=server,
                name_type=name_type,
                yearly=price,
                currency=currency,
            )

    operate(config, work)
    typer.echo(f"prices of {login} on {server} set")
