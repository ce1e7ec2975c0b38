"""Files that are taken as documents: their names, their types, and how they are given out."""

import unicodedata
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.doors.console.documents import download
from gateway.errors.organization import InvalidDetail
from gateway.rules.organization.documents import TYPES, checked_file, checked_text
from gateway.usecases.organization.documents import StoredDocument

PDF = b"%PDF-1.7"


@given(st.text(max_size=220))
def test_a_name_is_stored_without_path_and_control_characters_or_refused(name: str) -> None:
    try:
        stored = checked_file(f"{name}.pdf", PDF).name
    except InvalidDetail as refused:
        assert refused.field == "document"
        return
    assert stored.isprintable() and not set("/\\") & set(stored)
    assert len(stored) <= 200
    assert checked_file(stored, PDF).name == stored


def test_names_are_stored_composed_and_with_plain_spaces() -> None:
    assert checked_file("re\u0301gistre\u202f1.pdf", PDF).name == "r\u00e9gistre 1.pdf"


def test_the_type_is_that_of_the_first_bytes_and_the_name_ends_like_it() -> None:
    for media_type, each in TYPES.items():
        for ending in each.endings:
            assert checked_file(f"a{ending.upper()}", each.first_bytes).media_type == media_type
        for other in TYPES.values():
            if other is not each:
                with pytest.raises(InvalidDetail, match="its name must end with"):
                    checked_file(f"a{other.endings[0]}", each.first_bytes)


def test_what_is_asked_for_is_one_line_in_normal_form() -> None:
    assert checked_text(" re\u0301gistre ", 0) == "r\u00e9gistre"
    for wrong in ("", "a\nb", "\ud800", "x" * 501):
        with pytest.raises(InvalidDetail):
            checked_text(wrong, 0)


@given(st.text(min_size=1, max_size=50).filter(str.isprintable))
def test_any_name_stands_in_one_header_as_it_is(name: str) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    stored = StoredDocument(UUID(int=1), UUID(int=2), name, "application/pdf", b"", 1, now, None)
    header = download(stored, PDF).headers["Content-Disposition"]
    assert header.isascii() and header.isprintable()
    plain = header.partition('filename="')[2].partition('"; filename*=')[0]
    assert '"' not in plain and len(plain) == len(name)
    assert unicodedata.is_normalized("NFC", header)
