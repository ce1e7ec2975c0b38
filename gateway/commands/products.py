"""`gateway product …`"""

from datetime import datetime
from typing import Annotated

import typer

from gateway.commands.operation import Config, operate
from gateway.commands.resellers import amount
from gateway.db.pool import Connection
from gateway.origin import Origin
from gateway.rules.licences import PRODUCTS
from gateway.rules.operator_input import DEFAULT_PRICE_LIST
from gateway.usecases import product_prices

app = typer.Typer(no_args_is_help=True, help="SiteLock products and their prices.")


@app.command("list")
def list_() -> None:
    """The products that there are."""
    for product in PRODUCTS.values():
        lengths = ", ".join(map(str, product.lengths)) or "once"
        typer.echo(f"{product.number}  {product.name}  {product.kind}  {lengths}")


@app.command("set-price")
def set_price(
    login: Annotated[str, typer.Argument(metavar="LOGIN", help="'default' = the list for all.")],
    price: Annotated[str, typer.Argument(metavar="AMOUNT")],
    product: Annotated[int, typer.Option(metavar="1060")],
    days: Annotated[int, typer.Option(metavar="365", help="0 = bought once.")] = 365,
    currency: Annotated[str | None, typer.Option(metavar="USD")] = None,
    config: Config = None,
) -> None:
    """Sets a price; purchases already made keep theirs."""
    wanted = amount(price)

    async def work(connection: Connection, now: datetime, origin: Origin) -> None:
        await product_prices.set_price(
            connection,
            now,
            origin,
            login=None if login == DEFAULT_PRICE_LIST else login,
            product=product,
            days=days,
            amount=wanted,
            currency=currency,
        )

    operate(config, work)
    typer.echo(f"price of {product} for {days} days set for {login}")
