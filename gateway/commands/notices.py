"""`gateway notice …`"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.commands.inputs import amount
from gateway.commands.operation import Config, T, group, operate, settings_of
from gateway.commands.resellers import Login
from gateway.errors import OperatorMistake

if TYPE_CHECKING:
    from gateway.config import Settings
    from gateway.db.pool import Connection
    from gateway.usecases.notice import destinations as usecase
    from gateway.usecases.notice.destinations import Destination, Recipient
    from gateway.usecases.work import Work
    from gateway.vault import Vault

app = group("Notices to resellers, and where they go.")
webhook_app = group("Webhooks of a reseller.")
mail_app = group("Mail addresses of a reseller.")
app.add_typer(webhook_app, name="webhook")
app.add_typer(mail_app, name="mail")

Where = Annotated[
    str, typer.Argument(metavar="DESTINATION", help="Id, URL or mail address, as in the list.")
]
Kinds = Annotated[
    list[str] | None,
    typer.Option(
        "--kind", metavar="KIND", help="Repeatable; default: all but single certificates."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]

_CarriedOut = Callable[["Work", "Recipient"], Awaitable[T]]


@webhook_app.command("add")
def add_webhook(
    login: Login,
    url: Annotated[str, typer.Argument(metavar="URL")],
    kind: Kinds = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """A further webhook; shows the secret that its receiver checks signatures with, this once."""
    from gateway.usecases.notice import destinations as usecase

    settings = settings_of(config)

    async def carry_out(work: Work, owner: Recipient) -> tuple[str, str]:
        vault = await _vault(work.connection, work.now, settings)
        made, secret = await usecase.add_webhook(
            work, owner, url, kind or (), settings=settings, vault=vault
        )
        return str(made), secret

    made, secret = _for(config, login, carry_out)
    if as_json:
        typer.echo(json.dumps({"id": made, "secret": secret}))
    else:
        typer.echo(f"webhook {made} added; its secret, shown only now: {secret}")


@webhook_app.command("list")
def list_webhooks(login: Login, as_json: AsJson = False, config: Config = None) -> None:
    """A reseller's webhooks."""
    _list("webhook", login, as_json, config)


@webhook_app.command("rotate")
def rotate_secret(
    login: Login,
    destination: Where,
    drop_old: Annotated[
        bool, typer.Option("--drop-old", help="The last secret signs no more, from now on.")
    ] = False,
    config: Config = None,
) -> None:
    """Another secret, shown this once; the last one signs too until the next rotation."""
    from gateway.usecases.notice import destinations as usecase

    settings = settings_of(config)

    async def carry_out(work: Work, owner: Recipient) -> str:
        vault = await _vault(work.connection, work.now, settings)
        return await usecase.rotate_secret(work, owner, destination, vault=vault, drop_old=drop_old)

    typer.echo(f"the new secret, shown only now: {_for(config, login, carry_out)}")


@webhook_app.command("remove")
def remove_webhook(login: Login, destination: Where, config: Config = None) -> None:
    """Nothing more is sent there, what waits included."""
    _remove(login, destination, config)


@mail_app.command("add")
def add_mail(
    login: Login,
    address: Annotated[str, typer.Argument(metavar="ADDRESS")],
    kind: Kinds = None,
    config: Config = None,
) -> None:
    """A further mail address."""
    from gateway.usecases.notice import destinations as usecase

    settings = settings_of(config)

    async def carry_out(work: Work, owner: Recipient) -> str:
        return str(await usecase.add_mail(work, owner, address, kind or (), settings=settings))

    typer.echo(f"mail address {_for(config, login, carry_out)} added")


@mail_app.command("list")
def list_mail(login: Login, as_json: AsJson = False, config: Config = None) -> None:
    """A reseller's mail addresses."""
    _list("mail", login, as_json, config)


@mail_app.command("remove")
def remove_mail(login: Login, destination: Where, config: Config = None) -> None:
    """Nothing more is sent there, what waits included."""
    _remove(login, destination, config)


@app.command("set")
def set_(login: Login, destination: Where, kind: Kinds = None, config: Config = None) -> None:
    """Chooses the kinds that go there from now on; without --kind: all but single certificates."""
    from gateway.usecases.notice import destinations as usecase

    async def carry_out(work: Work, owner: Recipient) -> None:
        await usecase.set_kinds(work, owner, destination, kind or ())

    _for(config, login, carry_out)
    typer.echo(f"{destination} changed")


@app.command()
def low_balance(
    login: Login,
    threshold: Annotated[str, typer.Argument(metavar="AMOUNT|default")],
    config: Config = None,
) -> None:
    """The balance below which the reseller gets a notice, in its currency."""
    from gateway.usecases.notice import destinations as usecase

    chosen = None if threshold == "default" else amount(threshold)

    async def carry_out(work: Work, owner: Recipient) -> None:
        await usecase.set_low_balance(work, owner, chosen)

    _for(config, login, carry_out)
    typer.echo(f"{login} gets a notice below {threshold}")


