"""The operator's command line."""

import asyncio
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

from gateway.commands.operation import Config, settings_of
from gateway.config import check_public_url
from gateway.db.migrate import migrate as apply_migrations
from gateway.db.pool import told_to_operators
from gateway.errors import ConfigurationError, OperatorMistake

_MODULES = {
    "reseller": "resellers",
    "price": "prices",
    "server": "servers",
    "notice": "notices",
    "organization": "organizations",
    "prevalidation": "prevalidations",
    "product": "products",
    "certificate-order": "certificate_orders",
    "unsubscription": "unsubscriptions",
    "ca": "ca",
    "jobs": "jobs",
}
"""Groups of commands, each in its module of gateway/commands."""


class _Groups(TyperGroup):
    """Loads the group that is asked for, and not what all the others need."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [*super().list_commands(ctx), *_MODULES]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in _MODULES:
            return super().get_command(ctx, cmd_name)
        module = import_module(f"gateway.commands.{_MODULES[cmd_name]}")
        group = get_group(module.app)
        group.name = cmd_name
        return group


app = typer.Typer(
    cls=_Groups,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The ACME subscription gateway.",
)


@app.command()
def serve(config: Config = None) -> None:
    """Serves until SIGTERM; SIGHUP reads the TLS certificate anew."""
    from gateway.server import serve as run  # prometheus-client looks at the environment on import

    run(settings_of(config))


@app.command()
def migrate(config: Config = None) -> None:
    """Brings the database to this version's schema."""
    settings = settings_of(config)
    with told_to_operators():
        applied = asyncio.run(apply_migrations(settings.database))
    for name in applied:
        typer.echo(f"applied {name}")
    if not applied:
        typer.echo("the schema is up to date")


def _https(url: str | None) -> str | None:
    if url is None:
        return None
    try:
        checked = check_public_url(url.rstrip("/"))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    if not checked.startswith("https://"):
        raise typer.BadParameter("it begins with https://")
    return checked


@app.command()
def sandbox(
    state: Annotated[Path, typer.Option(metavar="DIR", help="Everything is kept here.")],
    port: Annotated[int, typer.Option(metavar="P", min=0, max=65535, help="0 = a free one.")],
    public_url: Annotated[
        str | None,
        typer.Option(metavar="U", callback=_https, help="Base of all URLs shown, behind a proxy."),
    ] = None,
    http_port: Annotated[
        int, typer.Option(metavar="N", min=1, max=65535, help="Where http-01 goes.")
    ] = 5002,
    tls_port: Annotated[
        int, typer.Option(metavar="N", min=1, max=65535, help="Where tls-alpn-01 goes.")
    ] = 5001,
    dns: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Else all names are 127.0.0.1.")
    ] = None,
) -> None:
    """Everything in one command, for trying out: database, CA, servers, a reseller with money."""
    from gateway.sandbox.run import Wanted, run

    run(Wanted(state, port, public_url, http_port, tls_port, dns))


def main() -> None:
    """Entry point; what an operator can cure is said in one line."""
    try:
        app()
    except (OperatorMistake, ConfigurationError) as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"{error.strerror}: {error.filename}" if error.filename else str(error))


def _fail(text: str) -> None:
    typer.echo(f"gateway: {text}", err=True)
    sys.exit(1)
