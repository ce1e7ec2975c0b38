"""The settings of what is reached from outside: listeners, directories, logins, the console."""

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from gateway.config.section import AtLeastOne, Port, Section


class Listen(Section, frozen=True):
    """Where the server listens."""

    host: str = "0.0.0.0"  # noqa: S104  a public server
    port: Port = 443
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    plain_http_port: Port | None = None
    """Plain HTTP for CRL and AIA downloads; everything else there is refused (E6)."""
    metrics_port: Port | None = None
    metrics_host: str = "127.0.0.1"
    """Address of the metrics; by default only this machine can read them."""
    trusted_proxies: list[str] = msgspec.field(default_factory=list)
    """Networks (CIDR) whose X-Forwarded-Proto and X-Forwarded-For are believed."""
    spread: bool = False
    """New connections go to all workers alike, instead of to the first that is not busy."""


class Directory(Section, frozen=True):
    """What directories tell clients about the service."""

    terms_of_service: str | None = None
    """URL; accounts must agree to it, and again when it changes (RFC 8555 §7.3.3)."""
    website: str | None = None
    """URL of a page about the service (RFC 8555 §7.1.1)."""


class Logins(Section, frozen=True):
    """How failed logins are treated, at the action API and the console."""

    failures_before_lock: AtLeastOne = 10
    lock_minutes: AtLeastOne = 15


class Console(Section, frozen=True):
    """How people sign in to the console, and how long they stay signed in, in real time."""

    idle_minutes: Annotated[int, Meta(ge=1, le=1440)] = 30
    """A session that nobody used for so long has ended."""
    session_hours: Annotated[int, Meta(ge=1, le=168)] = 12
    """The longest time until the password is asked for again."""
    operators_need_second_factor: bool = False
    """Operators without a second factor see nothing but the page where they set one up."""
