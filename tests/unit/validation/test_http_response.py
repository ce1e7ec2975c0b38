"""Reading HTTP responses, in whatever pieces they come."""

import pytest

from gateway.validation import http_response
from gateway.validation.http_response import LONGEST_BODY, BadResponse, Incoming, TargetResponse

OK = b"HTTP/1.1 200 OK\r\n"


def read(*pieces: bytes, ended: bool = False) -> TargetResponse | None:
    """None = more must come."""
    incoming = Incoming()
    reading = http_response.read(incoming)
    try:
        next(reading)
        for piece in pieces:
            incoming.add(piece)
            next(reading)
        if ended:
            incoming.end()
            next(reading)
    except StopIteration as complete:
        response: TargetResponse = complete.value
        return response
    return None


@pytest.mark.parametrize(
    ("sent", "body"),
    [
        (OK + b"Content-Length: 5\r\n\r\nproof", b"proof"),
        (OK + b"Content-Length: 0\r\n\r\n", b""),
        (OK + b"Transfer-Encoding: Chunked\r\n\r\n2\r\npr\r\n3;x=y\r\noof\r\n0\r\n", b"proof"),
        (b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" + OK + b"Content-Length: 1\r\n\r\nx", b"x"),
    ],
    ids=["length", "empty", "chunks", "early hints"],
)
def test_a_response_is_complete_with_its_last_byte_and_not_before(sent: bytes, body: bytes) -> None:
    pieces = [bytes((byte,)) for byte in sent]
    assert read(*pieces[:-1]) is None
    assert read(*pieces) == read(sent) == TargetResponse(200, None, body)


@pytest.mark.parametrize(
    "sent",
    [
        b"HTTP/1.1 200 OK\nContent-Type: text/plain\nContent-Length: 5\n\nproof",
        b"HTTP/1.0 200 OK\r\nContent-Length: 5\n\r\nproof",
        OK + b"X: one\r\n two\r\n\tthree\r\nContent-Length: 5\r\n\r\nproof",
        OK + b"X: one\n  Content-Length: 9\nContent-Length: 5\n\nproof",
        OK + b" folded from the start\r\nContent-Length: 5\r\n\r\nproof",
        OK + b"no colon\r\nnor-here\r\nContent-Length: 5\r\n\r\nproof",
        OK + b"Content-Length : 5\r\n\r\nproof",
        OK + b"Content-Length:\r\n 5\r\n\r\nproof",
        b"HTTP/1.1 200\nTransfer-Encoding: chunked\n\n5\nproof\n0\n\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5 \r\nproof\r\n0\r\n",
    ],
    ids=[
        "LF alone",
        "LF here and there",
        "folded lines",
        "a folded line that looks like a field",
        "folded from the start",
        "lines without a colon",
        "a space before the colon",
        "a folded length",
        "chunks with LF alone",
        "a space after a chunk's size",
    ],
)
def test_what_small_responders_send_is_read_too(sent: bytes) -> None:
    pieces = [bytes((byte,)) for byte in sent]
    assert read(*pieces) == read(sent) == TargetResponse(200, None, b"proof")


def test_switching_protocols_is_no_interim_response() -> None:
    """RFC 9110 §15.2.2: what follows is no HTTP."""
    assert read(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n") == TargetResponse(101, None, b"")


def test_a_body_without_a_length_ends_with_the_connection() -> None:
    assert read(OK + b"\r\n", b"pro", b"of") is None
    assert read(OK + b"\r\n", b"pro", b"of", ended=True) == TargetResponse(200, None, b"proof")


def test_only_the_head_is_read_of_another_status() -> None:
    sent = b"HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 99\r\n\r\n"
    assert read(sent) == TargetResponse(302, "/there", b"")


@pytest.mark.parametrize(
    "framing",
    [b"Content-Length: 9999\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\nffff\r\n", b"\r\n"],
)
def test_one_byte_more_than_the_longest_body_is_enough(framing: bytes) -> None:
    response = read(OK + framing, b"x" * LONGEST_BODY, b"y")
    assert response is not None
    assert len(response.body) == LONGEST_BODY + 1


def test_a_head_of_16_kib_is_read_and_no_longer_one() -> None:
    line = OK + b"X: "
    fits = line + b"x" * (16 * 1024 - len(line)) + b"\r\n\r\n"
    assert read(fits + b"x", ended=True) == TargetResponse(200, None, b"x")
    for too_long in (fits[:-4] + b"x\r\n\r\n", fits[:-4] + b"x" * 4):
        with pytest.raises(BadResponse, match="head of more than 16384 bytes"):
            read(too_long)


@pytest.mark.parametrize("sent", [b"", OK, OK + b"Content-Length: 2\r\n\r\nx"])
def test_a_connection_that_ends_early_is_a_bad_response(sent: bytes) -> None:
    with pytest.raises(BadResponse, match="ends before it is complete"):
        read(sent, ended=True)
