"""What is kept of a receiver's answer."""

import pytest

from gateway.rules.notice.answers import LONGEST_ANSWER, kept_text

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        ("", ""),
        (" 500\r\n Internal\tServer Error ", "500 Internal Server Error"),
        ("a\0b\x1b[31m", "a b [31m"),
        ("x" * 600, "x" * LONGEST_ANSWER),
        ("€" * 200, "€" * (LONGEST_ANSWER // 3)),
        ("\ud800", "?"),
    ],
)
def test_an_answer_is_one_printable_line_of_bounded_length(answer: str, kept: str) -> None:
    assert kept_text(answer) == kept


@pytest.mark.parametrize("written", [SECRET, SECRET.removeprefix("whsec_"), f'"{SECRET}"'])
def test_a_secret_is_left_out_whole_or_without_its_prefix(written: str) -> None:
    assert SECRET.removeprefix("whsec_") not in kept_text(f"got {written}", [SECRET])


def test_a_secret_is_left_out_before_the_text_is_cut() -> None:
    text = kept_text("x" * (LONGEST_ANSWER - 10) + SECRET, [SECRET])
    assert "whsec_" not in text


def test_what_is_no_secret_stays() -> None:
    assert kept_text("v1 is the version", ["v1,c2lnbmF0dXJlIG9mIHRoaXM="]) == "v1 is the version"
