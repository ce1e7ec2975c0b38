"""The operator's command line."""

import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

from gateway.commands.operation import Config, settings_of
from gateway.errors import ConfigurationError, OperatorMistake

_GROUPS = {
    "reseller": ("resellers", "Resellers and their money."),
    "operator": ("operators", "People who work at the console."),
    "price": ("prices", "What a name costs for 365 days."),
    "server": ("servers", "ACME directories on offer."),
    "notice": ("notices", "Notices to resellers, and where they go."),
    "organization": ("organizations", "Organizations of resellers."),
    "prevalidation": ("prevalidations", "What is validated about organizations, for OV."),
    "sitelock": ("sitelock", "SiteLock products and their prices."),
    "ssl": ("ssl", "SSL certificate orders: prices, coupons, reviews."),
    "unsubscription": ("unsubscriptions", "Requests for the money of SSL certificates."),
    "issuer": ("issuers", "Who signs certificates."),
    "ca": ("ca", "The CA."),
    "jobs": ("jobs", "Background work: what waits, runs or has failed."),
}
"""Groups of commands: the module in gateway/commands, and the help text."""


class _Groups(TyperGroup):
    """Loads only the group that is asked for, not what all the others need."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [*super().list_commands(ctx), *_GROUPS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in _GROUPS:
            return super().get_command(ctx, cmd_name)
        return _loaded(cmd_name)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        single = [(name, command.get_short_help_str()) for name, command in self.commands.items()]
        groups = [(name, help_text) for name, (_, help_text) in _GROUPS.items()]
        with formatter.section("Commands"):
            formatter.write_dl([*single, *groups])


@cache
def _loaded(name: str) -> Any:
    module, _ = _GROUPS[name]
    group = get_group(import_module(f"gateway.commands.{module}").app)
    group.name = name
    return group


app = typer.Typer(
    cls=_Groups,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="The ACME subscription gateway.",
)


@app.command()
def serve(config: Config = None) -> None:
    """Serves until SIGTERM; SIGHUP reads the TLS certificate anew."""
    settings = settings_of(config)
    # prometheus-client looks at the environment on import
    from gateway.process.supervisor import serve as run

    run(settings)


@app.command()
def migrate(config: Config = None) -> None:
    """Brings the database to this version's schema."""
    settings = settings_of(config)
    import asyncio

    from gateway.db.migrate import migrate as apply_migrations
    from gateway.db.pool import database_mistakes

    with database_mistakes():
        applied = asyncio.run(apply_migrations(settings.database))
    for name in applied:
        typer.echo(f"applied {name}")
    if not applied:
        typer.echo("the schema is up to date")


def _https(url: str | None) -> str | None:
    if url is None:
        return None
    from gateway.config import check_public_url

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
    from gateway.sandbox.run import SandboxOptions, run

    run(SandboxOptions(state, port, public_url, http_port, tls_port, dns))


def main() -> None:
    """Runs a command; a mistake of the operator is reported in one line."""
    try:
        for word in sys.argv[1:]:
            word.encode()  # bytes that are not UTF-8 cannot be stored
        app()
    except UnicodeEncodeError:
        _fail("an argument is no UTF-8 text")
    except (OperatorMistake, ConfigurationError) as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"{error.strerror}: {error.filename}" if error.filename else str(error))


def _fail(text: str) -> None:
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    typer.echo(f"gateway: {line}", err=True)
    sys.exit(1)
