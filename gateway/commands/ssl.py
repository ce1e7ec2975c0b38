"""`gateway certificate-order …`"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.commands.operation import Config, group, operate, settings_of
from gateway.commands.told import amount
from gateway.errors import OperatorMistake
from gateway.rules.operation.input import DEFAULT_PRICE_LIST

if TYPE_CHECKING:
    from gateway.store.ssl.orders import ListedOrder
    from gateway.usecases.work import Work

app = group(
    "SSL certificate orders: prices, coupons, reviews.",
)

CertId = Annotated[str, typer.Argument(metavar="CERT_ID")]


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
        return await ssl_details.list_for_operators(work.connection, work.now, waiting_only=waiting)

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


@app.command()
def price(
    login: Annotated[str, typer.Argument(metavar="LOGIN", help="'default' = the list for all.")],
    brand: Annotated[str, typer.Option(metavar="BRAND", help="What it is sold as.")],
    kind: Annotated[str, typer.Option("--type", metavar="DV_SSL_CERT|OV_SSL_CERT")],
    fqdn: Annotated[str | None, typer.Option(metavar="120.00")] = None,
    wildcard: Annotated[str | None, typer.Option(metavar="360.00")] = None,
    currency: Annotated[str | None, typer.Option(metavar="USD")] = None,
    new_brand: Annotated[
        bool, typer.Option("--new-brand", help="The brand has no price yet.")
    ] = False,
    config: Config = None,
) -> None:
    """Sets what a name in a certificate costs for 12 months; orders already made keep theirs."""
    from gateway.usecases.ssl import prices as ssl_prices

    given = {"fqdn": fqdn, "wildcard": wildcard}
    yearly = {name_type: amount(text) for name_type, text in given.items() if text is not None}
    if not yearly:
        raise OperatorMistake("give a price with --fqdn or --wildcard")

    async def carry_out(work: Work) -> None:
        for name_type, each in yearly.items():
            await ssl_prices.set_price(
                work,
                login=None if login == DEFAULT_PRICE_LIST else login,
                brand=brand,
                kind=kind,
                name_type=name_type,
                yearly=each,
                currency=currency,
                new_brand=new_brand,
            )

    operate(config, carry_out)
    typer.echo(f"prices of {login} for {brand} {kind} set")


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
    from gateway.usecases.ssl import prices as ssl_prices

    worth = amount(amount_text)
    until = None if expires is None else expires.replace(tzinfo=UTC)

    async def carry_out(work: Work) -> str:
        return await ssl_prices.add_coupon(work, login=login, amount=worth, expires_at=until)

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
