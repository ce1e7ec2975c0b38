"""What all commands share: settings, one transaction, and plain words for what went wrong."""

import asyncio
import getpass
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from gateway.config import Settings, load_settings, settings_told
from gateway.db.migrate import require_current_schema
from gateway.db.pool import Connection, open_pool, told_to_operators, transaction
from gateway.errors import ConfigurationError
from gateway.origin import Origin
from gateway.sandbox.clock import choose_clock

Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="TOML settings; GATEWAY_… variables win."),
]

T = TypeVar("T")
Work = Callable[[Connection, datetime, Origin], Awaitable[T]]


def settings_of(config: Path | None) -> Settings:
    """Raises ConfigurationError naming the file or the settings that are wrong."""
    if config is not None and not config.is_file():
        raise ConfigurationError(f"the settings file {config} does not exist")
    with settings_told():
        return load_settings(config)


def operate(config: Path | None, work: Work[T]) -> T:
    """Runs `work` in one transaction, at business time, in the name of the system's user."""
    settings = settings_of(config)
    with told_to_operators():
        return asyncio.run(_operate(settings, work))


async def _operate(settings: Settings, work: Work[T]) -> T:
    pool = await open_pool(settings.database, min_size=1, max_size=2)
    try:
        async with transaction(pool) as connection:
            await require_current_schema(connection)
            now = await choose_clock(settings, pool).now()
            return await work(connection, now, Origin(f"operator:{_user()}"))
    finally:
        await pool.close()


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return "unknown"
