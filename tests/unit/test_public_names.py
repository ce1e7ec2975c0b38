"""Which names a public CA may never certify, whoever asks."""

import pytest

from gateway.rules.names import normalise
from gateway.rules.public_names import objection


@pytest.mark.parametrize(
    "name",
    [
        "a.alt",
        "a.example",
        "a.internal",
        "a.invalid",
        "a.local",
        "a.localhost",
        "a.onion",
        "a.test",
        "2.0.192.in-addr.arpa",
        "8.b.d.0.1.0.0.2.ip6.arpa",
        "a.home.arpa",
        "a.corp",
        "a.lan",
        "a.nosuchtld",
        "a.xn--bcher-kva",
    ],
)
def test_names_that_nobody_can_own_in_public_dns(name: str) -> None:
    for each in (name, f"*.{name}", f"b.c.{name}"):
        why = objection(normalise(each))
        assert f".{name.rpartition('.')[2]}" in why


@pytest.mark.parametrize(
    "name",
    [
        "example.com",
        "*.example.com",
        "example.co.uk",
        "user.github.io",
        "www.ck",
        "a.b.ck",
        "internal.example.com",
        "onion.net",
        "bücher.de",
        "яндекс.рф",
    ],
)
def test_names_that_somebody_may_own(name: str) -> None:
    assert objection(normalise(name)) == ""
