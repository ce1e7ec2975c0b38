"""`gateway ssl …`"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.commands import price_lists
from gateway.commands.inputs import amount
from gateway.commands.operation import Config, group, operate, settings_of
from gateway.commands.price_lists import AsJson, Currency, Login

if TYPE_CHECKING:
    from gateway.rules.money.prices import Article
    from gateway.store.money.prices import ListedPrice
    from gateway.store.ssl.orders import ListedOrder
    from gateway.usecases.work import Work

app = group("SSL certificate orders: prices, coupons, reviews.")
prices = group("What a name in a certificate costs for 12 months.")
app.add_typer(prices, name="price")

CertId = Annotated[str, typer.Argument(metavar="CERT_ID")]
Brand = Annotated[str, typer.Option(metavar="BRAND", help="What it is sold as.")]
Kind = Annotated[str, typer.Option("--type", metavar="DV_SSL_CERT|OV_SSL_CERT")]


@app.command("list")
def list_(
    waiting: Annotated[
        bool, typer.Option("--waiting", help="Only those whose organization must be checked.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    config: Config = None,
) -> None:
    """All orders of all resellers, the newest first."""
    from gateway.usecases.ssl import details as ssl_details

    async def carry_out(work: Work) -> list[ListedOrder]:
        return await ssl_details.list_for_operators(work, waiting_only=waiting)

    found = operate(config, carry_out)
    if as_json:
        typer.echo(json.dumps([_document(order) for order in found]))
        return
    for order in found:
        typer.echo(
            f"{order.cert_id}  {order.status}  {order.reseller}  {', '.join(order.names)}"
            + (f"  ({order.problem})" if order.problem else "")
        )


@app.command()
def approve(cert_id: CertId, config: Config = None) -> None:
    """The organization is as the customer says: the certificate is issued."""
    from gateway.usecases.ssl import reviews as ssl_reviews

    settings = settings_of(config)

    async def carry_out(work: Work) -> None:
        await ssl_reviews.approve(work, settings, cert_id)

    operate(config, carry_out)
    typer.echo(f"organization of {cert_id} approved")


@app.command()
def reject(
    cert_id: CertId,
    reason: Annotated[str, typer.Option(help="The customer reads it.")] = "",
    config: Config = None,
) -> None:
    """The organization could not be confirmed; the customer may apply again."""
    from gateway.usecases.ssl import reviews as ssl_reviews

    async def carry_out(work: Work) -> None:
        await ssl_reviews.reject(work, cert_id, reason)

    operate(config, carry_out)
    typer.echo(f"organization of {cert_id} rejected")


@prices.command("set")
def set_(
    login: Login,
    brand: Brand,
    kind: Kind,
    fqdn: Annotated[str | None, typer.Option(metavar="120.00")] = None,
    wildcard: Annotated[str | None, typer.Option(metavar="360.00")] = None,
    currency: Currency = None,
    new_brand: Annotated[
        bool, typer.Option("--new-brand", help="The brand has no price yet.")
    ] = False,
    config: Config = None,
) -> None:
    """Sets what a name in a certificate costs for 12 months; orders already made keep theirs."""
    from gateway.usecases.ssl.articles import articles_of

    typed = price_lists.given(fqdn, wildcard)

    async def articles(work: Work) -> list[Article]:
        return await articles_of(work, brand, kind, list(typed), new_brand=new_brand)

    price_lists.set_prices(config, login, articles, list(typed.values()), currency)
    typer.echo(f"prices of {login} for {brand} {kind} set")


@prices.command("list")
def list_prices(login: Login, as_json: AsJson = False, config: Config = None) -> None:
    """What a reseller pays: its own prices, and those of the default list where it has none."""
    price_lists.list_prices(config, login, "ssl", _price_document, as_json=as_json)


@prices.command("remove")
def remove(
    login: Login,
    brand: Brand,
    kind: Kind,
    fqdn: Annotated[bool, typer.Option("--fqdn", help="Only the price of single names.")] = False,
    wildcard: Annotated[bool, typer.Option("--wildcard", help="Only that of wildcards.")] = False,
    config: Config = None,
) -> None:
    """Takes prices off a list; a reseller pays those of the default list then."""
    from gateway.usecases.ssl.articles import articles_of

    async def articles(work: Work) -> list[Article]:
        return await articles_of(work, brand, kind, price_lists.chosen(fqdn, wildcard))

    removed = price_lists.remove_prices(config, login, articles)
    typer.echo(f"prices of {login} for {brand} {kind} removed: {', '.join(removed)}")


@app.command()
def coupon(
    login: Annotated[str, typer.Argument(metavar="LOGIN")],
    amount_text: Annotated[str, typer.Argument(metavar="AMOUNT")],
    expires: Annotated[
        datetime | None, typer.Option(metavar="2026-12-31", help="UTC; default: never.")
    ] = None,
    config: Config = None,
) -> None:
    """Prints the code of a new coupon: it pays a part of one order."""
    from gateway.usecases.ssl import coupons

    worth = amount(amount_text)
    until = None if expires is None else expires.replace(tzinfo=UTC)

    async def carry_out(work: Work) -> str:
        return await coupons.add_coupon(work, login=login, amount=worth, expires_at=until)

    typer.echo(operate(config, carry_out))


def _document(order: ListedOrder) -> dict[str, object]:
    return {
        "certId": order.cert_id,
        "reseller": order.reseller,
        "status": order.status,
        "type": order.type,
        "names": order.names,
        "orderNumber": order.order_number,
        "organization": order.organization,
        "problem": order.problem,
    }


def _price_document(price: ListedPrice) -> dict[str, str]:
    brand, _, kind = price.item.partition("/")
    return {"brand": brand, "type": kind, "nameType": price.variant, "yearly": str(price.amount)}
