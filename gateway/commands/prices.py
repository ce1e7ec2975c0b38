"""`gateway price …`"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.commands.operation import Config, group, operate
from gateway.commands.told import amount
from gateway.errors import OperatorMistake

if TYPE_CHECKING:
    from gateway.store.money.price_lists import ListedPrice
    from gateway.usecases.work import Work

app = group("What a name costs for 365 days.")

_DEFAULT_LIST = "default"

Login = Annotated[str, typer.Argument(metavar="LOGIN", help="'default' = the list for all.")]


@app.command("set")
def set_(
    login: Login,
    server: Annotated[str, typer.Option(metavar="DV")],
    fqdn: Annotated[str | None, typer.Option(metavar="365.00")] = None,
    wildcard: Annotated[str | None, typer.Option(metavar="1095.00")] = None,
    currency: Annotated[str | None, typer.Option(metavar="USD")] = None,
    config: Config = None,
) -> None:
    """Sets prices; purchases already made keep theirs."""
    from gateway.usecases.reseller import resellers

    given = {"fqdn": fqdn, "wildcard": wildcard}
    yearly = {kind: amount(text) for kind, text in given.items() if text is not None}
    if not yearly:
        raise OperatorMistake("give a price with --fqdn or --wildcard")

    async def carry_out(work: Work) -> None:
        for name_type, price in yearly.items():
            await resellers.set_price(
                work,
                login=None if login == _DEFAULT_LIST else login,
                server=server,
                name_type=name_type,
                yearly=price,
                currency=currency,
            )

    operate(config, carry_out)
    typer.echo(f"prices of {login} on {server} set")


@app.command("list")
def list_(
    login: Login,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    config: Config = None,
) -> None:
    """What a reseller pays: its own prices, and those of the default list where it has none."""
    from gateway.usecases.money import price_lists

    async def carry_out(work: Work) -> list[ListedPrice]:
        return await price_lists.list_prices(
            work.connection, None if login == _DEFAULT_LIST else login
        )

    found = operate(config, carry_out)
    if as_json:
        typer.echo(json.dumps([_as_json(price) for price in found]))
        return
    for price in found:
        own = "" if price.own or login == _DEFAULT_LIST else "  (default)"
        typer.echo(f"{price.server}  {price.name_type}  {price.yearly} {price.currency}{own}")


@app.command()
def remove(
    login: Login,
    server: Annotated[str, typer.Option(metavar="DV")],
    fqdn: Annotated[bool, typer.Option("--fqdn", help="Only the price of single names.")] = False,
    wildcard: Annotated[bool, typer.Option("--wildcard", help="Only that of wildcards.")] = False,
    config: Config = None,
) -> None:
    """Takes prices off a list; a reseller pays those of the default list then."""
    from gateway.usecases.money import price_lists

    chosen = [kind for kind, wanted in (("fqdn", fqdn), ("wildcard", wildcard)) if wanted]

    async def carry_out(work: Work) -> list[str]:
        return await price_lists.remove_prices(
            work,
            login=None if login == _DEFAULT_LIST else login,
            server=server,
            name_types=chosen or ("fqdn", "wildcard"),
        )

    removed = operate(config, carry_out)
    typer.echo(f"prices of {login} on {server} removed: {', '.join(removed)}")


def _as_json(price: ListedPrice) -> dict[str, str | bool]:
    return {
        "server": price.server,
        "nameType": price.name_type,
        "yearly": str(price.yearly),
        "currency": price.currency,
        "own": price.own,
    }
