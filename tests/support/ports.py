"""Ports for servers that a test starts later."""

import itertools
import os
import random
import socket
from collections.abc import Iterator

_PORTS = range(10_240, 32_768)
"""Below those that the kernel gives to whoever asks for any: nobody gets one by chance."""

_SHARES = 32


def free_ports(number: int) -> list[int]:
    """Different ports that nothing listened on a moment ago, and no other worker will ask for."""
    return list(itertools.islice(filter(_is_free, _share), number))


def _own_share() -> Iterator[int]:
    """In random order: other runs of the tests on this machine have the same."""
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
