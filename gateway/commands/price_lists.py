"""Sets, lists and removes prices, in the same way for all families."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.commands.inputs import amount
from gateway.commands.operation import operate
from gateway.errors import OperatorMistake
from gateway.rules.operation.input import DEFAULT_PRICE_LIST

if TYPE_CHECKING:
    from gateway.rules.money.prices import Article, Family
    from gateway.store.money.prices import ListedPrice
    from gateway.usecases.work import Work

Login = Annotated[str, typer.Argument(metavar="LOGIN", help="'default' = the list for all.")]
Currency = Annotated[str | None, typer.Option(metavar="USD")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]

NAME_TYPES = ("fqdn", "wildcard")


def given(fqdn: str | None, wildcard: str | None) -> dict[str, str]:
    """The prices that were typed, by name type; raises OperatorMistake if there are none."""
    prices = dict(zip(NAME_TYPES, (fqdn, wildcard), strict=True))
    typed = {name_type: text for name_type, text in prices.items() if text is not None}
    if not typed:
        raise OperatorMistake("give a price with --fqdn or --wildcard")
    return typed


def chosen(fqdn: bool, wildcard: bool) -> Sequence[str]:
    """The name types that were named; all of them if none was."""
    wanted = dict(zip(NAME_TYPES, (fqdn, wildcard), strict=True))
    return [name_type for name_type, named in wanted.items() if named] or NAME_TYPES


def set_prices(
    config: Path | None,
    login: str,
    articles: Callable[[Work], Awaitable[Sequence[Article]]],
    texts: Sequence[str],
    currency: str | None,
) -> None:
    """Gives each of the articles its price, or changes nothing."""
    from gateway.usecases.money import prices

    amounts = [amount(text) for text in texts]

    async def carry_out(work: Work) -> None:
        for article, price in zip(await articles(work), amounts, strict=True):
            await prices.set_price(
                work, login=_list_of(login), article=article, amount=price, currency=currency
            )

    operate(config, carry_out)


def list_prices(
    config: Path | None,
    login: str,
    family: Family,
    document: Callable[[ListedPrice], Mapping[str, str | int]],
    *,
    as_json: bool,
) -> None:
    """Prints what a reseller pays. `document` has article and amount in the family's words."""
    from gateway.usecases.money import prices

    async def carry_out(work: Work) -> list[ListedPrice]:
        return await prices.list_prices(work, _list_of(login), family)

    found = operate(config, carry_out)
    if as_json:
        rows = [{**document(each), "currency": each.currency, "own": each.own} for each in found]
        typer.echo(json.dumps(rows))
        return
    for each in found:
        default = "" if each.own or _list_of(login) is None else "  (default)"
        columns = "  ".join(_column(value) for value in document(each).values())
        typer.echo(f"{columns} {each.currency}{default}")


def remove_prices(
    config: Path | None,
    login: str,
    articles: Callable[[Work], Awaitable[Sequence[Article]]],
) -> list[str]:
    """Takes prices off a list; gives the variants that had one."""
    from gateway.usecases.money import prices

    async def carry_out(work: Work) -> list[Article]:
        return await prices.remove_prices(
            work, login=_list_of(login), articles=await articles(work)
        )

    return [article.variant for article in operate(config, carry_out)]


def _column(value: str | int) -> str:
    return f"{value:>3}" if isinstance(value, int) else value


def _list_of(login: str) -> str | None:
    return None if login == DEFAULT_PRICE_LIST else login
