"""Where notices may go."""

import pytest

from gateway.errors.notice import NoticeMistake
from gateway.rules.notice.destinations import check_kinds, check_mail_address, check_url
from gateway.rules.notice.kinds import BY_DEFAULT

GOOD = [
    "https://example.com",
    "https://example.com/",
    "https://example.com:8443/a/b?c=d&e=%20",
    "https://xn--bcher-kva.example/hook",
    "https://93.184.216.34/hook",
    "https://[2606:2800:220:1::1]/hook",
]
BAD = [
    "",
    "example.com",
    "//example.com/hook",
    "http://example.com/hook",
    "ftp://example.com/hook",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "https://",
    "https:///hook",
    "https://localhost/hook",
    "https://intranet/hook",
    "https://user@example.com/",
    "https://user:secret@example.com/",
    "https://:secret@example.com/",
    "https://example.com/#part",
    "https://example.com/#",
    "https://example.com:0/",
    "https://example.com:99999/",
    "https://example.com:port/",
    "https://[::1/",
    "https://exa mple.com/",
    "https://example.com/a b",
    "https://example.com/\n",
    "https://example.com\\@10.0.0.1/",
    "https://bücher.example/",
    "https://example.com/" + "a" * 2000,
    "https://" + "a." * 130 + "com/",
    "https://" + "xn--bcher-kva." * 140 + "com/",
    "https://" + "a" * 64 + ".example/",
]


@pytest.mark.parametrize("url", GOOD)
def test_urls_that_can_be_webhooks(url: str) -> None:
    assert check_url(url, sandbox=False) == url


@pytest.mark.parametrize("url", BAD)
def test_urls_that_cannot(url: str) -> None:
    with pytest.raises(NoticeMistake, match="the URL of a webhook"):
        check_url(url, sandbox=False)


def test_only_a_sandbox_posts_to_http_and_to_hosts_of_its_own_network() -> None:
    assert check_url("http://localhost:8080/hook", sandbox=True)
    with pytest.raises(NoticeMistake):
        check_url("ftp://localhost/hook", sandbox=True)


@pytest.mark.parametrize("address", ["it@example.com", "a.b+c@mail.example.co.uk"])
def test_mail_addresses(address: str) -> None:
    assert check_mail_address(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "example.com",
        "a@b",
        "a@b.de, c@d.de",
        "A <a@b.de>",
        "a@b.de\r\nBcc: c@d.de",
        "a b@c.de",
        '"a"@b.de',
        "ü@b.de",
        "a" * 65 + "@b.de",
        "a@" + "b" * 63 + ".c" * 100,
    ],
)
def test_what_is_no_mail_address(address: str) -> None:
    with pytest.raises(NoticeMistake):
        check_mail_address(address)


def test_kinds_are_kept_in_their_order_each_once_and_default_to_the_usual_ones() -> None:
    chosen = check_kinds(["certificate.issued", "balance.low", "balance.low"])
    assert chosen == ("balance.low", "certificate.issued")
    assert check_kinds([]) == BY_DEFAULT
    with pytest.raises(NoticeMistake, match=r"'notice\.test' is none of"):
        check_kinds(["notice.test"])
