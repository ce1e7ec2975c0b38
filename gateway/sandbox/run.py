"""`gateway sandbox`: the whole gateway with a database, a CA and demo data, in one command.

The line printed when all is ready is a contract; nothing else ever goes to stdout.
"""

import asyncio
import json
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from msgspec import Struct
from msgspec.structs import replace

from gateway.ca.issuer import Downloads, OwnRoot
from gateway.ca.issuers import open_issuers
from gateway.config import Ca, Listen, Secret, Secrets, Settings
from gateway.config.sources import environment, made, read_file
from gateway.db.migrate import migrate
from gateway.db.pool import open_pool
from gateway.errors import OperatorMistake
from gateway.process.preparation import resolver_of, vault_of
from gateway.process.sockets import bound_ports
from gateway.process.supervisor import supervise
from gateway.sandbox import alternate_chain, demo_data, demo_organization
from gateway.sandbox.clock import choose_clock
from gateway.sandbox.postgres import EmbeddedPostgres
from gateway.usecases.acme.perspective import check_validation

_HOST = "127.0.0.1"
_SECRET_FILE = 0o600
_ANY_PORT = 443


@dataclass(frozen=True, slots=True)
class SandboxOptions:
    """The command's options; `dns` None = every name is 127.0.0.1."""

    state: Path
    port: int
    public_url: str | None
    http_port: int
    tls_port: int
    dns: str | None


class _Kept(Struct, frozen=True):
    """Settings that a restart takes over from the settings file."""

    listen: Listen = Listen(plain_http_port=0)
    secrets: Secrets | None = None


def run(wanted: SandboxOptions) -> None:
    """Runs the sandbox until SIGTERM or SIGINT.

    Raises OperatorMistake or ConfigurationError when something cannot be started.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    state = wanted.state.absolute()
    state.mkdir(parents=True, exist_ok=True)
    before = _settings_before(state / "gateway.toml")
    _refuse_what_cannot_start(wanted, state, before)
    postgres = EmbeddedPostgres(state / "postgres")
    database = postgres.start()
    try:
        asyncio.run(migrate(database))
        with bound_ports(_listen(wanted, before)) as ports:
            settings, anchor = asyncio.run(_furnish(wanted, state, database, ports.listen, before))
            supervise(
                settings,
                ports,
                on_ready=lambda: _announce(settings, state, anchor),
                lint_profiles=False,
            )
    except KeyboardInterrupt:
        pass
    finally:
        postgres.stop()


def _refuse_what_cannot_start(wanted: SandboxOptions, state: Path, before: _Kept) -> None:
    """Raises ConfigurationError for options and environment, before anything is made."""
    listen = _listen(wanted, before)
    numbered = replace(listen, port=listen.port or _ANY_PORT)
    draft = _settings(wanted, state, "postgresql://", numbered, before)
    check_validation(draft)
    vault_of(draft)
    resolver_of(draft)


def _listen(wanted: SandboxOptions, before: _Kept) -> Listen:
    """Gives the addresses to listen on; the port of CRLs stays over restarts if it is free.

    CRL addresses are part of certificates.
    """
    plain = before.listen.plain_http_port
    listen = Listen(host=_HOST, port=wanted.port, plain_http_port=plain, metrics_port=0)
    try:
        with bound_ports(listen):
            return listen
    except OperatorMistake:
        return replace(listen, plain_http_port=0)


async def _furnish(
    wanted: SandboxOptions, state: Path, database: str, listen: Listen, before: _Kept
) -> tuple[Settings, int]:
    """Makes CA, TLS certificate, demo data and settings file, or keeps those that exist.

    Gives the settings, and the anchor order number of the demo organization.
    """
    settings = _settings(wanted, state, database, listen, before)
    ca = (await open_issuers(settings)).find("local")
    assert isinstance(ca, OwnRoot)
    assert isinstance(ca, Downloads)
    (state / "root.pem").write_bytes(ca.root_pem())
    certificate, key = ca.issue_server_certificate(state / "tls", _hostnames(settings))
    listen = replace(listen, tls_certificate=certificate, tls_key=key)
    settings = replace(settings, listen=listen)
    pool = await open_pool(database, min_size=1)
    try:
        clock = choose_clock(settings, pool)
        await alternate_chain.add(pool, clock, ca, state / "alternate-root.pem")
        await demo_data.add(pool, clock)
        anchor = await demo_organization.add(pool, clock)
    finally:
        await pool.close()
    _write_settings(settings, state / "gateway.toml")
    return settings, anchor


def _settings(
    wanted: SandboxOptions, state: Path, database: str, listen: Listen, before: _Kept
) -> Settings:
    secrets = before.secrets or Secrets(keys=[Secret(Fernet.generate_key().decode())])
    public_url = (wanted.public_url or f"https://{_HOST}:{listen.port}").rstrip("/")
    said = {
        "database": database,
        "public_url": public_url,
        "sandbox": True,
        "listen": listen,
        "secrets": secrets,
        "ca": Ca(directory=state / "ca", crl_url=f"http://{_HOST}:{listen.plain_http_port}"),
        "validation": {
            "http_port": wanted.http_port,
            "tls_port": wanted.tls_port,
            "resolvers": [wanted.dns] if wanted.dns else [],
            "resolve_to": None if wanted.dns else _HOST,
            "allow_private_addresses": True,
        },
    }
    return made(Settings, environment(), said)


def _hostnames(settings: Settings) -> list[str]:
    names = ["localhost", _HOST, "::1", urlsplit(settings.public_url).hostname or ""]
    return list(dict.fromkeys(name for name in names if name))


def _settings_before(file: Path) -> _Kept:
    if not file.exists():
        return _Kept()
    return made(_Kept, read_file(file))


def _write_settings(settings: Settings, path: Path) -> None:
    """Writes the settings for the other commands, in one step, readable by their owner only."""
    listen, validation = settings.listen, settings.validation
    keys = [key.get_secret_value() for key in settings.secrets.keys]
    where = (
        f"resolvers = {json.dumps(validation.resolvers)}"
        if validation.resolve_to is None
        else f"resolve_to = {json.dumps(validation.resolve_to)}"
    )
    text = f"""\
