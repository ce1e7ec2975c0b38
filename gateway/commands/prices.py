"""`gateway price …`"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gateway.commands import price_lists
from gateway.commands.operation import Config, group
from gateway.commands.price_lists import AsJson, Currency, Login

if TYPE_CHECKING:
    from gateway.rules.money.prices import Article
    from gateway.store.money.prices import ListedPrice
    from gateway.usecases.work import Work

app = group("What a name costs for 365 days.")

Server = Annotated[str, typer.Option(metavar="DV")]


@app.command("set")
def set_(
    login: Login,
    server: Server,
    fqdn: Annotated[str | None, typer.Option(metavar="365.00")] = None,
    wildcard: Annotated[str | None, typer.Option(metavar="1095.00")] = None,
    currency: Currency = None,
    config: Config = None,
) -> None:
    """Sets prices; purchases already made keep theirs."""
    from gateway.usecases.money.prices import articles_of_server

    prices = price_lists.given(fqdn, wildcard)

    async def articles(work: Work) -> list[Article]:
        return await articles_of_server(work, server, list(prices))

    price_lists.set_prices(config, login, articles, list(prices.values()), currency)
    typer.echo(f"prices of {login} on {server} set")


@app.command("list")
def list_(login: Login, as_json: AsJson = False, config: Config = None) -> None:
    """What a reseller pays: its own prices, and those of the default list where it has none."""
    price_lists.list_prices(config, login, "acme", _document, as_json=as_json)


@app.command()
def remove(
    login: Login,
    server: Server,
    fqdn: Annotated[bool, typer.Option("--fqdn", help="Only the price of single names.")] = False,
    wildcard: Annotated[bool, typer.Option("--wildcard", help="Only that of wildcards.")] = False,
    config: Config = None,
) -> None:
    """Takes prices off a list; a reseller pays those of the default list then."""
    from gateway.usecases.money.prices import articles_of_server

    async def articles(work: Work) -> list[Article]:
        return await articles_of_server(work, server, price_lists.chosen(fqdn, wildcard))

    removed = price_lists.remove_prices(config, login, articles)
    typer.echo(f"prices of {login} on {server} removed: {', '.join(removed)}")


def _document(price: ListedPrice) -> dict[str, str]:
    return {"server": price.item, "nameType": price.variant, "yearly": str(price.amount)}
