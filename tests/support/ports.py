"""Ports for servers that a test starts later."""

import itertools
import os
import random
import socket
from collections.abc import Iterator

_PORTS = range(10_240, 32_768)
"""Ports below those that the kernel chooses for port 0: no other program gets one by chance."""

_SHARES = 32


def free_ports(number: int) -> list[int]:
    """Different ports on which nothing listens, and which no other test worker uses."""
    return list(itertools.islice(filter(_is_free, _share), number))


def _own_share() -> Iterator[int]:
    """This worker's ports in random order, because other test runs on this machine use them."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    ports = list(_PORTS[worker % _SHARES :: _SHARES])
    random.shuffle(ports)
    return itertools.cycle(ports)


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


_share = _own_share()
