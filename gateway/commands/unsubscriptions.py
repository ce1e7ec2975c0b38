"""`gateway unsubscription …`"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.commands.operation import Config, group, operate

if TYPE_CHECKING:
    from gateway.store.ssl.unsubscriptions import ListedUnsubscription
    from gateway.usecases.work import Work

app = group("Requests for the money of SSL certificates.")

Id = Annotated[str, typer.Argument(metavar="ID", help="Its number, or the cert_id.")]


@app.command("list")
def list_(
    waiting: Annotated[bool, typer.Option("--waiting", help="Only those to be decided.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    config: Config = None,
) -> None:
    """All requests, those that wait for a decision first."""
    from gateway.usecases.ssl import unsubscription

    async def carry_out(work: Work) -> list[ListedUnsubscription]:
        return await unsubscription.list_all(work, waiting_only=waiting)

    found = operate(config, carry_out)
    if as_json:
        typer.echo(json.dumps([_document(each) for each in found]))
        return
    for each in found:
        names = ", ".join(each.names)
        typer.echo(
            f"{each.id}  {each.status}  {each.cert_id}  {each.reseller}  {names}"
            f"  {each.cash} {each.currency}"
        )


@app.command()
def approve(which: Id, config: Config = None) -> None:
    """Pays the cash part back; the certificate goes off its owner's list."""
    from gateway.usecases.ssl import unsubscription

    async def carry_out(work: Work) -> Decimal:
        number = await unsubscription.number_of(work, which)
        return await unsubscription.approve(work, number)

    refunded = operate(config, carry_out)
    typer.echo(f"unsubscription {which} approved, {refunded} paid back")


@app.command()
def reject(
    which: Id,
    reason: Annotated[str, typer.Option(help="Kept with the record.")] = "",
    config: Config = None,
) -> None:
    """Nothing is paid back, and the certificate stays."""
    from gateway.usecases.ssl import unsubscription

    async def carry_out(work: Work) -> None:
        number = await unsubscription.number_of(work, which)
        await unsubscription.reject(work, number, reason)

    operate(config, carry_out)
    typer.echo(f"unsubscription {which} rejected")


def _document(each: ListedUnsubscription) -> dict[str, object]:
    return {
        "id": each.id,
        "status": each.status,
        "certId": each.cert_id,
        "reseller": each.reseller,
        "names": each.names,
        "certificateStatus": each.certificate_status,
        "orderNumber": each.order_number,
        "cash": None if each.cash is None else str(each.cash),
        "currency": each.currency,
        "requestedAt": each.requested_at.isoformat(),
        "decidedAt": each.decided_at and each.decided_at.isoformat(),
        "reason": each.reason,
    }
