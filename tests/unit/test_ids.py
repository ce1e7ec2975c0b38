"""The forms of identifiers and credentials."""

from base64 import urlsafe_b64encode
from collections.abc import Callable

import pytest

from gateway import ids


def mac_key_text() -> str:
    return urlsafe_b64encode(ids.new_mac_key()).decode()


@pytest.mark.parametrize(
    "make",
    [
        ids.new_eab_kid,
        ids.new_account_id,
        mac_key_text,
        ids.new_token_id,
        ids.new_token_secret,
        ids.new_coupon_code,
    ],
)
def test_none_looks_like_an_option_of_the_program_it_is_given_to(make: Callable[[], str]) -> None:
    """`certbot --eab-hmac-key -x…` is refused by certbot before it asks us."""
    made = {make() for _ in range(2000)}
    assert len(made) == 2000
    assert not any(text.startswith("-") for text in made)
