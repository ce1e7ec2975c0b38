"""What CAA records allow (RFC 8659, RFC 8657)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.acme.caa import (
    IssueValue,
    Property,
    WantedCertificate,
    is_fresh,
    objection,
    parse_issue_value,
)

US = "ca.example.net"
ACCOUNT = "https://acme.example.net/v2/DV/account/1"
WANTED = WantedCertificate(
    [US, "other.example.net"], wildcard=False, method="http-01", account_url=ACCOUNT
)
WILDCARD = replace(WANTED, wildcard=True, method="dns-01")
NOW = datetime(2025, 1, 10, 15, 30, tzinfo=UTC)

LABELS = st.from_regex(r"[A-Za-z0-9](-{0,2}[A-Za-z0-9]){0,4}", fullmatch=True)
ISSUERS = st.lists(LABELS, min_size=1, max_size=3).map(".".join)
VALUES = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters=";"), max_size=12
)
SPACE = st.text(" \t", max_size=2)
TAGS = st.sampled_from(["issue", "issuewild", "iodef", "issuemail", "ISSUE", "tbs", "x"])
PROPERTIES = st.builds(
    Property,
    st.integers(0, 255),
    TAGS,
    st.one_of(st.text(max_size=20), ISSUERS, st.sampled_from([US, ";", f"{US}; a=b"])),
)


def issue(value: str, tag: str = "issue", flags: int = 0) -> Property:
    return Property(flags, tag, value)


# --- who may issue ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "records",
    [
        [],
        [issue(US)],
        [issue(US.upper())],
        [issue("another.example"), issue(US)],
        [issue("other.example.net")],
        [issue(US, flags=128)],
        [Property(0, "iodef", "mailto:security@example.com")],
        [Property(128, "iodef", "mailto:security@example.com")],
        [Property(0, "tbs", "unknown but not critical")],
        [Property(127, "tbs", "no bit but the first means critical")],
        [issue(";", "issuewild")],
        [issue(";", "issuemail")],
        [issue(f"{US}; unknown=parameter")],
    ],
)
def test_issuance_is_allowed(records: list[Property]) -> None:
    assert objection(records, WANTED) == ""


@pytest.mark.parametrize(
    ("records", "why"),
    [
        ([issue(";")], "let nobody issue"),
        ([issue("")], "let nobody issue"),
        ([issue("another.example")], "let 'another.example' issue"),
        ([issue(f"sub.{US}")], f"let 'sub.{US}' issue"),
        ([issue("another.example", "Issue")], "let 'another.example' issue"),
        ([issue(US), Property(128, "tbs", "")], "have the critical property 'tbs'"),
        ([issue(f"{US} {US}")], "have the malformed value"),
        ([issue(f"{US}; a")], "have the malformed value"),
        ([issue(f"{US}; a=b;;c=d")], "have the malformed value"),
        ([issue(f"{US}; a=b c")], "have the malformed value"),
        ([issue(f"{US}\n")], "have the malformed value"),
    ],
)
def test_issuance_is_forbidden_and_the_text_says_why(records: list[Property], why: str) -> None:
    assert objection(records, WANTED).startswith(why)


def test_a_wildcard_goes_by_issuewild_where_there_is_one() -> None:
    records = [issue(US), issue("another.example", "issuewild")]
    assert objection(records, WANTED) == ""
    assert objection(records, WILDCARD) == "let 'another.example' issue"


def test_a_wildcard_goes_by_issue_where_there_is_no_issuewild() -> None:
    assert objection([issue(US)], WILDCARD) == ""
    assert objection([issue("another.example")], WILDCARD) != ""


def test_issuewild_alone_restricts_wildcards_only() -> None:
    assert objection([issue(";", "issuewild")], WILDCARD) == "let nobody issue"
    assert objection([issue(US, "issuewild"), issue(";")], WILDCARD) == ""


# --- to whom, and after which proof (RFC 8657) -----------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "allowed"),
    [
        (f"accounturi={ACCOUNT}", True),
        (f"AccountURI={ACCOUNT}", True),
        (f"accounturi={ACCOUNT}2", False),
        (f"accounturi={ACCOUNT.upper()}", False),
        ("accounturi=", False),
        (f"accounturi={ACCOUNT}; accounturi={ACCOUNT}", False),
        ("validationmethods=http-01", True),
        ("validationmethods=dns-01,http-01", True),
        ("validationmethods=dns-01", False),
        ("validationmethods=HTTP-01", False),
        ("validationmethods=", False),
        ("validationmethods=http-01; validationmethods=http-01", False),
        (f"accounturi={ACCOUNT}; validationmethods=http-01", True),
        (f"accounturi={ACCOUNT}; validationmethods=dns-01", False),
    ],
)
def test_parameters_restrict_the_account_and_the_method(parameters: str, allowed: bool) -> None:
    assert (objection([issue(f"{US}; {parameters}")], WANTED) == "") is allowed


def test_one_record_for_this_account_is_enough() -> None:
    records = [issue(f"{US}; accounturi=https://elsewhere.example/1"), issue(US)]
    assert objection(records, WANTED) == ""


def test_the_text_names_the_account_that_was_asked_for_and_this_one() -> None:
    said = objection([issue(f"{US}; accounturi=https://elsewhere.example/1")], WANTED)
    assert "'https://elsewhere.example/1' only" in said
    assert ACCOUNT in said


# --- properties ------------------------------------------------------------------------------


@given(st.lists(PROPERTIES, max_size=5), st.booleans(), st.randoms())
def test_the_order_of_the_records_does_not_matter(
    records: list[Property], wildcard: bool, random: object
) -> None:
    wanted = replace(WANTED, wildcard=wildcard)
    allowed = objection(records, wanted) == ""
    random.shuffle(records)  # type: ignore[attr-defined]
    assert (objection(records, wanted) == "") is allowed


@given(st.lists(PROPERTIES, max_size=5), st.booleans())
def test_a_critical_property_that_is_unknown_forbids_whatever_else_there_is(
    records: list[Property], wildcard: bool
) -> None:
    wanted = replace(WANTED, wildcard=wildcard)
    assert objection([*records, Property(128, "tbs", "")], wanted) != ""


@given(st.lists(PROPERTIES, max_size=5))
def test_another_issuer_more_never_allows_what_was_forbidden(records: list[Property]) -> None:
    if objection(records, WANTED) != "":
        assert objection([*records, issue("another.example")], WANTED) != ""


@given(st.text())
def test_any_value_at_all_is_taken_and_only_our_name_allows(text: str) -> None:
    value = parse_issue_value(text)
    allowed = objection([issue(text)], WANTED) == ""
    assert not allowed or (value is not None and value.issuer in WANTED.identities)


@given(
    ISSUERS,
    st.lists(st.tuples(LABELS, VALUES), max_size=3),
    st.lists(SPACE, min_size=4, max_size=4),
)
def test_a_value_is_read_as_it_was_written(
    issuer: str, parameters: list[tuple[str, str]], spaces: list[str]
) -> None:
    before, after, around, end = spaces
    written = ";".join(f"{around}{tag}{after}={before}{value}{end}" for tag, value in parameters)
    text = f"{before}{issuer}{after};{written}{end}"
    expected = tuple((tag.lower(), value) for tag, value in parameters)
    assert parse_issue_value(text) == IssueValue(issuer.lower(), expected)


# --- for how long ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "fresh"),
    [
        (timedelta(0), True),
        (timedelta(hours=8), True),
        (timedelta(hours=8, microseconds=1), False),
        (timedelta(seconds=-1), False),
    ],
)
def test_a_check_counts_for_eight_hours(age: timedelta, fresh: bool) -> None:
    assert is_fresh(NOW - age, NOW) is fresh


def test_no_check_is_none() -> None:
    assert not is_fresh(None, NOW)
