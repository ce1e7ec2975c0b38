"""The servers under load, as their operators run them."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from cryptography.fernet import Fernet

from gateway.ca.local.issuer import LocalCa

DIRECTORY_PATH = "/v2/DV"
_HOST = "127.0.0.1"
_START_SECONDS = 60.0


class PortTaken(Exception):
    """The world cannot listen where the server looks for it."""


@dataclass(frozen=True)
class World:
    """Where names resolve to, who says so, and whose files are served there."""

    address: str
    http_port: int
    dns_port: int
    webroot: str


@dataclass(frozen=True)
class Server:
    """A running server; `pid` is its first process."""

    pid: int
    directory: str
    webroot: str


@contextmanager
def world(address: str, http_port: int) -> Iterator[World]:
    """A process of `bench.world`; raises PortTaken when it cannot listen. Port 0 = any."""
    with tempfile.TemporaryDirectory(prefix="bench-webroot-", dir=_memory()) as webroot:
        command = [sys.executable, "-m", "bench.world", address, str(http_port), webroot]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            said = process.stdout.readline().split()
            if not said:
                raise PortTaken(f"{address}:{http_port}")
            yield World(address, int(said[0]), int(said[1]), webroot)
        finally:
            process.terminate()
            process.wait()


def _memory() -> str | None:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


@contextmanager
def gateway(
    directory: Path, ca: LocalCa, key: str, database: str, workers: int, world: World
) -> Iterator[Server]:
    """`gateway serve` in production mode, with all settings at their defaults but addresses."""
    directory.mkdir(exist_ok=True)
    port, plain = _free_ports(2)
    certificate, tls_key = ca.issue_server_certificate(directory / "tls", [_HOST])
    url = f"https://{_HOST}:{port}"
    settings = f"""\
database = {json.dumps(database)}
public_url = "{url}"
workers = {workers}

[listen]
host = "{_HOST}"
port = {port}
plain_http_port = {plain}
tls_certificate = {json.dumps(str(certificate))}
tls_key = {json.dumps(str(tls_key))}

[secrets]
keys = ["{key}"]

[ca]
directory = {json.dumps(str(directory.parent / "ca"))}
crl_url = "http://pki.example.com"

[validation]
http_port = {world.http_port}
resolvers = ["{world.address}:{world.dns_port}"]
private_networks = ["127.0.0.0/8"]
require_dnssec = false
"""
    config = directory / "gateway.toml"
    config.write_text(settings)
    command = [sys.executable, "-m", "gateway", "serve", "--config", str(config)]
    with _running(command, directory / "gateway.log", "server.ready") as pid:
        yield Server(pid, url + DIRECTORY_PATH, world.webroot)


def new_secret() -> str:
    return Fernet.generate_key().decode()


@contextmanager
def caddy(directory: Path, world: World) -> Iterator[Server]:
    """caddy's acme_server with its internal CA; it asks the system's resolver, and port 80."""
    directory.mkdir(exist_ok=True)
    (port,) = _free_ports(1)
    url = f"https://{_HOST}:{port}"
    config = directory / "Caddyfile"
    config.write_text(
        f"""\
{{
	admin off
	auto_https disable_redirects
	skip_install_trust
	storage file_system {directory}/store
}}
{url} {{
	tls internal
	acme_server {{
		challenges http-01
	}}
}}
"""
    )
    command = [_caddy(), "run", "--config", str(config)]
    with _running(command, directory / "caddy.log", "certificate obtained", directory) as pid:
        yield Server(pid, f"{url}/acme/local/directory", world.webroot)


def _caddy() -> str:
    beside = Path(sys.executable).parent / "caddy"
    found = which(beside) or which("caddy")
    if found is None:
        raise FileNotFoundError("caddy is not installed; install the extra 'dev'")
    return found


@contextmanager
def _running(command: list[str], log: Path, ready: str, home: Path | None = None) -> Iterator[int]:
    """A process, until the block ends, from when its log says `ready`."""
    environment = dict(os.environ)
    if home is not None:
        environment |= {"HOME": str(home), "XDG_CONFIG_HOME": str(home)}
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, env=environment
        )
    try:
        deadline = time.monotonic() + _START_SECONDS
        while ready not in log.read_text():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{command[0]} did not start:\n{log.read_text()[-2000:]}")
            time.sleep(0.05)
        yield process.pid
    finally:
        process.terminate()
        process.wait(60)


def _free_ports(number: int) -> list[int]:
    sockets = [socket.create_server((_HOST, 0)) for _ in range(number)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
