"""What all commands share: settings, one transaction, and clear error messages.

Modules of commands import heavy modules inside their functions: `--help` and mistakes in the
arguments need none of them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from gateway.errors import ConfigurationError
from gateway.origin import Origin, operator

if TYPE_CHECKING:
    from gateway.clock import Clock
    from gateway.config import Settings
    from gateway.db.pool import Pool
    from gateway.usecases.work import Work

Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="TOML settings; GATEWAY_… variables win."),
]

T = TypeVar("T")
_LOOK_SECONDS = 1.0
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


def follow(config: Path | None, look: CarriedOut[T], goes_on: Callable[[T], bool]) -> None:
    """Calls `look` each second, in units of work that only read, as long as `goes_on` of it."""
    settings = settings_of(config)
    import asyncio

    from gateway.db.pool import database_mistakes

    async def watch() -> None:
        from gateway.usecases.work import open_reading

        async with _connected(settings) as (pool, clock):
            while True:
                async with open_reading(pool, await clock.now(), _origin()) as work:
                    found = await look(work)
                if not goes_on(found):
                    return
                await asyncio.sleep(_LOOK_SECONDS)

    with database_mistakes():
        asyncio.run(watch())


async def _operate(settings: Settings, carry_out: CarriedOut[T]) -> T:
    from gateway.usecases.work import open_work

    async with (
        _connected(settings) as (pool, clock),
        open_work(pool, await clock.now(), _origin()) as work,
    ):
        return await carry_out(work)


@asynccontextmanager
async def _connected(settings: Settings) -> AsyncIterator[tuple[Pool, Clock]]:
    """A pool of a database with the current schema, and the business clock."""
    from gateway.db.migrate import require_current_schema
    from gateway.db.pool import open_pool
    from gateway.sandbox.clock import choose_clock

    pool = await open_pool(settings.database, min_size=1, max_size=2)
    try:
        async with pool.acquire() as connection:
            await require_current_schema(connection)
        yield pool, choose_clock(settings, pool)
    finally:
        await pool.close()


def _origin() -> Origin:
    return Origin(f"operator:{operator()}")
