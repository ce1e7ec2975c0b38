"""`gateway reseller …`"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.commands.inputs import amount, password_in
from gateway.commands.operation import Config, group, operate

if TYPE_CHECKING:
    from gateway.store.reseller.resellers import ResellerSummary
    from gateway.usecases.work import Work

app = group("Resellers and their money.")

Login = Annotated[str, typer.Argument(metavar="LOGIN")]
PasswordFile = Annotated[
    Path, typer.Option("--password-file", metavar="F", help="One trailing newline is dropped.")
]


@app.command()
def add(
    login: Login,
    password_file: PasswordFile,
    currency: Annotated[str, typer.Option(metavar="USD")] = "USD",
    renewal_mode: Annotated[str, typer.Option(metavar="manual|auto")] = "manual",
    config: Config = None,
) -> None:
    """A new reseller: all servers, the default prices, balance and credit limit 0."""
    from gateway.usecases.reseller import resellers

    password = password_in(password_file)

    async def carry_out(work: Work) -> None:
        await resellers.add_reseller(
            work, login=login, password=password, currency=currency, renewal_mode=renewal_mode
        )

    operate(config, carry_out)
    typer.echo(f"reseller {login} added")


@app.command()
def deposit(
    login: Login,
    amount_text: Annotated[str, typer.Argument(metavar="AMOUNT")],
    note: Annotated[str, typer.Option(help="Shown with the ledger entry.")] = "",
    config: Config = None,
) -> None:
    """Books money in favour of a reseller."""
    from gateway.usecases.reseller import resellers

    booked = amount(amount_text)

    async def carry_out(work: Work) -> Decimal:
        return await resellers.deposit(work, login, booked, note)

    balance = operate(config, carry_out)
    typer.echo(f"balance of {login}: {balance}")


@app.command()
def token(
    login: Login,
    replace: Annotated[
        bool, typer.Option("--replace", help="Earlier tokens of the reseller end.")
    ] = False,
    config: Config = None,
) -> None:
    """Prints a new token for the SSL certificate API; it cannot be shown again."""
    from gateway.usecases.reseller import api_tokens

    async def carry_out(work: Work) -> str:
        return await api_tokens.new_token(work, login, replace=replace)

    typer.echo(operate(config, carry_out))


@app.command("list")
def list_(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    config: Config = None,
) -> None:
    """All resellers with their balances."""
    from gateway.usecases.reseller import resellers

    async def carry_out(work: Work) -> list[ResellerSummary]:
        return await resellers.list_resellers(work)

    found = operate(config, carry_out)
    if as_json:
        typer.echo(json.dumps([_document(reseller) for reseller in found]))
        return
    for reseller in found:
        typer.echo(
            f"{reseller.login}  {reseller.balance} {reseller.currency}  {reseller.renewal_mode}"
        )


@app.command("set")
def set_(
    login: Login,
    renewal_mode: Annotated[str | None, typer.Option(metavar="manual|auto")] = None,
    credit_limit: Annotated[str | None, typer.Option(metavar="AMOUNT")] = None,
    tier1: Annotated[
        str | None, typer.Option(metavar="LOGIN", help="Parent debited too; '' = none.")
    ] = None,
    allowed_network: Annotated[
        list[str] | None, typer.Option(metavar="CIDR", help="Repeatable; '' = any.")
    ] = None,
    status: Annotated[str | None, typer.Option(metavar="active|suspended")] = None,
    password_file: Annotated[Path | None, typer.Option(metavar="F")] = None,
    config: Config = None,
) -> None:
    """Changes what is given, and leaves the rest."""
    from gateway.usecases.reseller import resellers

    password = None if password_file is None else password_in(password_file)
    networks = None if allowed_network is None else [each for each in allowed_network if each]
    wanted = resellers.ResellerChanges(
        renewal_mode=renewal_mode,
        credit_limit=None if credit_limit is None else amount(credit_limit),
        tier1=tier1,
        allowed_networks=networks,
        status=status,
        password=password,
    )

    async def carry_out(work: Work) -> None:
        await resellers.set_reseller(work, login, wanted)

    operate(config, carry_out)
    typer.echo(f"reseller {login} changed")


@app.command("reset-factor")
def reset_factor(login: Login, config: Config = None) -> None:
    """Removes the second factor that a reseller has lost at the console, and ends its sessions."""
    from gateway.usecases.operation import factor_reset

    async def carry_out(work: Work) -> None:
        await factor_reset.reset_of_reseller(work, login)

    operate(config, carry_out)
    typer.echo(f"reseller {login} has no second factor now")


def _document(reseller: ResellerSummary) -> dict[str, object]:
    return {
        "login": reseller.login,
        "balance": str(reseller.balance),
        "currency": reseller.currency,
        "renewalMode": reseller.renewal_mode,
    }
