"""The operator's command line."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import asyncpg
import typer

from gateway.commands import prices, resellers, servers
from gateway.commands.operation import Config, settings_of
from gateway.db.migrate import migrate as apply_migrations
from gateway.errors import ConfigurationError, OperatorMistake

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The ACME subscription gateway.",
)
app.add_typer(resellers.app, name="reseller")
app.add_typer(prices.app, name="price")
app.add_typer(servers.app, name="server")


@app.command()
def serve(config: Config = None) -> None:
    """Serves until SIGTERM; SIGHUP reads the TLS certificate anew."""
    from gateway.server import serve as run  # prometheus-client looks at the environment on import

    run(settings_of(config))


@app.command()
def migrate(config: Config = None) -> None:
    """Brings the database to this version's schema."""
    applied = asyncio.run(apply_migrations(settings_of(config).database))
    for name in applied:
        typer.echo(f"applied {name}")
    if not applied:
        typer.echo("the schema is up to date")


@app.command()
def sandbox(
    state: Annotated[Path, typer.Option(metavar="DIR", help="Everything is kept here.")],
    port: Annotated[int, typer.Option(metavar="P", min=0, max=65535, help="0 = a free one.")],
    public_url: Annotated[str | None, typer.Option(metavar="U")] = None,
    http_port: Annotated[int, typer.Option(help="Where http-01 goes.")] = 5002,
    tls_port: Annotated[int, typer.Option(help="Where tls-alpn-01 goes.")] = 5001,
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
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        # Not the address: it may hold a password.
        _fail(f"the database cannot be used ({type(error).__name__}): {error}")


def _fail(text: str) -> None:
    typer.echo(f"gateway: {text}", err=True)
    sys.exit(1)
