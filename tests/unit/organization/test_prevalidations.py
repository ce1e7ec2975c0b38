"""When a pre-validation holds, and for which names (O1–O4, O9)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import OperatorMistake
from gateway.errors.organization import InvalidDetail
from gateway.rules.organization.prevalidations import (
    Approval,
    Validity,
    can_be_rejected,
    checked_domains,
    checked_type,
    covers,
    decide_approval,
    number_of,
)

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
TERM = timedelta(days=365)
STATES = ["requested", "in_validation", "valid", "expired", "rejected", "superseded"]


def valid(expires_at: datetime = NOW, valid_from: datetime | None = None) -> Validity:
    return Validity("valid", valid_from, expires_at)


def test_it_holds_through_its_last_second() -> None:
    assert valid(NOW).holds(NOW)
    assert valid(NOW).holds(NOW + timedelta(microseconds=999_999))
    assert not valid(NOW).holds(NOW + SECOND)
    assert valid(NOW).state_at(NOW + SECOND) == "expired"


def test_it_holds_from_its_first_instant() -> None:
    begun = valid(NOW + TERM, NOW)
    assert begun.holds(NOW)
    assert not begun.holds(NOW - timedelta(microseconds=1))
    assert begun.state_at(NOW - SECOND) == "valid"  # only not yet


@pytest.mark.parametrize("state", [state for state in STATES if state != "valid"])
def test_no_other_state_holds_whatever_its_dates(state: str) -> None:
    assert not Validity(state, NOW - TERM, NOW + TERM).holds(NOW)
    assert Validity(state, None, NOW - TERM).state_at(NOW) == state


@pytest.mark.parametrize(
    ("domain", "name", "covered"),
    [
        ("example.com", "example.com", True),
        ("example.com", "www.example.com", True),
        ("example.com", "a.b.example.com", True),
        ("example.com", "*.example.com", True),
        ("example.com", "*.a.example.com", True),
        ("shop.example.com", "shop.example.com", True),
        ("shop.example.com", "a.shop.example.com", True),
        ("shop.example.com", "example.com", False),
        ("shop.example.com", "*.example.com", False),
        ("shop.example.com", "workshop.example.com", False),
        ("example.com", "badexample.com", False),
        ("example.com", "example.com.evil.net", False),
        ("example.co.uk", "www.example.co.uk", True),
        ("foo.github.io", "bar.foo.github.io", True),
        ("amazonaws.com", "x.amazonaws.com", True),
        ("amazonaws.com", "bucket.s3.amazonaws.com", False),  # registered by somebody else
    ],
)
def test_o2_covers_exactly_or_as_a_parent_in_the_registrable_domain(
    domain: str, name: str, covered: bool
) -> None:
    assert covers([domain], name) is covered
    assert covers(["unrelated.net", domain], name) is covered


_LABELS = st.text("abcdefgh", min_size=1, max_size=5)


@given(domain=st.lists(_LABELS, min_size=1, max_size=3), below=st.lists(_LABELS, max_size=3))
def test_o2_whatever_is_below_an_ordinary_domain_is_covered(
    domain: list[str], below: list[str]
) -> None:
    base = ".".join([*domain, "example"])
    name = ".".join([*below, base])
    assert covers([base], name)
    assert covers([base], f"*.{name}")
    assert not covers([name], base) or name == base


@pytest.mark.parametrize("state", ["requested", "in_validation"])
def test_an_approval_starts_now_and_lasts_a_term_unless_it_says_otherwise(state: str) -> None:
    asked = Validity(state, None, None)
    assert decide_approval(1, asked, None, TERM, NOW) == Approval(NOW, NOW + TERM)
    assert decide_approval(1, asked, NOW + SECOND, TERM, NOW) == Approval(NOW, NOW + SECOND)
    with pytest.raises(OperatorMistake, match="2025-06-01T12:00:00Z is past"):
        decide_approval(1, asked, NOW, TERM, NOW)


def test_approving_what_is_valid_changes_nothing() -> None:
    assert decide_approval(1, valid(NOW + TERM), None, TERM, NOW) is None


@pytest.mark.parametrize(
    "over", [valid(NOW - SECOND), *(Validity(s, None, NOW) for s in STATES[3:])]
)
def test_what_is_over_is_not_approved(over: Validity) -> None:
    with pytest.raises(OperatorMistake, match=r"pre-validation 7 is \w+; order a new one"):
        decide_approval(7, over, None, TERM, NOW)


def test_all_but_the_replaced_can_be_rejected_once() -> None:
    rejectable = {state for state in STATES if can_be_rejected(Validity(state, None, NOW))}
    assert rejectable == {"requested", "in_validation", "valid", "expired"}


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ([], "at least one domain"),
        ([""], "is not a domain"),
        (["localhost"], "is not a domain"),
        (["co.uk"], "is not a domain: co.uk is a public suffix"),
        (["a..b"], "is not a domain"),
        (["a\0.example.com"], "is not a domain"),
        (["*.example.com"], r"give example.com instead of \*.example.com"),
        ([f"n{number}.example.com" for number in range(1001)], "at most 1000"),
    ],
)
def test_domains_that_cannot_be_validated_are_reported(texts: list[str], said: str) -> None:
    with pytest.raises(InvalidDetail, match=said) as refused:
        list(checked_domains(texts))
    assert refused.value.field == "domains"


def test_domains_are_stored_like_names_each_once() -> None:
    texts = ["WWW.Example.com.", "www.example.com", " bücher.example "]
    assert set(checked_domains(texts)) == {"www.example.com", "xn--bcher-kva.example"}


def test_types() -> None:
    assert checked_type("OV+SMIME") == "OV+SMIME"
    with pytest.raises(InvalidDetail, match="OV, EV, OV"):
        checked_type("QWAC")


@pytest.mark.parametrize("text", ["", "-1", "+1", "1.0", "0x1", "٣", "²", "1" * 20, str(2**63)])
def test_no_number_is_no_pre_validation(text: str) -> None:
    assert number_of(text) is None


@given(number=st.integers(0, 2**63 - 1))
def test_numbers_are_read_as_resellers_got_them(number: int) -> None:
    assert number_of(str(number)) == number
