"""Which addresses a validation may connect to."""

from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.validation.addresses import EVERYWHERE, objection


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("0.0.0.0", "an unspecified"),
        ("10.1.2.3", "a private"),
        ("100.64.0.1", "a carrier-grade NAT"),
        ("127.0.0.1", "a loopback"),
        ("127.255.255.254", "a loopback"),
        ("169.254.169.254", "a link-local"),
        ("172.16.0.1", "a private"),
        ("172.31.255.255", "a private"),
        ("192.0.0.1", "a special-purpose"),
        ("192.168.1.1", "a private"),
        ("198.18.0.1", "a benchmarking"),
        ("203.0.113.7", "a documentation"),
        ("224.0.0.1", "a multicast"),
        ("255.255.255.255", "a reserved"),
        ("::", "an unspecified"),
        ("::1", "a loopback"),
        ("::ffff:10.0.0.1", "a private"),
        ("::ffff:127.0.0.1", "a loopback"),
        ("::10.0.0.1", "a reserved"),
        ("64:ff9b::a00:1", "an IPv4 translation"),
        ("2001::1", "a special-purpose"),
        ("2001:db8::1", "a documentation"),
        ("2002:a00:1::1", "a 6to4"),
        ("4000::1", "a reserved"),
        ("fc00::1", "a private"),
        ("fd12:3456::1", "a private"),
        ("fe80::1", "a link-local"),
        ("fec0::1", "a reserved"),
        ("ff02::1", "a multicast"),
    ],
)
def test_an_address_that_is_not_public_is_refused_and_named(address: str, kind: str) -> None:
    assert objection(address, ()) == f"{kind} address"


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "100.63.255.255", "172.32.0.1", "192.0.1.1", "::ffff:1.1.1.1", "2606:4700::1111"],
)
def test_a_public_address_is_not(address: str) -> None:
    assert objection(address, ()) is None


def test_a_trusted_network_is_connected_to_and_its_neighbour_is_not() -> None:
    trusted = [ip_network("10.1.0.0/16")]
    assert objection("10.1.2.3", trusted) is None
    assert objection("::ffff:10.1.2.3", trusted) is None
    assert objection("10.2.0.1", trusted) == "a private address"


@given(st.ip_addresses())
@example(IPv6Address("::ffff:127.0.0.1"))
def test_what_is_refused_includes_all_that_python_knows_as_not_global(
    address: IPv4Address | IPv6Address,
) -> None:
    known = getattr(address, "ipv4_mapped", None) or address
    if not known.is_global or known.is_multicast:
        assert objection(str(address), ()) is not None
    assert objection(str(address), EVERYWHERE) is None
