"""Contacts of an account (RFC 8555 §7.3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors.acme import ContactInvalid, ContactUnsupported
from gateway.rules.acme.contacts import checked


def test_bare_mail_addresses_are_kept() -> None:
    assert checked(["mailto:a.b+c@mail.example.com", "MAILTO:d@example.com"]) == [
        "mailto:a.b+c@mail.example.com",
        "mailto:d@example.com",
    ]


@pytest.mark.parametrize("contact", ["tel:+1", "https://example.com", "a@example.com", ""])
def test_other_schemes_are_unsupported(contact: str) -> None:
    with pytest.raises(ContactUnsupported):
        checked([contact])


@pytest.mark.parametrize(
    "contact",
    [
        "mailto:",
        "mailto:a",
        "mailto:a@b",
        "mailto:a@example.com?cc=x",
        "mailto:a@b.co,c@d.co",
        "mailto:a@-.example.com\n",
        "mailto:ü@example.com",
        "mailto:" + "a" * 300 + "@example.com",
    ],
)
def test_what_is_no_single_bare_address_is_invalid(contact: str) -> None:
    with pytest.raises(ContactInvalid):
        checked([contact])


def test_ten_contacts_are_enough() -> None:
    assert len(checked(["mailto:a@example.com"] * 10)) == 10
    with pytest.raises(ContactInvalid):
        checked(["mailto:a@example.com"] * 11)


@given(st.text(max_size=60))
def test_any_text_is_kept_clean_or_refused(text: str) -> None:
    try:
        [kept] = checked([f"mailto:{text}"])
    except ContactInvalid:
        return
    assert kept.isascii()
    assert kept.isprintable()
