"""One worker process. Started by gateway.process.supervisor; not a command for people.

It reads its settings and its place as two lines of JSON on stdin, says "ready" on stdout once it
serves, and ends gracefully on SIGTERM. The end of its stdin means that the supervisor is gone: it
ends at once.
"""

import asyncio
import gc
import json
import os
import resource
import signal
import socket
import sys
from contextlib import suppress

import structlog
import uvloop

from gateway import logging
from gateway.app import open_gateway
from gateway.config import Settings
from gateway.config.sources import made
from gateway.db.migrate import require_current_schema
from gateway.db.pool import Pool, is_outage
from gateway.errors import GatewayError
from gateway.process.listeners import Serving, serving
from gateway.process.place import Place
from gateway.web.front.load_board import LoadBoard
from gateway.web.front.turn import Slot

_STDIN = 0
_ALLOCATIONS_BETWEEN_COLLECTIONS = 20_000
_log = structlog.get_logger(__name__)


def main() -> int:
    """Serves until SIGTERM or SIGINT; gives the exit status."""
    settings_members, place_members = map(json.loads, _read_lines(2))
    settings, place = made(Settings, settings_members), Place(**place_members)
    logging.configure(settings.log_level)
    _raise_limit_of_descriptors()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(settings, place))
    except GatewayError as error:
        _log.error("worker.cannot_start", problem=str(error))
        return 1
    return 0


def _raise_limit_of_descriptors() -> None:
    """Raises the limit as far as allowed: each connection takes one, and the default is low."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with suppress(ValueError, OSError):  # a system may allow less than it says
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _read_lines(number: int) -> list[bytes]:
    # Reads without a buffer, so that the event loop sees what follows.
    text = bytearray()
    while text.count(b"\n") < number:
        chunk = os.read(_STDIN, 65536)
        if not chunk:
            sys.exit("the supervisor sent no settings")
        text += chunk
    return bytes(text).splitlines()


async def _serve(settings: Settings, place: Place) -> None:
    sockets = {field: _inherited(each) for field, each in place.sockets.items()}
    slot = Slot(LoadBoard(place.load_board, place.slots), place.slot)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    loop.add_reader(_STDIN, _die)
    async with open_gateway(settings) as gateway, serving(gateway, sockets, slot) as served:
        loop.add_signal_handler(signal.SIGHUP, _reload, served)
        await _require_current_schema(gateway.services.pool)
        _spare_the_collector()
        os.write(1, b"ready\n")
        await stopped.wait()


def _inherited(descriptor: int) -> socket.socket:
    os.set_inheritable(descriptor, False)
    return socket.socket(fileno=descriptor)


async def _require_current_schema(pool: Pool) -> None:
    """Raises OperatorMistake for an old schema: a replacing worker may be of a newer release."""
    try:
        async with pool.acquire() as connection:
            await require_current_schema(connection)
    except Exception as error:
        if not is_outage(error):
            raise


def _spare_the_collector() -> None:
    """Makes garbage collection rare: loaded code stays, and requests leave few cycles behind."""
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
