"""docs/wire.md §2.10: the filter grammar of GETLASTORDER."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.subscription.filters import InvalidFilter, parse_filter

EXPIRY = datetime(2025, 6, 1, 12, 30, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        ("domainName = a.example", True),
        ("domainName=A.Example", True),
        ("domainName != a.example", False),
        ("domainName != b.example", True),
        ("domainName ? exam", True),
        ("domainName ? xyz", False),
        ("domainName !? exam", False),
        ("domainName!?xyz", True),
        ("  domainName  =  a.example ", True),
        ("validNotAfter = 2025-06-01", True),
        ("validNotAfter = 2025-06-02", False),
        ("validNotAfter != 2025-06-01", False),
        ("validNotAfter > 2025-06-01", False),
        ("validNotAfter >= 2025-06-01", True),
        ("validNotAfter < 2025-06-02", True),
        ("validNotAfter <= 2025-05-31", False),
        ("validNotAfter = 2025-06-01T12:30:15Z", True),
        ("validNotAfter > 2025-06-01T12:30:14Z", True),
        ("validNotAfter<2025-06-01T12:30:15Z", False),
    ],
)
def test_conditions(text: str, accepted: bool) -> None:
    condition = parse_filter(text)
    assert condition.accepts(domain_name="a.example", valid_not_after=EXPIRY) is accepted


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        ("validNotAfter = 2025-06-01", False),
        ("validNotAfter < 2025-06-01", False),
        ("validNotAfter != 2025-06-01", True),
        ("domainName = a.example", True),
    ],
)
def test_a_row_without_a_certificate_has_no_date(text: str, accepted: bool) -> None:
    condition = parse_filter(text)
    assert condition.accepts(domain_name="a.example", valid_not_after=None) is accepted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "domainName",
        "domainName =",
        "= a.example",
        "domainName a.example",
        "domainName > a.example",
        "domainName = a b",
        "serialNumber = 1",
        "domainname = a.example",
        "validNotAfter ? 2025",
        "validNotAfter = yesterday",
        "validNotAfter = 2025-02-30",
        "validNotAfter = 2025-06-01T25:00:00Z",
        "validNotAfter = 2025-06-01T12:00:00",
        "validNotAfter = 20250601",
    ],
)
def test_what_is_no_filter(text: str) -> None:
    with pytest.raises(InvalidFilter):
        parse_filter(text)


@given(st.text(max_size=60), st.sampled_from(["", "domainName ", "validNotAfter >= "]))
def test_any_text_is_a_filter_or_refused(text: str, start: str) -> None:
    try:
        condition = parse_filter(start + text)
    except InvalidFilter:
        return
    assert condition.accepts(domain_name="a.example", valid_not_after=EXPIRY) in (True, False)
