"""`gateway sitelock …`"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gateway.commands import price_lists
from gateway.commands.operation import Config, group, operate, settings_of
from gateway.commands.price_lists import AsJson, Currency, Login

if TYPE_CHECKING:
    from gateway.rules.money.prices import Article
    from gateway.store.money.prices import ListedPrice
    from gateway.usecases.work import Work

app = group("SiteLock products and their prices.")
prices = group("What a product costs.")
app.add_typer(prices, name="price")

Product = Annotated[int, typer.Option(metavar="1060")]
Days = Annotated[int, typer.Option(metavar="365", help="0 = bought once.")]


@app.command("list")
def list_(config: Config = None) -> None:
    """The products that there are: the same for every gateway."""
    from gateway.rules.sitelock.licences import PRODUCTS

    if config is not None:
        settings_of(config)  # a wrong file is an error here as in all commands
    for product in PRODUCTS.values():
        lengths = ", ".join(map(str, product.lengths)) or "once"
        typer.echo(f"{product.number}  {product.name}  {product.kind}  {lengths}")


@app.command("partner")
def partner(
    login: Annotated[str, typer.Argument(metavar="LOGIN")],
    active: Annotated[bool, typer.Option("--active/--inactive")],
    config: Config = None,
) -> None:
    """Whether a reseller's SiteLock partner account is activated; at first it is."""
    from gateway.usecases.sitelock import partners

    async def carry_out(work: Work) -> None:
        await partners.set_partner(work, login, active=active)

    operate(config, carry_out)
    typer.echo(f"{login} may {'order' if active else 'not order'} SiteLock products")


@prices.command("set")
def set_(
    login: Login,
    price: Annotated[str, typer.Argument(metavar="AMOUNT")],
    product: Product,
    days: Days = 365,
    currency: Currency = None,
    config: Config = None,
) -> None:
    """Sets a price; purchases already made keep theirs."""

    async def articles(work: Work) -> list[Article]:
        return [_article(product, days)]

    price_lists.set_prices(config, login, articles, [price], currency)
    typer.echo(f"price of {product} for {days} days set for {login}")


@prices.command("list")
def list_prices(login: Login, as_json: AsJson = False, config: Config = None) -> None:
    """What a reseller pays: its own prices, and those of the default list where it has none."""
    price_lists.list_prices(config, login, "sitelock", _document, as_json=as_json)


@prices.command("remove")
def remove(login: Login, product: Product, days: Days = 365, config: Config = None) -> None:
    """Takes a price off a list; a reseller pays that of the default list then."""

    async def articles(work: Work) -> list[Article]:
        return [_article(product, days)]

    price_lists.remove_prices(config, login, articles)
    typer.echo(f"price of {product} for {days} days removed for {login}")


def _article(product: int, days: int) -> Article:
    from gateway.rules.sitelock.licences import article_of

    return article_of(product, days)


def _document(price: ListedPrice) -> dict[str, str | int]:
    return {"product": int(price.item), "days": int(price.variant), "amount": str(price.amount)}
