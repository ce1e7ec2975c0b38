"""A PostgreSQL server that lets roles in by password over TCP, as Debian sets it up."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from gateway.sandbox import postgres
from gateway.sandbox.postgres import EmbeddedPostgres
from tests.support.ports import free_ports

_RULES = """\
local all postgres trust
local all all scram-sha-256
host all all 127.0.0.1/32 scram-sha-256
"""


@dataclass(frozen=True)
class PasswordServer:
    """The server's port on the loopback, and its superuser's DSN."""

    port: int
    superuser: str


@contextmanager
def password_server(directory: Path) -> Iterator[PasswordServer]:
    [port] = free_ports(1)
    server = EmbeddedPostgres(directory, durable=False)
    # The sandbox's own has no network port.
    network = {"listen_addresses": "127.0.0.1", "port": str(port)}
    try:
        server.start()  # makes the cluster, which trusts everybody
        server.stop()
        (directory / "data" / "pg_hba.conf").write_text(_RULES)
        with patch.dict(postgres._FAST, network):
            dsn = server.start()
        yield PasswordServer(port, f"{dsn}&port={port}")
    finally:
        server.stop()
