"""What all commands share: settings, one transaction, and clear error messages.

Modules of commands import heavy modules inside their functions: `--help` and mistakes in the
arguments need none of them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from gateway.errors import ConfigurationError
from gateway.origin import Origin, operator

if TYPE_CHECKING:
    from gateway.config import Settings
    from gateway.usecases.work import Work

Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="TOML settings; GATEWAY_… variables win."),
]

T = TypeVar("T")
CarriedOut = Callable[["Work"], Awaitable[T]]


def group(summary: str) -> typer.Typer:
    """A group of commands; `summary` is its help. Without rich, whose import takes longest."""
    return typer.Typer(no_args_is_help=True, rich_markup_mode=None, help=summary)


def settings_of(config: Path | None) -> Settings:
    """Loads the settings; raises ConfigurationError naming the file or settings that are wrong."""
    if config is not None and not config.is_file():
        raise ConfigurationError(f"the settings file {config} does not exist")
    from gateway.config.sources import load_settings

    return load_settings(config)


def operate(config: Path | None, carry_out: CarriedOut[T]) -> T:
    """Calls `carry_out` in one transaction, at business time, in the name of the operator."""
    settings = settings_of(config)
    import asyncio

    from gateway.db.pool import database_mistakes

    with database_mistakes():
        return asyncio.run(_operate(settings, carry_out))


async def _operate(settings: Settings, carry_out: CarriedOut[T]) -> T:
    from gateway.db.migrate import require_current_schema
    from gateway.db.pool import open_pool
    from gateway.sandbox.clock import choose_clock
    from gateway.usecases.work import open_work

    pool = await open_pool(settings.database, min_size=1, max_size=2)
    try:
        async with pool.acquire() as connection:
            await require_current_schema(connection)
        now = await choose_clock(settings, pool).now()
        async with open_work(pool, now, Origin(f"operator:{operator()}")) as work:
            return await carry_out(work)
    finally:
        await pool.close()
