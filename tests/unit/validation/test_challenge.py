"""Which challenges are offered, and what answers them."""

import pytest

from gateway.validation.challenge import offered
from gateway.validation.dns01 import digest
from gateway.validation.method import Claim


def test_a_name_can_be_proven_by_http_by_dns_and_in_a_tls_handshake() -> None:
    assert offered(wildcard=False) == ("http-01", "dns-01", "tls-alpn-01")


def test_a_wildcard_only_by_dns() -> None:
    assert offered(wildcard=True) == ("dns-01",)


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
    assert digest(key_authorization) == expected
