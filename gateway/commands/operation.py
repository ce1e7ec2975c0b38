"""What all commands share: settings, one transaction, and plain words for what went wrong."""

import asyncio
import getpass
import tomllib
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError

from gateway.app import choose_clock
from gateway.config import Settings, load_settings
from gateway.db.migrate import require_current_schema
from gateway.db.pool import Connection, open_pool, told_to_operators, transaction
from gateway.errors import ConfigurationError
from gateway.origin import Origin

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
    try:
        return load_settings(config)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
            for problem in error.errors(include_input=False, include_url=False)
        )
        raise ConfigurationError(f"settings are not valid: {wrong}") from None
    except SettingsError as error:  # an environment variable that is no JSON
        raise ConfigurationError(f"settings are not valid: {error}") from None
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the settings file cannot be read: {error}") from None


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
