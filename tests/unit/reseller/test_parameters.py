"""How text becomes values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.doors.reseller.parameters import (
    PAGING,
    TERM,
    account_id,
    calendar_date,
    page_bounds,
    term_days,
)
from gateway.errors.request import ArgumentInvalid, ArgumentMissing, NotBase64url
from gateway.web.forms import Form, Parameter, ParameterKind, choice, flag, integer, text
from gateway.web.login import LOGIN
from gateway.web.untrusted import Field, parse_fields


def arguments(*parameters: Parameter, **sent: str) -> dict[str, object]:
    return Form([Field(name, value) for name, value in sent.items()]).arguments(parameters)


@pytest.mark.parametrize(
    ("kind", "sent", "value"),
    [
        (flag, "Y", True),
        (flag, "N", False),
        (choice("eab", "account"), "eab", "eab"),
        (integer(0, 999), "007", 7),
        (text(3), "äöü", "äöü"),
        (account_id, "kGD5H4M4POzDvZ0dDUiDzg", "kGD5H4M4POzDvZ0dDUiDzg"),
    ],
)
def test_a_documented_value_is_parsed(kind: ParameterKind, sent: str, value: object) -> None:
    assert arguments(Parameter("x", kind), x=sent) == {"x": value}


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        (flag, "y"),
        (flag, "YES"),
        (flag, "1"),
        (choice("eab", "account"), "EAB"),
        (integer(0, 9), "10"),
        (integer(0, 99), "-1"),
        (integer(0, 99), "+1"),
        (integer(0, 99), " 1"),
        (integer(0, 99), "٣"),
        (integer(0, 99), "1.0"),
        (text(3), "four"),
        (text(3), "a\0"),
        (text(3), "\udc80"),
        (calendar_date, "2025-02-30"),
        (calendar_date, "20250201"),
        (calendar_date, "2025-2-1"),
        (account_id, "A" * 33),
    ],
)
def test_e3_names_the_argument_whose_value_is_bad(kind: ParameterKind, sent: str) -> None:
    with pytest.raises(ArgumentInvalid) as caught:
        arguments(Parameter("xYz", kind), xyZ=sent)
    assert caught.value.name == "xyZ"


@pytest.mark.parametrize("sent", ["a+b/", "abc=", "a b", "é"])
def test_e4_an_id_outside_the_base64url_alphabet(sent: str) -> None:
    with pytest.raises(NotBase64url):
        arguments(Parameter("acmeAccountID", account_id), acmeAccountID=sent)


def test_everything_missing_is_reported_before_any_bad_value() -> None:
    with pytest.raises(ArgumentMissing) as caught:
        arguments(Parameter("a", flag), Parameter("b", flag, required=True), a="bad")
    assert caught.value.name == "b"


def test_an_empty_required_argument_is_missing() -> None:
    with pytest.raises(ArgumentMissing):
        arguments(Parameter("b", flag, required=True), b="")


def test_an_empty_optional_argument_is_invalid_and_not_its_default() -> None:
    with pytest.raises(ArgumentInvalid):
        arguments(Parameter("quoteOnly", flag, default=False), quoteOnly="")


def test_an_empty_conditional_argument_counts_as_not_sent() -> None:
    assert arguments(Parameter("id", account_id, conditional=True), id="") == {"id": None}


def test_a_field_sent_twice_is_invalid_unless_it_is_repeatable() -> None:
    twice = [Field("f", "a"), Field("F", "b")]
    assert Form(twice).arguments([Parameter("f", text(9), repeatable=True)]) == {"f": ["a", "b"]}
    for conditional in (False, True):
        with pytest.raises(ArgumentInvalid):
            Form(twice).arguments([Parameter("f", text(9), conditional=conditional)])


def test_two_empty_fields_are_still_sent_twice() -> None:
    twice = [Field("f", ""), Field("f", "")]
    with pytest.raises(ArgumentInvalid):
        Form(twice).arguments([Parameter("f", text(9), conditional=True)])


@pytest.mark.parametrize(
    ("sent", "days"),
    [
        ({}, 365),
        ({"years": "2"}, 730),
        ({"days": "1095"}, 1095),
        ({"years": "1", "days": "730"}, 365),
    ],
)
def test_r1_the_term_and_years_win(sent: dict[str, str], days: int) -> None:
    assert term_days(arguments(*TERM, **sent)) == days


@pytest.mark.parametrize("sent", [{"years": "4"}, {"years": "0"}, {"days": "366"}, {"days": "1"}])
def test_r1_no_other_term(sent: dict[str, str]) -> None:
    with pytest.raises(ArgumentInvalid):
        arguments(*TERM, **sent)


@pytest.mark.parametrize(
    ("sent", "bounds"),
    [
        ({}, (None, 0)),
        ({"size": "10"}, (10, 0)),
        ({"page": "3", "size": "10"}, (10, 30)),
        ({"page": "0"}, (None, 0)),
        ({"page": "1"}, (0, 0)),
    ],
)
def test_pages_count_from_zero_and_without_size_there_is_one(
    sent: dict[str, str], bounds: tuple[int | None, int]
) -> None:
    assert page_bounds(arguments(*PAGING, **sent)) == bounds


def test_a_form_keeps_its_order_its_blanks_and_decodes_utf_8() -> None:
    assert parse_fields("a=1&b&a=%C3%A4+%2B&c=ä".encode()) == [
        Field("a", "1"),
        Field("b", ""),
        Field("a", "ä +"),
        Field("c", "ä"),
    ]


@given(st.binary(max_size=300))
def test_any_bytes_parse_to_fields(body: bytes) -> None:
    for field in parse_fields(body):
        assert isinstance(field.value, str)


def test_the_canonical_request_ignores_spelling_order_and_credentials() -> None:
    one = Form([Field("action", "X"), Field("loginName", "l"), Field("Years", "1")])
    two = Form([Field("YEARS", "1"), Field("ACTION", "X"), Field("loginPassword", "p")])
    assert one.canonical(LOGIN) == two.canonical(LOGIN)
    assert one.canonical(LOGIN) != Form([Field("action", "X"), Field("years", "2")]).canonical(
        LOGIN
    )
