"""Responses as bytes."""

import pytest

from gateway.web.front.answer import PlainAnswer, encode


def test_a_response_has_status_headers_length_date_and_body() -> None:
    answer = PlainAnswer(201, [("Link", "<a>"), ("Link", "<b>")], b"body")
    head, _, body = encode(answer, method="POST", closes=False).partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    assert status == "HTTP/1.1 201 Created"
    assert lines[:3] == ["Link: <a>", "Link: <b>", "Content-Length: 4"]
    assert lines[3].startswith("Date: ") and lines[3].endswith(" GMT")
    assert body == b"body"


def test_a_head_request_gets_the_length_only() -> None:
    encoded = encode(PlainAnswer(200, [], b"body"), method="HEAD", closes=False)
    assert b"Content-Length: 4\r\n" in encoded and encoded.endswith(b"\r\n\r\n")


def test_no_content_has_no_length() -> None:
    assert b"Content-Length" not in encode(PlainAnswer(204, [], b""), method="GET", closes=False)


def test_the_last_response_says_so() -> None:
    assert b"Connection: close\r\n" in encode(PlainAnswer(200, [], b""), method="GET", closes=True)


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: b", "a\nb", "a\rb"])
def test_a_header_cannot_begin_another(value: str) -> None:
    with pytest.raises(ValueError, match="Location"):
        encode(PlainAnswer(200, [("Location", value)], b""), method="GET", closes=False)
