"""What a GET asks for; the first of a validation is written out, redirects are parsed."""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from yarl import URL

_LONGEST_LOCATION = 2048  # characters
_LONGEST_HOST = 254  # characters, with a dot at the end
_NAME = re.compile(r"(?:[A-Za-z0-9_-]{1,63}\.)*+[A-Za-z0-9_-]{1,63}|(?:[A-Za-z0-9_-]{1,63}\.)++")


@dataclass(frozen=True, slots=True)
class Target:
    """The parts of an http or https URL that a GET needs."""

    url: str
    secure: bool
    host: str
    """An IPv6 address is without brackets."""
    port: int
    authority: str
    """The Host field (RFC 9110 §7.2)."""
    path: str
    """And query."""

    def redirected(self, location: str) -> "Target | None":
        """None = not an http or https URL (RFC 9110 §10.2.2) of a host that there can be.

        Nor one that is longer than is sensible.
        """
        if len(location) > _LONGEST_LOCATION:
            return None
        try:
            host = urlsplit(location).hostname or ""
            if len(host) > _LONGEST_HOST or not host.isascii():  # encoding it would take long
                return None
            given = URL(location)
            url = URL(self.url, encoded=True).join(given).with_fragment(None)
            usable = (given.raw_host or not given.scheme) and url.scheme in ("http", "https")
            return _of(url) if usable and _is_host(url.raw_host or "") else None
        except ValueError:
            return None


def plain(host: str, path: str) -> Target:
    """http at the usual port; neither name nor path need escapes."""
    return Target(f"http://{host}{path}", False, host, 80, host, path)


def _is_host(host: str) -> bool:
    """A DNS name, or an address without a zone, which means something on this machine only.

    What else URLs allow, resolvers and TLS libraries answer with exceptions of many kinds.
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
