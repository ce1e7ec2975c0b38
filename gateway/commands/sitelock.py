"""`gateway product …`"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.commands.operation import Config, group, operate, settings_of
from gateway.commands.told import amount
from gateway.rules.operation.input import DEFAULT_PRICE_LIST

if TYPE_CHECKING:
    from gateway.store.sitelock.prices import ListedPrice
    from gateway.usecases.work import Work

app = group("SiteLock products and their prices.")
prices = group("What a product costs.")
app.add_typer(prices, name="price")


@app.command("list")
def list_(config: Config = None) -> None:
    """The products that there are: the same for every gateway."""
    from gateway.rules.sitelock.licences import PRODUCTS

    if config is not None:
        settings_of(config)  # a wrong file is told here as everywhere
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
    from gateway.usecases.sitelock import prices as sitelock_prices

    async def carry_out(work: Work) -> None:
        await sitelock_prices.set_partner(work, login, active=active)

    operate(config, carry_out)
    typer.echo(f"{login} may {'order' if active else 'not order'} SiteLock products")


@prices.command("set")
def set_(
    login: Annotated[str, typer.Argument(metavar="LOGIN", help="'default' = the list for all.")],
    price: Annotated[str, typer.Argument(metavar="AMOUNT")],
    product: Annotated[int, typer.Option(metavar="1060")],
    days: Annotated[int, typer.Option(metavar="365", help="0 = bought once.")] = 365,
    currency: Annotated[str | None, typer.Option(metavar="USD")] = None,
    config: Config = None,
) -> None:
    """Sets a price; purchases already made keep theirs."""
    from gateway.usecases.sitelock import prices as sitelock_prices

    wanted = amount(price)

    async def carry_out(work: Work) -> None:
        await sitelock_prices.set_price(
            work,
            login=None if login == DEFAULT_PRICE_LIST else login,
            product=product,
            days=days,
            amount=wanted,
            currency=currency,
        )

    operate(config, carry_out)
    typer.echo(f"price of {product} for {days} days set for {login}")


@prices.command("list")
def list_prices(
    login: Annotated[str, typer.Argument(metavar="LOGIN", help="'default' = the list for all.")],
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    config: Config = None,
) -> None:
    """What a reseller pays: its own prices, and those of the default list where it has none."""
    from gateway.usecases.sitelock import prices as sitelock_prices

    async def carry_out(work: Work) -> list[ListedPrice]:
        return await sitelock_prices.list_prices(
            work.connection, None if login == DEFAULT_PRICE_LIST else login
        )

    found = operate(config, carry_out)
    if as_json:
        typer.echo(json.dumps([_as_json(price) for price in found]))
        return
    for price in found:
        own = "" if price.own else "  (default)"
        typer.echo(f"{price.product}  {price.days:>3}  {price.amount} {price.currency}{own}")


def _as_json(price: ListedPrice) -> dict[str, str | int | bool]:
    return {
        "product": price.product,
        "days": price.days,
        "amount": str(price.amount),
        "currency": price.currency,
        "own": price.own,
    }
