"""The local CAs of the settings: one for each name of `ca.names`, in `ca.directory`."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from gateway.ca.addresses import plain_url
from gateway.ca.issuer import Issuer, Kind
from gateway.clock import SystemClock
from gateway.config import Settings
from gateway.errors import ConfigurationError

_SANDBOX_VALID = (
    datetime(2000, 1, 1, tzinfo=UTC),
    datetime(2099, 12, 31, 23, 59, 59, tzinfo=UTC),
)


def _names(settings: Settings) -> Sequence[str]:
    return settings.ca.names


def _implementation() -> type:
    from gateway.ca.local.issuer import LocalCa  # most commands need no CA

    return LocalCa


async def _open(settings: Settings, name: str) -> Issuer:
    """Opens a CA, made on first use. Its own validity is real time, except in the sandbox."""
    from gateway.ca.local.issuer import LocalCa

    passphrase = None
    if settings.ca.passphrase_file is not None:
        passphrase = _read_passphrase(settings.ca.passphrase_file)
    return LocalCa.create_or_load(
        settings.ca.directory,
        await SystemClock().now(),
        passphrase=passphrase,
        base_url=plain_url(settings),
        name=name,
        valid=_SANDBOX_VALID if settings.sandbox else None,
        crl_partitions=settings.ca.crl_partitions,
    )


def _read_passphrase(file: Path) -> bytes:
    try:
        return file.read_bytes().removesuffix(b"\n")
    except OSError as error:
        raise ConfigurationError(f"ca.passphrase_file cannot be read: {error.strerror}") from error


LOCAL = Kind("local", _implementation, _names, _open)
