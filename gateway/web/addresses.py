"""Where a request really came from: its peer, or what a trusted proxy says about it."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from aiohttp import web

from gateway.config import Settings
from gateway.errors import ConfigurationError

Address = IPv4Address | IPv6Address


def client_address(
    peer: str | None, forwarded_for: Sequence[str], settings: Settings
) -> str | None:
    """The client's address, None when it has none (a Unix socket).

    `peer` is the socket's, `forwarded_for` are the lines of X-Forwarded-For. They are read from the
    right, as long as the hop that wrote the entry is a trusted proxy (listen.trusted_proxies); the
    first address that no trusted proxy has is the client. What an untrusted peer claims is ignored.
    """
    if not forwarded_for:
        return _written(peer or "")
    nearest = _parse(peer or "")
    if nearest is None:
        return None
    trusted = _trusted_networks(tuple(settings.listen.trusted_proxies))
    for text in _from_the_right(forwarded_for):
        if not _is_in(nearest, trusted):
            break
        farther = _parse(text)
        if farther is None:
            break
        nearest = farther
    return str(nearest)


def address_of(request: web.Request, settings: Settings) -> str | None:
    """`client_address` of a request that aiohttp parsed."""
    forwarded_for = request.headers.getall("X-Forwarded-For", [])
    # request.remote is the socket's peer: nothing in this program overrides it.
    return client_address(request.remote, forwarded_for, settings)


def came_by_https(request: web.Request, settings: Settings) -> bool:
    """Did the client itself use HTTPS? Behind a trusted proxy X-Forwarded-Proto says so."""
    peer = _parse(request.remote or "")
    trusted = _trusted_networks(tuple(settings.listen.trusted_proxies))
    if peer is not None and _is_in(peer, trusted):
        claimed = request.headers.getall("X-Forwarded-Proto", [])
        if claimed:
            return claimed[-1].rpartition(",")[2].strip().lower() == "https"
    return request.secure


def _from_the_right(lines: Sequence[str]) -> Iterator[str]:
    for line in reversed(lines):
        yield from reversed(line.split(","))


@lru_cache(maxsize=1024)
def _parse(text: str) -> Address | None:
    """An address as proxies write it: also `[v6]`, `[v6]:port`, `v4:port`, `v6%zone`."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


@lru_cache(maxsize=1024)
def _written(text: str) -> str | None:
    address = _parse(text)
    return None if address is None else str(address)


def _is_in(address: Address, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    return any(address in network for network in networks)


@lru_cache(maxsize=16)
def _trusted_networks(texts: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(text) for text in texts)
    except ValueError as error:
        raise ConfigurationError(f"listen.trusted_proxies: {error}") from error
