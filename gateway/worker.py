"""One worker process. Started by gateway.server; not a command for people.

It reads its settings as one line of JSON on stdin, says "ready" on stdout once it serves, and ends
gracefully on SIGTERM. The end of its stdin means that the supervisor is gone: it ends at once.
"""

import asyncio
import gc
import json
import os
import signal
import sys
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any

import structlog
import uvloop
from pydantic import SecretStr

from gateway import logging
from gateway.app import open_gateway
from gateway.config import Settings
from gateway.errors import GatewayError
from gateway.listeners import Serving, serving

_STDIN = 0
_ALLOCATIONS_BETWEEN_COLLECTIONS = 20_000
_log = structlog.get_logger(__name__)


def dump_settings(settings: Settings) -> bytes:
    """The line a worker reads, secrets included."""

    def plain(value: Any) -> str:
        if isinstance(value, SecretStr):
            return value.get_secret_value()
        if isinstance(value, Path | IPv4Network | IPv6Network):
            return str(value)
        raise TypeError(type(value).__name__)

    return json.dumps(settings.model_dump(), default=plain).encode() + b"\n"


def main() -> int:
    """Serves until told to stop; gives the exit status."""
    settings = Settings(**json.loads(_read_line()))
    logging.configure(settings.log_level)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(settings))
    except GatewayError as error:
        _log.error("worker.cannot_start", problem=str(error))
        return 1
    return 0


def _read_line() -> bytes:
    # Unbuffered: what follows is left for the event loop to see.
    line = bytearray()
    while not line.endswith(b"\n"):
        chunk = os.read(_STDIN, 65536)
        if not chunk:
            sys.exit("the supervisor sent no settings")
        line += chunk
    return bytes(line)


async def _serve(settings: Settings) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    loop.add_reader(_STDIN, _die)
    async with open_gateway(settings) as gateway, serving(gateway) as served:
        loop.add_signal_handler(signal.SIGHUP, _reload, served)
        _spare_the_collector()
        os.write(1, b"ready\n")
        await stopped.wait()


def _spare_the_collector() -> None:
    """What was loaded by now stays; and a request leaves no cycles that are worth a look each."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS_BETWEEN_COLLECTIONS, 20, 50)


def _reload(served: Serving) -> None:
    try:
        served.reload_certificate()
    except GatewayError as error:
        _log.error("worker.keeps_old_certificate", problem=str(error))
    else:
        _log.info("worker.certificate_reloaded")


def _die() -> None:
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