@app.command()
def test(login: Login, destination: Where, config: Config = None) -> None:
    """Sends a notice that says nothing, to see whether it arrives."""
    from gateway.usecases.notice import destinations as usecase

    async def carry_out(work: Work, owner: Recipient) -> None:
        await usecase.send_test(work, owner, destination)

    _for(config, login, carry_out)
    typer.echo("queued")


@app.command()
def failed(as_json: AsJson = False, config: Config = None) -> None:
    """Destinations of all resellers that do not take their notices, with what waits for them."""
    from gateway.usecases.notice import destinations as usecase

    async def carry_out(work: Work) -> list[usecase.Failing]:
        return await usecase.list_failing(work)

    for each in operate(config, carry_out):
        since = each.failing_since and each.failing_since.strftime("%Y-%m-%dT%H:%M:%SZ")
        if as_json:
            document = {
                "login": each.login,
                "id": str(each.destination_id),
                "address": each.address,
                "status": each.status,
                "failures": each.failures,
                "failingSince": since,
                "lastError": each.last_error,
                "undelivered": each.undelivered,
            }
            typer.echo(json.dumps(document))
        else:
            typer.echo(
                f"{each.login}  {each.destination_id}  {each.address}  {each.status}"
                f"  {each.undelivered} waiting since {since}: {each.last_error}"
            )


@app.command()
def resume(login: Login, destination: Where, config: Config = None) -> None:
    """Tries now what waits, in order, also if the destination is parked."""
    from gateway.usecases.notice import destinations as usecase

    async def carry_out(work: Work, owner: Recipient) -> None:
        await usecase.resume(work, owner, destination)

    _for(config, login, carry_out)
    typer.echo(f"{destination} resumed")


@app.command()
def skip(login: Login, destination: Where, config: Config = None) -> None:
    """Gives up the oldest waiting notice, which blocks the later ones; a replay brings it back."""
    from gateway.usecases.notice import destinations as usecase

    async def carry_out(work: Work, owner: Recipient) -> int:
        return await usecase.skip_oldest(work, owner, destination)

    typer.echo(f"notice {_for(config, login, carry_out)} is not sent")


@app.command()
def replay(
    login: Login,
    destination: Annotated[
        str | None, typer.Argument(metavar="[DESTINATION]", help="Default: all of them.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="ISO", help="Business time; default: the beginning.")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="ISO", help="Default: now.")] = None,
    config: Config = None,
) -> None:
    """Sends again what was due within a time, under the same ids, in order."""
    from gateway.usecases.notice import destinations as usecase

    first, last = _instant(since), _instant(until)

    async def carry_out(work: Work, owner: Recipient) -> int:
        return await usecase.replay(work, owner, destination, first, last)

    typer.echo(f"{_for(config, login, carry_out)} queued")


def _for(config: Path | None, login: str, carry_out: _CarriedOut[T]) -> T:
    from gateway.usecases.notice import destinations as usecase

    async def with_owner(work: Work) -> T:
        return await carry_out(work, await usecase.owner_by_login(work, login))

    return operate(config, with_owner)


def _list(channel: str, login: str, as_json: bool, config: Path | None) -> None:
    from gateway.usecases.notice import destinations as usecase

    async def carry_out(work: Work, owner: Recipient) -> list[Destination]:
        return await usecase.list_destinations(work, owner)

    found = [each for each in _for(config, login, carry_out) if each.channel == channel]
    if as_json:
        typer.echo(json.dumps([_document(each) for each in found]))
        return
    for each in found:
        typer.echo(
            f"{each.id}  {each.address}  {each.status}  {each.undelivered} waiting"
            f"  {', '.join(each.kinds)}"
        )


def _document(destination: Destination) -> dict[str, object]:
    return {
        "id": str(destination.id),
        "address": destination.address,
        "status": destination.status,
        "undelivered": destination.undelivered,
        "lastError": destination.last_error,
        "kinds": destination.kinds,
    }


def _remove(login: str, destination: str, config: Path | None) -> None:
    from gateway.usecases.notice import destinations as usecase

    async def carry_out(work: Work, owner: Recipient) -> None:
        await usecase.remove(work, owner, destination)

    _for(config, login, carry_out)
    typer.echo(f"{destination} removed")


async def _vault(connection: Connection, now: datetime, settings: Settings) -> Vault:
    """The vault of secrets; raises ConfigurationError if its keys do not open stored secrets."""
    from gateway.store.operation.sealed import WEBHOOK_SECRETS
    from gateway.usecases.operation import stored_secrets
    from gateway.vault import Vault

    vault = Vault([key.get_secret_value() for key in settings.secrets.keys])
    await stored_secrets.check(connection, vault, now, [WEBHOOK_SECRETS])
    return vault


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is None:
            raise OperatorMistake(f"{text!r} has no time zone; end it with Z for UTC")
        return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise OperatorMistake(f"{text!r} is no instant like 2025-01-10T15:30:00Z") from None
