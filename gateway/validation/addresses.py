"""Which addresses from a stranger's DNS records the gateway may connect to."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Range = IPv4Network | IPv6Network

EVERYWHERE: tuple[Range, ...] = (ip_network("0.0.0.0/0"), ip_network("::/0"))
"""For the sandbox, where names resolve to loopback."""

_GLOBAL_UNICAST = IPv6Network("2000::/3")
_KINDS: dict[Range, str] = {
    ip_network("0.0.0.0/8"): "an unspecified",
    ip_network("10.0.0.0/8"): "a private",
    ip_network("100.64.0.0/10"): "a carrier-grade NAT",
    ip_network("127.0.0.0/8"): "a loopback",
    ip_network("169.254.0.0/16"): "a link-local",
    ip_network("172.16.0.0/12"): "a private",
    ip_network("192.0.0.0/24"): "a special-purpose",
    ip_network("192.0.2.0/24"): "a documentation",
    ip_network("192.88.99.0/24"): "a 6to4 relay",
    ip_network("192.168.0.0/16"): "a private",
    ip_network("198.18.0.0/15"): "a benchmarking",
    ip_network("198.51.100.0/24"): "a documentation",
    ip_network("203.0.113.0/24"): "a documentation",
    ip_network("224.0.0.0/4"): "a multicast",
    ip_network("240.0.0.0/4"): "a reserved",
    ip_network("::1/128"): "a loopback",
    ip_network("::/128"): "an unspecified",
    ip_network("64:ff9b::/96"): "an IPv4 translation",
    ip_network("2001::/23"): "a special-purpose",
    ip_network("2001:db8::/32"): "a documentation",
    ip_network("2002::/16"): "a 6to4",
    ip_network("3fff::/20"): "a documentation",
    ip_network("fc00::/7"): "a private",
    ip_network("fe80::/10"): "a link-local",
    ip_network("ff00::/8"): "a multicast",
}
"""IANA special-purpose registries, RFC 6890. 6to4 and translation addresses may hide IPv4 ones."""


def objection(address: str, trusted: Sequence[Range]) -> str | None:
    """Why `address` is not connected to ("a private address"); None = it is public or trusted."""
    parsed = _plain(ip_address(address))
    if any(parsed in network for network in trusted):
        return None
    for network, kind in _KINDS.items():
        if parsed in network:
            return f"{kind} address"
    if isinstance(parsed, IPv6Address) and parsed not in _GLOBAL_UNICAST:
        return "a reserved address"
    return None


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """An IPv4 address written as IPv6 (::ffff:10.0.0.1) is that IPv4 address."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
