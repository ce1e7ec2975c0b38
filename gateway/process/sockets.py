"""Ports: bound once, before anything else, and served by all worker processes together.

All workers accept from the same sockets. So a connection that is not accepted yet waits for any
worker, also while workers are replaced. With one socket per worker (SO_REUSEPORT) it would be lost
with its worker.
"""

import errno
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from msgspec.structs import replace

from gateway.config import Listen
from gateway.errors import OperatorMistake

_DYING_SECONDS = 2.0


@dataclass(frozen=True)
class Ports:
    """Bound ports: `listen` has their numbers, never 0; `sockets` are by its fields.

    The sockets do not listen yet.
    """

    listen: Listen
    sockets: Mapping[str, socket.socket]

    def close(self) -> None:
        for each in self.sockets.values():
            each.close()


@contextmanager
def bound_ports(listen: Listen) -> Iterator[Ports]:
    """Binds the ports until the block ends. Raises OperatorMistake when one is taken."""
    sockets: dict[str, socket.socket] = {}
    try:
        for field, host in (
            ("port", listen.host),
            ("plain_http_port", listen.host),
            ("metrics_port", listen.metrics_host),
        ):
            wanted = getattr(listen, field)
            if wanted is not None:
                sockets[field] = _bind(host, wanted, field)
        found = {field: each.getsockname()[1] for field, each in sockets.items()}
        yield Ports(replace(listen, **found), sockets)
    finally:
        for each in sockets.values():
            each.close()


def _bind(host: str, port: int, field: str) -> socket.socket:
    """Binds a port; waits a moment if a gateway process that is ending still holds it."""
    deadline = time.monotonic() + _DYING_SECONDS
    while True:
        try:
            return _bound(host, port)
        except OSError as error:
            if error.errno == errno.EADDRINUSE and time.monotonic() < deadline:
                time.sleep(0.1)
                continue
            raise OperatorMistake(
                f"listen.{field}: cannot use {host}:{port}: {error.strerror}"
            ) from error


def _bound(host: str, port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        # Allows for lingering connections of a former server. A port 0 has none, and with this
        # option another process could bind the chosen port before we listen on it.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, port != 0)
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound
