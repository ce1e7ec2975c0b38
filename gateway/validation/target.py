"""Targets of HTTP requests: the first URL of a validation is put together, others are parsed."""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from yarl import URL

_LONGEST_URL = 2048  # characters
_LONGEST_HOST = 254  # characters, with a dot at the end
_NAME = re.compile(r"(?:[A-Za-z0-9_-]{1,63}\.)*+[A-Za-z0-9_-]{1,63}|(?:[A-Za-z0-9_-]{1,63}\.)++")


@dataclass(frozen=True, slots=True)
class Target:
    """The parts of an http or https URL that a request needs."""

    url: str
    secure: bool
    host: str
    """A name or an IP address; IPv6 without brackets."""
    port: int
    authority: str
    """The Host field (RFC 9110 §7.2)."""
    path: str
    """Path and query."""

    def redirected(self, location: str) -> "Target | None":
        """The target of a redirect, maybe relative (RFC 9110 §10.2.2); None as in `absolute`."""
        return _parsed(location, URL(self.url, encoded=True))


def plain(host: str, path: str) -> Target:
    """A target by plain http at port 80; neither name nor path may need escapes."""
    return Target(f"http://{host}{path}", False, host, 80, host, path)


def absolute(text: str) -> Target | None:
    """Parses an http or https URL; None = it is none, is too long, or its host cannot exist."""
    return _parsed(text, None)


def _parsed(text: str, base: URL | None) -> Target | None:
    if len(text) > _LONGEST_URL:
        return None
    try:
        host = urlsplit(text).hostname or ""
        if len(host) > _LONGEST_HOST or not host.isascii():  # encoding it would take long
            return None
        given = URL(text)
        url = (base.join(given) if base is not None else given).with_fragment(None)
        usable = (given.raw_host or not given.scheme) and url.scheme in ("http", "https")
        return _of(url) if usable and _is_host(url.raw_host or "") else None
    except ValueError:
        return None


def _is_host(host: str) -> bool:
    """Is it a DNS name, or an address without a zone, which has a meaning only on this machine?

    Resolvers and TLS libraries raise exceptions of many kinds for the other hosts URLs may have.
    """
    if ":" in host:
        return "%" not in host and bool(ip_address(host))
    return _NAME.fullmatch(host) is not None


def _of(url: URL) -> Target:
    return Target(
        str(url),
        url.scheme == "https",
        url.raw_host or "",
        url.port or 0,
        url.host_port_subcomponent or "",
        url.raw_path_qs,
    )
