"""A27: which names a subscription may list, and how they are spelled."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.names import InvalidName, name_type, normalise

labels = st.from_regex(r"[a-z]([a-z0-9]{0,10}[a-z0-9])?", fullmatch=True)


@pytest.mark.parametrize(
    ("given_name", "stored"),
    [
        ("a.example", "a.example"),
        ("A.Example", "a.example"),
        ("a.example.", "a.example"),
        ("*.A.example", "*.a.example"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("*.bücher.example", "*.xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("XN--BCHER-KVA.example", "xn--bcher-kva.example"),
        ("faß.example", "xn--fa-hia.example"),
        ("a。example", "a.example"),
        ("a\uff0eexample\uff0e", "a.example"),
        ("\uff45.example", "e.example"),
        ("a.co.uk", "a.co.uk"),
        ("www.ck", "www.ck"),
        ("1.example", "1.example"),
        ("a" * 63 + ".example", "a" * 63 + ".example"),
        (".".join(["a" * 49] * 5) + ".a", ".".join(["a" * 49] * 5) + ".a"),
    ],
)
def test_names_are_stored_as_lower_case_a_labels(given_name: str, stored: str) -> None:
    assert normalise(given_name) == stored


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "*",
        "*.",
        "*.*.example.com",
        "a.*.example",
        "a*.example",
        "**.example",
        "localhost",
        "*.localhost",
        "com",
        "co.uk",
        "*.com",
        "*.co.uk",
        "github.io",
        "*.github.io",
        "example",
        "1.2.3.4",
        "1.2.3.4.",
        "*.1.2.3.4",
        "1.2.3.0x4",
        "::1",
        "[::1]",
        "2001:db8::1",
        "a..example",
        ".a.example",
        "a.example..",
        "-a.example",
        "a-.example",
        "a_b.example",
        "_acme-challenge.example.com",
        "a b.example",
        " a.example",
        "a.example ",
        "a.example\n",
        "a\0.example",
        "a/b.example",
        "a@b.example",
        "a.example:443",
        "https://a.example",
        "ab--cd.example",
        "xn--.example",
        "xn--a.example",
        "xn--bcher-kva-.example",
        "xn--BÜCHER.example",
        "a" * 64 + ".example",
        "ü" * 60 + ".example",
        ".".join(["a" * 49] * 5) + ".ab.example",
        "a\u200d.example",
        "\ud800.example",
    ],
)
def test_what_no_subscription_can_list(name: str) -> None:
    with pytest.raises(InvalidName):
        normalise(name)


def test_the_type_decides_the_price() -> None:
    assert name_type("*.a.example") == "wildcard"
    assert name_type("a.example") == "fqdn"


@given(st.lists(labels, min_size=2, max_size=5), st.booleans())
def test_normal_names_stay_as_they_are(parts: list[str], wildcard: bool) -> None:
    name = ".".join([*parts, "example"])
    name = "*." + name if wildcard else name
    assert normalise(name) == name
    assert normalise(name.upper() + ".") == name


@given(st.text(max_size=300))
def test_any_text_gives_a_stable_ldh_name_or_is_refused(text: str) -> None:
    try:
        name = normalise(text)
    except InvalidName:
        return
    assert normalise(name) == name
    assert name.isascii()
    assert len(name) <= 253
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.*")
    assert all(0 < len(label) <= 63 for label in name.split("."))
