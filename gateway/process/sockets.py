"""Ports: bound once, before anything else, and served by all worker processes together.

All accept from the same sockets: a connection that nobody has accepted yet waits for whoever is
there, also while workers are replaced. With a socket for each of them (SO_REUSEPORT) it would be
lost with its worker.
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
    """`listen` without any port 0; `sockets` are bound, do not listen yet, and go by its fields."""

    listen: Listen
    sockets: Mapping[str, socket.socket]

    def close(self) -> None:
        for each in self.sockets.values():
            each.close()


@contextmanager
def bound_ports(listen: Listen) -> Iterator[Ports]:
    """The ports stay ours until the block ends. Raises OperatorMistake when one is taken."""
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
    """Waits a moment for a port that a dying process of ours still holds."""
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
        # For connections of a former server that linger. A free port has none, and would with it
        # be taken by whoever asks for that very port before we listen.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, port != 0)
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound
