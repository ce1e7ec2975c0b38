"""`gateway server …`"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.commands.operation import Config, group, operate, settings_of

if TYPE_CHECKING:
    from gateway.store.acme.servers import Server
    from gateway.usecases.work import Work

_NAMES = "public|any"
_NAMES_HELP = "Which names: those that a public CA may certify, or any, like .internal"
_ISSUERS = "NAME[,NAME…]"
_ISSUERS_HELP = "Who issues its certificates: the first of these that there is"
_PRODUCTS = {"DV": 608, "OV": 609}

app = group("ACME directories on offer.")


@app.command()
def add(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    path: Annotated[str, typer.Option(metavar="/v2/DV")],
    validation: Annotated[str, typer.Option(metavar="DV|OV")],
    product_id: Annotated[
        int | None, typer.Option(help="productID of LISTSERVERS; default: 608 for DV, 609 for OV.")
    ] = None,
    description: Annotated[str, typer.Option(help="Shown by LISTSERVERS; default: NAME.")] = "",
    names: Annotated[
        str | None, typer.Option(metavar=_NAMES, help=f"{_NAMES_HELP}; default: public.")
    ] = None,
    issuer: Annotated[
        str | None,
        typer.Option(
            metavar=_ISSUERS, help=f"{_ISSUERS_HELP}; default: the first of the settings."
        ),
    ] = None,
    config: Config = None,
) -> None:
    """Offers a further directory, last in LISTSERVERS; running processes serve it at once."""
    from gateway.usecases.reseller import resellers

    issuers = _issuers(config, issuer)

    async def carry_out(work: Work) -> None:
        await resellers.add_server(
            work,
            resellers.WantedServer(
                name=name,
                path=path,
                validation=validation,
                product_id=_PRODUCTS.get(validation, 0) if product_id is None else product_id,
                description=description or name,
                names=names or ("any" if settings_of(config).sandbox else "public"),
                issuers=issuers,
            ),
        )

    operate(config, carry_out)
    typer.echo(f"server {name} added")


@app.command("set")
def set_(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    names: Annotated[str | None, typer.Option(metavar=_NAMES, help=f"{_NAMES_HELP}.")] = None,
    issuer: Annotated[str | None, typer.Option(metavar=_ISSUERS, help=f"{_ISSUERS_HELP}.")] = None,
    config: Config = None,
) -> None:
    """Changes a directory, for the next purchase and the next order."""
    if names is None and issuer is None:
        raise typer.BadParameter("give --names or --issuer")
    from gateway.usecases.reseller import resellers

    issuers = None if issuer is None else _issuers(config, issuer)

    async def carry_out(work: Work) -> None:
        await resellers.set_server(work, name, names=names, issuers=issuers)

    operate(config, carry_out)
    typer.echo(f"server {name} changed")


@app.command("list")
def list_(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    config: Config = None,
) -> None:
    """All servers in the order of LISTSERVERS."""
    from gateway.usecases.reseller import resellers

    async def carry_out(work: Work) -> list[Server]:
        return await resellers.list_servers(work)

    found = operate(config, carry_out)
    if as_json:
        typer.echo(json.dumps([_document(server) for server in found]))
        return
    for server in found:
        typer.echo(
            f"{server.name}  {server.path}  {server.validation}  {server.names} names"
            f"  {','.join(server.issuers)}  {server.description}"
        )


def _issuers(config: Path | None, text: str | None) -> list[str]:
    """The issuers of an option, in its order; without the option the first of the settings."""
    from gateway.ca.issuers import choose

    wanted = None if text is None else [name.strip() for name in text.split(",")]
    return choose(settings_of(config), wanted)


def _document(server: Server) -> dict[str, object]:
    return {
        "name": server.name,
        "path": server.path,
        "validation": server.validation,
        "productID": server.product_id,
        "description": server.description,
        "names": server.names,
        "issuers": server.issuers,
    }
