"""Which challenges are offered, and what answers them."""

import pytest

from gateway.errors import ConfigurationError
from gateway.rules.acme.key_authorization import txt_value
from gateway.validation.challenge import METHODS, choose, offered
from gateway.validation.dnsaccount01 import account_label
from gateway.validation.method import Claim


def test_what_is_a_standard_is_offered_and_drafts_are_not() -> None:
    assert choose(None) == ("http-01", "dns-01", "tls-alpn-01")
    assert all(METHODS[kind].has_token for kind in choose(None))


def test_an_operator_may_choose() -> None:
    assert choose(["dns-persist-01", "dns-01"]) == ("dns-persist-01", "dns-01")


def test_a_type_that_there_is_not_cannot_be_chosen() -> None:
    with pytest.raises(ConfigurationError, match="there is no dns-02; choose of http-01, "):
        choose(["http-01", "dns-02"])


def test_a_name_can_be_proven_in_all_ways() -> None:
    assert offered(False, list(METHODS)) == tuple(METHODS)


def test_a_wildcard_only_by_dns() -> None:
    assert offered(True, list(METHODS)) == ("dns-01", "dns-account-01", "dns-persist-01")


def test_the_account_label_is_made_of_the_account_s_url() -> None:
    """The draft's own example."""
    assert account_label("https://example.com/acme/acct/ExampleAccount") == "_ujmmovf2vn55tgye"


def test_the_key_authorization_is_token_dot_thumbprint() -> None:
    claim = Claim("example.com", "token", "thumbprint")
    assert claim.key_authorization == "token.thumbprint"


@pytest.mark.parametrize(
    ("key_authorization", "expected"),
    [
        ("", "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"),
        (
            "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA.nP1qzpXGymHBrUEepNY9HCsQk7K8KhOypzEt62jcerQ",
            "NGwKoXBgCT8JhEa0bK7AwfSqHyu_ZWeugV07fLGIVq0",
        ),
    ],
)
def test_dns_carries_the_unpadded_base64url_of_its_sha256(
    key_authorization: str, expected: str
) -> None:
    assert txt_value(key_authorization) == expected
