"""R14–R18, A12–A14: which names are free."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.names import name_type
from gateway.rules.subscription.free_names import (
    FreeBecause,
    Listed,
    associated_name,
    free_because,
    relevant_names,
)

D = "domain.brand.com"

names = st.sampled_from(
    [
        prefix + base
        for base in ("b.example", "www.b.example", "c.b.example")
        for prefix in ("", "www.", "*.", "www.www.")
    ]
)


def listed(*paid: str, free: tuple[str, ...] = ()) -> Listed:
    every = {**dict.fromkeys(paid, True), **dict.fromkeys(free, False)}
    return Listed(every, any(name_type(name) == "wildcard" for name in every))


def test_r15_www_of_a_paid_name_is_free() -> None:
    assert free_because(f"www.{D}", listed(D)) == FreeBecause("www", D)


def test_r14_the_base_of_a_wildcard_is_free() -> None:
    assert free_because(D, listed(f"*.{D}")) == FreeBecause("wildcard_base", f"*.{D}")


@pytest.mark.parametrize(
    ("name", "present"),
    [
        (f"*.{D}", [D]),  # source: the wildcard is charged after the name
        ("brand.com", [f"*.{D}"]),
        (f"www.{D}", [f"*.{D}"]),  # R16
        (f"subdomain.{D}", [f"*.{D}"]),  # R16
        (D, [f"www.{D}"]),
        (f"www.{D}", [D, f"*.{D}"]),  # X13
        (f"www.www.{D}", [f"www.{D}"]),  # A14
        (f"www.www.{D}", [D]),
        (f"*.www.{D}", [D]),
        (D, []),
        (f"www.{D}", []),
    ],
)
def test_r16_what_is_charged(name: str, present: list[str]) -> None:
    assert free_because(name, listed(*present)) is None


def test_a13_a_free_name_makes_no_other_free() -> None:
    assert free_because(f"www.{D}", listed(free=(D,))) is None


def test_a12_wildcard_of_another_base_ends_the_free_www_only_by_the_literal_reading() -> None:
    present = listed(D, "*.other.com")
    assert free_because(f"www.{D}", present) is not None
    assert free_because(f"www.{D}", present, any_wildcard_ends_free_www=True) is None
    assert free_because("other.com", present, any_wildcard_ends_free_www=True) is not None


@pytest.mark.parametrize(
    ("name", "associated"),
    [
        (D, f"www.{D}"),
        (f"*.{D}", D),
        (f"www.{D}", None),
        (".".join(["a" * 49] * 5) + ".a", None),  # no room for the prefix
    ],
)
def test_r17_the_name_that_comes_along(name: str, associated: str | None) -> None:
    assert associated_name(name) == associated


@given(names, st.dictionaries(names, st.booleans()), st.booleans())
def test_only_relevant_names_matter(name: str, present: dict[str, bool], literal: bool) -> None:
    has_wildcard = any(name_type(each) == "wildcard" for each in present)
    relevant = relevant_names(name)
    loaded = {each: paid for each, paid in present.items() if each in relevant}
    for added in {name, associated_name(name) or name}:
        decided = [
            free_because(added, Listed(known, has_wildcard), any_wildcard_ends_free_www=literal)
            for known in (present, loaded)
        ]
        assert decided[0] == decided[1]


@given(names, st.dictionaries(names, st.booleans()))
def test_a_free_name_has_a_partner_in_the_subscription(name: str, present: dict[str, bool]) -> None:
    free = free_because(name, Listed(present, has_wildcard=True))
    if free:
        assert name_type(name) == "fqdn"
        assert free.partner in present
        assert free.partner != name
