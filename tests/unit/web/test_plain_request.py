"""Which requests are plain, and what is read from them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.web.body import MAXIMUM_BYTES
from gateway.web.front.plain_request import PlainRequest, Unfinished, recognise

HEAD = b"POST /v2/DV/newOrder?a=b HTTP/1.1\r\nHost: ca.example\r\nContent-Length: 4\r\n"
PLAIN = HEAD + b"User-Agent:  client/1.0 \r\n\r\nbody"


def with_line(line: bytes) -> bytes:
    return HEAD + line + b"\r\n\r\nbody"


def test_a_plain_request_is_read() -> None:
    assert recognise(PLAIN, "192.0.2.1") == PlainRequest(
        "POST",
        "/v2/DV/newOrder?a=b",
        {"host": "ca.example", "content-length": "4", "user-agent": "client/1.0"},
        "192.0.2.1",
        b"body",
    )


def test_the_path_has_no_query() -> None:
    request = recognise(PLAIN, None)
    assert isinstance(request, PlainRequest)
    assert request.path == "/v2/DV/newOrder"


@pytest.mark.parametrize("cut", range(len(PLAIN) - 4, len(PLAIN)))
def test_a_body_may_come_later(cut: int) -> None:
    assert recognise(PLAIN[:cut], None) == Unfinished(len(PLAIN))


@given(st.integers(0, len(PLAIN) - 5))
def test_a_head_comes_whole_or_is_not_plain(cut: int) -> None:
    assert recognise(PLAIN[:cut], None) is None


def test_two_requests_at_once_are_not_plain() -> None:
    assert recognise(PLAIN + b"P", None) is None


@pytest.mark.parametrize(
    "line",
    [
        b"Transfer-Encoding: chunked",
        b"transfer-encoding : chunked",
        b"Content-Encoding: gzip",
        b"Expect: 100-continue",
        b"Upgrade: h2c",
        b"Connection: close",
        b"Connection: keep-alive, Upgrade",
        b"Content-Length: 4",
        b"Content-Length: 5",
        b"Host: other.example",
        b"Folded: value\r\n more",
        b"Latin: \xe4",
        b"Control: \x00",
        b"Bare: a\nContent-Length: 0",
        b"Bare: a\rb",
        b"No colon",
        b": no name",
    ],
)
def test_what_two_parsers_could_read_differently_is_not_plain(line: bytes) -> None:
    assert recognise(with_line(line), None) is None


@pytest.mark.parametrize("length", [b"+4", b"-4", b"0x4", b"4, 4", b"", b"4 4", b"\xb2", b"999999"])
def test_a_length_is_a_number_of_digits(length: bytes) -> None:
    data = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + length + b"\r\n\r\nbody"
    assert recognise(data, None) is None


@pytest.mark.parametrize(
    "first",
    [
        b"POST / HTTP/1.0",
        b"PUT / HTTP/1.1",
        b"POST /a b HTTP/1.1",
        b"POST http://ca.example/ HTTP/1.1",
        b"POST /%70roducts HTTP/1.1",
        b"POST /a#b HTTP/1.1",
        b"post / HTTP/1.1",
        b"POST  / HTTP/1.1",
    ],
)
def test_other_request_lines_are_not_plain(first: bytes) -> None:
    assert recognise(first + b"\r\nHost: a\r\n\r\n", None) is None


def test_a_request_names_its_host() -> None:
    assert recognise(b"GET / HTTP/1.1\r\nAccept: */*\r\n\r\n", None) is None


def test_a_read_has_no_body() -> None:
    assert recognise(b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx", None) is None


def test_a_large_body_is_not_plain() -> None:
    size = MAXIMUM_BYTES + 1
    data = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size
    assert recognise(data + size * b"x", None) is None


def test_proxies_may_each_add_a_line() -> None:
    lines = b"X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 192.0.2.2"
    request = recognise(with_line(lines), None)
    assert isinstance(request, PlainRequest)
    assert request.headers["x-forwarded-for"] == "192.0.2.1, 192.0.2.2"


@given(st.binary())
def test_any_bytes_are_judged_without_an_error(data: bytes) -> None:
    recognise(data, None)
    recognise(HEAD + data, None)