database = {json.dumps(settings.database)}
public_url = {json.dumps(settings.public_url)}
sandbox = true

[listen]
host = {json.dumps(listen.host)}
port = {listen.port}
tls_certificate = {json.dumps(str(listen.tls_certificate))}
tls_key = {json.dumps(str(listen.tls_key))}
plain_http_port = {listen.plain_http_port}
metrics_port = {listen.metrics_port}

[secrets]
keys = {json.dumps(keys)}

[ca]
directory = {json.dumps(str(settings.ca.directory))}
crl_url = {json.dumps(settings.ca.crl_url)}

[validation]
http_port = {validation.http_port}
tls_port = {validation.tls_port}
{where}
allow_private_addresses = true
"""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _SECRET_FILE)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    new.replace(path)


def _announce(settings: Settings, state: Path, anchor: int) -> None:
    """Prints the ready line, for programs that start a sandbox."""
    url = settings.public_url
    line = {
        "ready": True,
        "actions": f"{url}/products/!ACMEAdmin",
        "directories": {"DV": f"{url}/v2/DV", "OV": f"{url}/v2/OV"},
        "sandbox": f"{url}/sandbox",
        "rootCertificate": str(state / "root.pem"),
        "loginName": demo_data.LOGIN,
        "loginPassword": demo_data.PASSWORD,
        "console": f"{url}/console/",
        "operatorLogin": demo_data.OPERATOR,
        "operatorPassword": demo_data.OPERATOR_PASSWORD,
        "database": settings.database,
        "http": settings.ca.crl_url,
        "ovAnchorOrderNumber": anchor,
    }
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
