"""The site that passkeys are for."""

import pytest

from gateway.rules.operation.passkeys import relying_party


@pytest.mark.parametrize(
    ("url", "host", "origin"),
    [
        ("https://acme.example.com", "acme.example.com", "https://acme.example.com"),
        ("https://ACME.example.com:443", "acme.example.com", "https://acme.example.com"),
        ("https://acme.example.com:8443", "acme.example.com", "https://acme.example.com:8443"),
        ("https://acme.example.com/gateway", "acme.example.com", "https://acme.example.com"),
        ("http://localhost:80", "localhost", "http://localhost"),
    ],
)
def test_passkeys_are_for_the_host_and_origin_of_the_public_url(
    url: str, host: str, origin: str
) -> None:
    site = relying_party(url)
    assert site is not None
    assert (site.id, site.origin) == (host, origin)


@pytest.mark.parametrize("url", ["https://127.0.0.1:8443", "https://[::1]", "https://192.0.2.1"])
def test_passkeys_are_for_no_address(url: str) -> None:
    assert relying_party(url) is None
